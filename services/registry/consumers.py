"""What the register learns from others: who belongs where, as what, and people's names; and from its own changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import commands
from services.registry.tables import Person, Role
from shared.db import upsert_newer
from shared.envelope import Envelope


class _Membership(BaseModel):
    id: str
    revision: int
    network_id: str
    person_id: str
    role: str
    since: date
    until: date | None
    status: str

    def belonging(self) -> dict[str, Any]:
        """What counting needs of it."""
        return {
            **self.model_dump(include={"id", "revision", "person_id", "network_id"}),
            "active": self.status == "active",
        }


class _Person(BaseModel):
    id: str
    revision: int
    name: str


async def on_memberships(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the roles, and where everybody belongs: plain members count for what networks have in common alone."""
    said = [_Membership.model_validate(m.state) for m in messages if m.data]
    rows = [membership.model_dump() for membership in said if membership.role != "member"]
    await upsert_newer(session, Role.__table__, rows)  # type: ignore[arg-type]
    await commands.keep_belongings(session, [membership.belonging() for membership in said])


async def on_networks(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Look again at what a changed network overlaps with, and which saved searches it came to match."""
    changes = [(message.key, (message.data or {}).get("changes") or {}) for message in messages]
    await commands.networks_changed(session, [key for key, changed in changes if commands.COMPARED & set(changed)])
    await commands.tell_of_matches(session, messages)


async def on_people(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the names; forget the erased, whatever came before in the same batch."""
    erased = {message.key for message in messages if message.data is None}
    rows = [_Person.model_validate(m.state).model_dump() for m in messages if m.data and m.key not in erased]
    await upsert_newer(session, Person.__table__, rows)  # type: ignore[arg-type]
    await session.execute(delete(Person).where(Person.id.in_(erased)))
    await commands.forget_belongings(session, erased)
    await commands.forget_searches(session, erased)
