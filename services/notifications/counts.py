"""Counting an inbox without reading it again each time.

What stands in an inbox up to an offset changes only with the reader's `shape`, and the watermark only when they read
everything. So what was counted under both is kept for a while, and only what came since is counted anew. What was
read one by one, the exceptions, is counted each time: there are few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import orjson
from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import alerts as sequence
from services.notifications.audience import ASKED
from services.notifications.channels import LIVE
from services.notifications.inbox import SEARCHED, Candidates, is_read, visible
from services.notifications.tables import alert_audiences, alerts, preferences, read_exceptions, read_marks
from shared.db import is_among, listed
from shared.store import Store, recall, remember

KEPT_SECONDS = 1800
MOST_COUNTED = SEARCHED
"""Of what a search finds no more are counted: nobody pages through them, and the count would cost as much as all."""


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
        asked = {"asked": person_id, "mark": standing.mark, "until": until, "head": head}
        more = (await session.execute(_newer(), asked)).one()
        total, unread = total + more[0], unread + more[1]
        await remember(store, key, orjson.dumps((head, total, unread)), KEPT_SECONDS)
    unread += await _exceptions(session, person_id, standing.mark, head)
    return Counts(total, unread, standing.revision, epoch, head)


class Found(NamedTuple):
    """How many alerts were found, how many of them are unread, and whether there may be more."""

    total: int
    unread: int
    at_least: bool


async def counted_of(session: AsyncSession, person_id: str, candidates: Candidates, *, head: int) -> Found:
    """How many alerts stand there, whether read or not, up to MOST_COUNTED or some more: a walk from the newest."""
    dialect, total, unread, before = session.get_bind().dialect.name, 0, 0, head + 1
    while total < MOST_COUNTED:
        near = await candidates(session, before, SEARCHED)
        if not near:
            return Found(total, unread, at_least=False)
        asked = {"asked": person_id, "near": listed(session, near)}
        row = (await session.execute(_near(dialect), asked)).one()
        total, unread, before = total + row[0], unread + row[1], near[-1]
    return Found(total, unread, at_least=True)


async def _standing(session: AsyncSession, person_id: str) -> _Standing:
    row = (await session.execute(_CHOSE, {"asked": person_id})).first()
    mark = (await session.execute(_MARKED, {"asked": person_id})).scalar() or 0
    return _Standing(row.revision if row else 0, row.shape if row else 0, mark)


async def _exceptions(session: AsyncSession, person_id: str, mark: int, head: int) -> int:
    """How many more are unread because of what was marked one by one; below 0 where more were read."""
    asked = {"asked": person_id}
    if (await session.execute(_HAS_EXCEPTIONS, asked)).first() is None:
        return 0
    row = (await session.execute(_excepted(), asked | {"mark": mark, "head": head})).one()
    return int(row[0] - row[1])


# The statements, each made once: see ASKED.

_CHOSE = select(preferences.c.revision, preferences.c.shape).where(preferences.c.person_id == ASKED)
_MARKED = select(read_marks.c.up_to).where(read_marks.c.person_id == ASKED)
_HAS_EXCEPTIONS = select(read_exceptions.c.offset).where(read_exceptions.c.person_id == ASKED).limit(1)
_MARK, _UNTIL, _HEAD = (bindparam(name, type_=BigInteger()) for name in ("mark", "until", "head"))


def _is_fresh(best: ColumnElement[str]) -> ColumnElement[bool]:
    """Unread but for exceptions: live, beyond the watermark, and not the reader's own doing."""
    return and_(func.substr(best, 1, 1) == LIVE, alerts.c.offset > _MARK, alerts.c.actor != ASKED)


@cache
def _near(dialect: str) -> Select[int, int]:
    """(how many, how many unread) of some offsets."""
    found = visible(ASKED, is_among(dialect, alert_audiences.c.offset, "near")).subquery("found")
    query = select(func.count(), func.count().filter(~is_read(found.c.best))).select_from(found)
    return query.join(alerts, alerts.c.offset == found.c.offset)


@cache
def _newer() -> Select[int, int]:
    """(how many, how many unread) after one offset and up to another."""
    found = visible(ASKED, alerts.c.offset > _UNTIL, alerts.c.offset <= _HEAD).subquery("found")
    query = select(func.count(), func.count().filter(_is_fresh(found.c.best))).select_from(found)
    return query.join(alerts, alerts.c.offset == found.c.offset)


@cache
def _excepted() -> Select[int, int]:
    """(unread again, read one by one): exceptions that change what the watermark says."""
    mine = select(read_exceptions.c.offset).where(read_exceptions.c.person_id == ASKED)
    found = visible(ASKED, alerts.c.offset.in_(mine), alerts.c.offset <= _HEAD).subquery("found")
    fresh = _is_fresh(found.c.best)
    source = found.join(alerts, alerts.c.offset == found.c.offset).join(
        read_exceptions,
        and_(read_exceptions.c.offset == found.c.offset, read_exceptions.c.person_id == ASKED),
    )
    again = func.count().filter(~read_exceptions.c.read, ~fresh)
    read_ = func.count().filter(read_exceptions.c.read, fresh)
    return select(again, read_).select_from(source)


async def _kept(store: Store, key: str) -> tuple[int, int, int]:
    kept = await recall(store, key)
    until, total, unread = orjson.loads(kept) if kept else (0, 0, 0)
    return until, total, unread
