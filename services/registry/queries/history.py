"""The changes of a network."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.schemas.history import Entry
from services.registry.tables import Person
from shared.history import history, history_of


async def history_page(session: AsyncSession, network_id: str, *, limit: int, cursor: str | None) -> list[Entry]:
    """The newest changes of a network, with the names of those who made them."""
    entries = await history_of(session, network_id, limit=limit, before=cursor or "~")
    actors = {entry["actor"] for entry in entries}
    query = select(Person.id, Person.name).where(Person.id.in_(actors))
    names = dict((await session.execute(query)).all())
    return [Entry(**entry, actor_name=names.get(entry["actor"], "")) for entry in entries]


async def history_count(session: AsyncSession, network_id: str) -> int:
    """How many changes a network has had."""
    return (await session.execute(select(func.count()).where(history.c.key == network_id))).scalar_one()
