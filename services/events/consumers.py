"""What events learns from others: networks, who belongs to them, and people's names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.events.commands.bookings import forget_bookings
from services.events.commands.successions import hand_back, hand_over
from services.events.tables import Cover, Network, Person, Role
from shared.auth import Principal
from shared.boundary import forget_answers
from shared.envelope import Envelope
from shared.rows import upsert_newer


class _Network(BaseModel):
    id: str
    revision: int
    slug: str
    name: str
    care_group: str
    bodies: list[str]
    archived: bool


class _Membership(BaseModel):
    id: str
    revision: int
    network_id: str
    person_id: str
    role: str
    since: date
    until: date | None
    status: str


class _Succession(BaseModel):
    kind: str
    source: str
    target: str


class _Person(BaseModel):
    id: str
    revision: int
    name: str


async def on_networks(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the networks with the areas they cover."""
    rows = [_Network.model_validate(m.state).model_dump() for m in messages if m.data]
    await upsert_newer(session, Network.__table__, rows)  # type: ignore[arg-type]
    ids = {row["id"] for row in rows}
    kept = (await session.execute(select(Network.id, Network.bodies).where(Network.id.in_(ids)))).all()
    await session.execute(delete(Cover).where(Cover.network_id.in_(ids)))
    covers = [{"body": body, "network_id": network} for network, bodies in kept for body in dict.fromkeys(bodies)]
    if covers:
        await session.execute(insert(Cover), covers)


async def on_successions(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Let the gatherings of a network that became part of another be the other one's, and back when that is undone."""
    for message in messages:
        said = _Succession.model_validate(message.state)
        if said.kind == "merge":
            await hand_over(session, source=said.source, target=said.target, by=Principal(message.actor))
        elif said.kind == "parting":
            await hand_back(session, source=said.source, target=said.target, by=Principal(message.actor))


async def on_memberships(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep every role, plain members too: they may come where others may not."""
    rows = [_Membership.model_validate(m.state).model_dump() for m in messages if m.data]
    await upsert_newer(session, Role.__table__, rows)  # type: ignore[arg-type]


async def on_people(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the names; forget the erased and give their places to those who wait."""
    erased = {message.key for message in messages if message.data is None}
    rows = [_Person.model_validate(m.state).model_dump() for m in messages if m.data and m.key not in erased]
    await upsert_newer(session, Person.__table__, rows)  # type: ignore[arg-type]
    if erased:
        await session.execute(delete(Person).where(Person.id.in_(erased)))
        await session.execute(delete(Role).where(Role.person_id.in_(erased)))
        await forget_bookings(session, person_ids=sorted(erased))
        await forget_answers(session, erased)
