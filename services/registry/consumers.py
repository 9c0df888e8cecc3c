"""What the register learns from others: who holds which role, and people's names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

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


class _Person(BaseModel):
    id: str
    revision: int
    name: str


async def on_memberships(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the roles; plain members are of no interest here."""
    rows = [_Membership.model_validate(m.state).model_dump() for m in messages if m.state.get("role") != "member"]
    await upsert_newer(session, Role.__table__, rows)  # type: ignore[arg-type]


async def on_people(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the names; forget the erased, whatever came before in the same batch."""
    erased = {message.key for message in messages if message.data is None}
    rows = [_Person.model_validate(m.state).model_dump() for m in messages if m.data and m.key not in erased]
    await upsert_newer(session, Person.__table__, rows)  # type: ignore[arg-type]
    await session.execute(delete(Person).where(Person.id.in_(erased)))
