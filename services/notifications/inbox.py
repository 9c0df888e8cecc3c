"""The inbox: a read over a reader's audiences, in the forms that the one rule gives.

Invariants:
1. Nothing is stored for a reader but how far they have read, and the exceptions to that.
2. Each alert stands here once, however many of the reader's audiences it was told to.
3. What the inbox holds after an offset is what the live stream brought after it: both ask the same rule.
4. What reaches the reader in another form (by mail, in a summary), and what they did themselves, counts as read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, bindparam, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import alerts as sequence
from services.notifications.audience import ASKED, Asked, Best, audiences_of, is_told, reach, sentence
from services.notifications.channels import LIVE
from services.notifications.headlines import names_in
from services.notifications.searching import Search, search_for
from services.notifications.tables import alert_audiences, alerts, read_exceptions, read_marks
from shared.announcement import CHANNELS
from shared.db import is_among, listed

CHUNK = 200
"""Alerts that are looked at in one step backwards through an inbox."""
SEARCHED = 500
"""Alerts that are asked for in one step of a search: as many as are counted."""
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of an inbox is asked for."""

    network_id: str = ""
    unread: bool = False
    q: str = ""


def visible(person_id: Asked, *conditions: Condition) -> Select[int, str]:
    """(offset, best) of everything in a person's inbox that fulfils *conditions* on `alerts` or `alert_audiences`."""
    told = reach(person_id=person_id, where=conditions).subquery("told")
    return select(told.c.offset, told.c.best).where(is_told(told.c.best))


def is_read(best: ColumnElement[str]) -> Condition:
    """Whether ASKED has read an alert: an exception says it, or the watermark, or that they know it from elsewhere."""
    exception = (
        select(read_exceptions.c.read)
        .where(read_exceptions.c.person_id == ASKED, read_exceptions.c.offset == alerts.c.offset)
        .correlate(alerts)
        .scalar_subquery()
    )
    otherwise = or_(func.substr(best, 1, 1) != LIVE, alerts.c.actor == ASKED)
    return func.coalesce(exception, or_(alerts.c.offset <= func.coalesce(_MARK, literal(0)), otherwise))


async def newest(
    session: AsyncSession, person_id: str, *, before: int, limit: int, candidates: Candidates, unread: bool = False
) -> list[dict[str, Any]]:
    """The newest alerts before an offset, newest first: a walk backwards that stops when there are enough."""
    dialect = session.get_bind().dialect.name
    found: list[dict[str, Any]] = []
    while len(found) < limit:
        near = await candidates(session, before, CHUNK)
        if not near:
            break
        asked = {"asked": person_id, "near": listed(session, near), "most": limit - len(found)}
        found += await _items(session, _near(dialect, unread), asked)
        before = near[-1]
    return found


async def following(session: AsyncSession, person_id: str, *, after: int, limit: int) -> list[dict[str, Any]]:
    """The alerts after an offset, oldest first: what a stream that ended there has missed."""
    asked = {"asked": person_id, "after": after, "most": limit}
    return list(reversed(await _items(session, _after(), asked)))


Candidates = Callable[[AsyncSession, int, int], Awaitable[Sequence[int]]]
"""(session, before, limit) → the newest *limit* offsets before one that may stand in an inbox, newest first."""


async def candidates_of(session: AsyncSession, person_id: str, wanted: Wanted) -> Candidates:
    """The offsets that may be *wanted* of an inbox; whether they stand there is asked of `visible`."""
    search = await search_for(session, wanted.q, wanted.network_id)
    if search is not None:
        return _Searched(search).before
    asked: dict[str, Any] = {"asked": person_id, "network": wanted.network_id}
    made = _of_network() if wanted.network_id else _told_before(wanted.unread)

    async def found(session: AsyncSession, before: int, limit: int) -> Sequence[int]:
        these = asked | {"before": before, "most": limit, "last": limit - 1}
        return (await session.execute(made, these)).scalars().all()

    return found


class _Searched:
    """What a search finds, asked for once for whoever shows it and whoever counts it."""

    def __init__(self, search: Search) -> None:
        """Nothing is asked yet."""
        self._search = search
        self._from, self._offsets, self._is_all = 0, list[int](), False

    async def before(self, session: AsyncSession, before: int, limit: int) -> Sequence[int]:
        """See Candidates."""
        known = [offset for offset in self._offsets if offset < before] if before <= self._from else []
        if len(known) < limit and not (before <= self._from and self._is_all):
            query = self._search.offsets(before=before, limit=max(limit, SEARCHED))
            known = list((await session.execute(query)).scalars())
            self._from, self._offsets, self._is_all = before, known, len(known) < max(limit, SEARCHED)
        return known[:limit]


# The statements, each made once: see ASKED.

_BEFORE, _AFTER = (bindparam(name, type_=BigInteger()) for name in ("before", "after"))
_MOST, _LAST = (bindparam(name, type_=Integer()) for name in ("most", "last"))
_MARK = select(read_marks.c.up_to).where(read_marks.c.person_id == ASKED).scalar_subquery()


@cache
def _near(dialect: str, unread: bool) -> Select[Any]:
    """The newest of what stands in an inbox of some offsets.

    They are asked of the audiences: asked of the alerts, PostgreSQL, which does not know how many there will be, looked
    for each of them in each of the reader's audiences.
    """
    return _shown(visible(ASKED, is_among(dialect, alert_audiences.c.offset, "near")), unread=unread).limit(_MOST)


@cache
def _after() -> Select[Any]:
    """The first of what stands in it after an offset."""
    return _shown(visible(ASKED, alerts.c.offset > _AFTER).order_by("offset").limit(_MOST))


def _shown(found: Select[int, str], *, unread: bool = False) -> Select[Any]:
    picked = found.subquery("picked")
    read = is_read(picked.c.best)
    query = select(alerts, picked.c.best, read.label("read")).where(~read if unread else true())
    return query.join(picked, picked.c.offset == alerts.c.offset).order_by(alerts.c.offset.desc())


@cache
def _of_network() -> Select[int]:
    query = select(alerts.c.offset).where(alerts.c.offset < _BEFORE, alerts.c.network_id == bindparam("network"))
    return query.order_by(alerts.c.offset.desc()).limit(_MOST)


@cache
def _told_before(unread: bool) -> Select[int]:
    """The newest offsets of all a reader's audiences: of each audience at most so many are looked at."""
    mine, each = audiences_of(ASKED), alert_audiences.alias("each")
    may = _maybe_unread if unread else lambda _: true()
    last = (
        select(each.c.offset)
        .where(each.c.audience == mine.c.audience, each.c.offset < _BEFORE, may(each.c.offset))
        .order_by(each.c.offset.desc()).limit(1).offset(_LAST)
        .correlate(mine).scalar_subquery()
    )  # fmt: skip
    told = alert_audiences.c.offset
    return (
        select(told).distinct()
        .select_from(mine.join(alert_audiences, alert_audiences.c.audience == mine.c.audience))
        .where(told < _BEFORE, may(told), told >= func.coalesce(last, 0))
        .order_by(told.desc()).limit(_MOST)
    )  # fmt: skip


def _maybe_unread(offset: ColumnElement[int]) -> Condition:
    """Beyond the watermark, or an exception: what is not either has been read."""
    again = select(read_exceptions.c.offset)
    again = again.where(read_exceptions.c.person_id == ASKED, read_exceptions.c.read.is_(False))
    return or_(offset > func.coalesce(_MARK, 0), offset.in_(again))


async def _items(session: AsyncSession, query: Select[Any], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows: Sequence[Any] = (await session.execute(query, asked)).mappings().all()
    epoch, _ = await sequence.head(session)
    people = await names_in(session, (row["headline"] for row in rows))
    bests = [Best.of(row["best"]) for row in rows]
    told = [best.audience.removeprefix("network:") for best in bests if best.audience.startswith("network:")]
    called = await sequence.network_names(session, [*told, *(row["network_id"] for row in rows)])
    return [
        {
            **sequence.shown(row, epoch=epoch, people=people, networks=called), "read": bool(row["read"]),
            "channel": CHANNELS[int(best.channel)], "why": why(best, called),
        }
        for row, best in zip(rows, bests, strict=True)
    ]  # fmt: skip


def why(best: Best, called: Mapping[str, str]) -> dict[str, str]:
    """The rule that made somebody told, as programs and as people read it. *called*: network id → name."""
    said = sentence(best.route, best.audience, called.get(best.audience.removeprefix("network:"), ""))
    return {"audience": best.audience, "route": best.route, "sentence": said}
