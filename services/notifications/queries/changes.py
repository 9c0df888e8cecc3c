"""What changed, as far as somebody may see it: a page of it, or everything after a position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import alerts as sequence
from services.notifications.headlines import names_in
from services.notifications.matching import picked
from services.notifications.searching import search_for
from services.notifications.sight import visible_to
from services.notifications.tables import alerts
from shared.auth import Principal
from shared.db import among
from shared.errors import Problem
from shared.picker import Picker

MOST_FOUND = 10_000


class TooOld(Problem):
    """This position is older than what is kept; load the present state again and go on from its position."""

    status = 410
    title = "Too long ago"


def seen_by(by: Principal, picker: Picker) -> list[ColumnElement[bool]]:
    """The conditions of what *by* asked for and may see."""
    return [picked(picker), visible_to(by.person_id, is_staff=by.is_staff)]


async def saying(session: AsyncSession, q: str) -> list[ColumnElement[bool]]:
    """The condition that a change has the words of *q*; of more than MOST_FOUND the newest."""
    search = await search_for(session, q)
    if search is None:
        return []
    found = (await session.execute(search.offsets(before=2**62, limit=MOST_FOUND))).scalars().all()
    return [among(session, alerts.c.offset, found)]


async def changes_page(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, before: int, limit: int
) -> list[dict[str, Any]]:
    """The newest before an offset, newest first."""
    query = select(alerts).where(*conditions, alerts.c.offset < before).order_by(alerts.c.offset.desc()).limit(limit)
    return await _shown(session, query)


async def changes_after(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, after: int, limit: int
) -> list[dict[str, Any]]:
    """Those after an offset, oldest first. Raises TooOld where some of them are no longer kept."""
    oldest = (await session.execute(select(func.min(alerts.c.offset)))).scalar_one()
    if oldest is not None and after + 1 < oldest:
        raise TooOld
    query = select(alerts).where(*conditions, alerts.c.offset > after).order_by(alerts.c.offset).limit(limit)
    return await _shown(session, query)


async def changes_from(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, first: int, limit: int
) -> list[dict[str, Any]]:
    """Those from the *first* of them on (the oldest is 0), oldest first: pages of this kind never change."""
    query = select(alerts).where(*conditions).order_by(alerts.c.offset).offset(first).limit(limit)
    return await _shown(session, query)


async def count_of(session: AsyncSession, conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many there are in all."""
    return (await session.execute(select(func.count()).select_from(alerts).where(*conditions))).scalar_one()


async def is_seen(session: AsyncSession, by: Principal, message_id: str) -> bool:
    """Whether *by* may read the headline of a change; nobody but staff that of one which was told to nobody."""
    mine = visible_to(by.person_id, is_staff=by.is_staff)
    query = select(alerts.c.offset).where(alerts.c.message_id == message_id, mine)
    return by.is_staff or (await session.execute(query)).first() is not None


async def _shown(session: AsyncSession, query: Any) -> list[dict[str, Any]]:
    rows = (await session.execute(query)).mappings().all()
    epoch, _ = await sequence.head(session)
    people = await names_in(session, (row["headline"] for row in rows))
    called = await sequence.network_names(session, (row["network_id"] for row in rows))
    return [sequence.shown(row, epoch=epoch, people=people, networks=called) for row in rows]
