"""Counting an inbox without reading it again each time.

What stands in an inbox up to an offset changes only with the reader's `shape`, and the watermark only when they read
everything. So what was counted under both is kept for a while, and only what came since is counted anew. What was
read one by one, the exceptions, is counted each time: there are few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import alerts as sequence
from services.notifications.channels import LIVE
from services.notifications.inbox import Wanted, conditions_of, is_read, visible
from services.notifications.tables import alerts, preferences, read_exceptions, read_marks
from shared.store import Store, StoreAway

KEPT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Counts:
    """How many alerts there are and how many are unread, at a position, for a reader at a revision."""

    total: int
    unread: int
    revision: int
    epoch: str
    head: int


@dataclass(frozen=True, slots=True)
class _Standing:
    revision: int
    shape: int
    mark: int


async def counted(session: AsyncSession, store: Store, person_id: str) -> Counts:
    """The counts of a whole inbox."""
    standing = await _standing(session, person_id)
    epoch, head = await sequence.head(session)
    key = f"inbox:{epoch}:{person_id}:{standing.shape}:{standing.mark}"
    until, total, unread = await _kept(store, key)
    if until < head:
        more = await _count(session, person_id, standing.mark, alerts.c.offset > until, alerts.c.offset <= head)
        total, unread = total + more[0], unread + more[1]
        await _keep(store, key, (head, total, unread))
    unread += await _exceptions(session, person_id, standing.mark, head)
    return Counts(total, unread, standing.revision, epoch, head)


async def counted_of(session: AsyncSession, person_id: str, wanted: Wanted) -> tuple[int, int]:
    """How many alerts are *wanted*, whether read or not, and how many of them are unread."""
    found = visible(person_id, *await conditions_of(session, wanted)).subquery("found")
    query = select(func.count(), func.count().filter(~is_read(person_id, found.c.best))).select_from(found)
    row = (await session.execute(query.join(alerts, alerts.c.offset == found.c.offset))).one()
    return row[0], row[1]


async def _standing(session: AsyncSession, person_id: str) -> _Standing:
    chose = select(preferences.c.revision, preferences.c.shape).where(preferences.c.person_id == person_id)
    row = (await session.execute(chose)).first()
    marked = select(read_marks.c.up_to).where(read_marks.c.person_id == person_id)
    mark = (await session.execute(marked)).scalar() or 0
    return _Standing(row.revision if row else 0, row.shape if row else 0, mark)


def _is_fresh(person_id: str, best: ColumnElement[str], mark: int) -> ColumnElement[bool]:
    """Unread but for exceptions: live, beyond the watermark, and not the reader's own doing."""
    return and_(func.substr(best, 1, 1) == LIVE, alerts.c.offset > mark, alerts.c.actor != person_id)


async def _count(session: AsyncSession, person_id: str, mark: int, *conditions: Any) -> tuple[int, int]:
    found = visible(person_id, *conditions).subquery("found")
    query = select(func.count(), func.count().filter(_is_fresh(person_id, found.c.best, mark))).select_from(found)
    row = (await session.execute(query.join(alerts, alerts.c.offset == found.c.offset))).one()
    return row[0], row[1]


async def _exceptions(session: AsyncSession, person_id: str, mark: int, head: int) -> int:
    """How many more are unread because of what was marked one by one; below 0 where more were read."""
    mine = select(read_exceptions.c.offset).where(read_exceptions.c.person_id == person_id)
    found = visible(person_id, alerts.c.offset.in_(mine), alerts.c.offset <= head).subquery("found")
    fresh = _is_fresh(person_id, found.c.best, mark)
    source = found.join(alerts, alerts.c.offset == found.c.offset).join(
        read_exceptions,
        and_(read_exceptions.c.offset == found.c.offset, read_exceptions.c.person_id == person_id),
    )
    read_, again = (
        func.count().filter(read_exceptions.c.read, fresh),
        func.count().filter(~read_exceptions.c.read, ~fresh),
    )
    row = (await session.execute(select(again, read_).select_from(source))).one()
    return int(row[0] - row[1])


async def _kept(store: Store, key: str) -> tuple[int, int, int]:
    try:
        kept = await store.get(key)
    except StoreAway:
        kept = None
    until, total, unread = orjson.loads(kept) if kept else (0, 0, 0)
    return until, total, unread


async def _keep(store: Store, key: str, counts: tuple[int, int, int]) -> None:
    try:
        await store.set(key, orjson.dumps(counts), KEPT_SECONDS)
    except StoreAway:
        return  # counted again the next time
