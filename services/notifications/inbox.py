"""The inbox: a read over a reader's audiences, in the forms that the one rule gives.

Invariants:
1. Nothing is stored for a reader but how far they have read, and the exceptions to that.
2. Each alert stands here once, however many of the reader's audiences it was told to.
3. What the inbox holds after an offset is what the live stream brought after it: both ask the same rule.
4. What reaches the reader in another form (by mail, in a summary), and what they did themselves, counts as read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import alerts as sequence
from services.notifications.audience import Asked, Best, audiences_of, is_told, reach, sentence
from services.notifications.channels import LIVE
from services.notifications.headlines import names_in
from services.notifications.searching import search_for
from services.notifications.tables import alert_audiences, alerts, read_exceptions, read_marks
from shared.announcement import CHANNELS
from shared.db import among

CHUNK = 200
"""Alerts that are looked at in one step backwards through an inbox."""
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of an inbox is asked for."""

    network_id: str = ""
    unread: bool = False
    q: str = ""


def visible(person_id: Asked, *conditions: Condition) -> Select[int, str]:
    """(offset, best) of everything in a person's inbox that fulfils *conditions* on `alerts`."""
    told = reach(person_id=person_id, where=conditions).subquery("told")
    return select(told.c.offset, told.c.best).where(is_told(told.c.best))


def is_read(person_id: str, best: ColumnElement[str]) -> Condition:
    """Whether an alert is read: an exception says it, or the watermark, or that they know it from elsewhere."""
    mark = select(read_marks.c.up_to).where(read_marks.c.person_id == person_id).scalar_subquery()
    exception = (
        select(read_exceptions.c.read)
        .where(read_exceptions.c.person_id == person_id, read_exceptions.c.offset == alerts.c.offset)
        .correlate(alerts)
        .scalar_subquery()
    )
    otherwise = or_(func.substr(best, 1, 1) != LIVE, alerts.c.actor == person_id)
    return func.coalesce(exception, or_(alerts.c.offset <= func.coalesce(mark, literal(0)), otherwise))


async def newest(
    session: AsyncSession, person_id: str, *, before: int, limit: int, wanted: Wanted | None = None
) -> list[dict[str, Any]]:
    """The newest alerts before an offset, newest first: a walk backwards that stops when there are enough."""
    wanted = wanted or Wanted()
    candidates = await candidates_of(session, person_id, wanted)
    found: list[dict[str, Any]] = []
    while len(found) < limit:
        near = list((await session.execute(candidates(before, CHUNK))).scalars())
        if not near:
            break
        some = visible(person_id, among(session, alerts.c.offset, near))
        found += [item for item in await _items(session, person_id, some) if not (wanted.unread and item["read"])]
        before = near[-1]
    return found[:limit]


async def following(session: AsyncSession, person_id: str, *, after: int, limit: int) -> list[dict[str, Any]]:
    """The alerts after an offset, oldest first: what a stream that ended there has missed."""
    found = visible(person_id, alerts.c.offset > after).order_by("offset").limit(limit)
    return list(reversed(await _items(session, person_id, found)))


Candidates = Callable[[int, int], Select[int]]
"""(before, limit) → the newest *limit* offsets before one that may stand in an inbox, newest first."""


async def candidates_of(session: AsyncSession, person_id: str, wanted: Wanted) -> Candidates:
    """The offsets that may be *wanted* of an inbox; whether they stand there is asked of `visible`."""
    search = await search_for(session, wanted.q, wanted.network_id)
    if search is not None:
        return lambda before, limit: search.offsets(before=before, limit=limit)
    if wanted.network_id:
        return partial(_of_network, wanted.network_id)
    may = _maybe_unread(person_id) if wanted.unread else lambda _: true()
    return lambda before, limit: _told_before(person_id, before, limit, may)


def _of_network(network_id: str, before: int, limit: int) -> Select[int]:
    query = select(alerts.c.offset).where(alerts.c.offset < before, alerts.c.network_id == network_id)
    return query.order_by(alerts.c.offset.desc()).limit(limit)


def _told_before(
    person_id: str, before: int, limit: int, may: Callable[[ColumnElement[int]], Condition]
) -> Select[int]:
    """The newest offsets of all a reader's audiences: of each audience at most so many are looked at."""
    mine, each = audiences_of(person_id), alert_audiences.alias("each")
    last = (
        select(each.c.offset)
        .where(each.c.audience == mine.c.audience, each.c.offset < before, may(each.c.offset))
        .order_by(each.c.offset.desc()).limit(1).offset(limit - 1)
        .correlate(mine).scalar_subquery()
    )  # fmt: skip
    told = alert_audiences.c.offset
    return (
        select(told).distinct()
        .select_from(mine.join(alert_audiences, alert_audiences.c.audience == mine.c.audience))
        .where(told < before, may(told), told >= func.coalesce(last, 0))
        .order_by(told.desc()).limit(limit)
    )  # fmt: skip


def _maybe_unread(person_id: str) -> Callable[[ColumnElement[int]], Condition]:
    """Beyond the watermark, or an exception: what is not either has been read."""
    mark = select(read_marks.c.up_to).where(read_marks.c.person_id == person_id).scalar_subquery()
    again = select(read_exceptions.c.offset).where(
        read_exceptions.c.person_id == person_id, read_exceptions.c.read.is_(False)
    )
    return lambda offset: or_(offset > func.coalesce(mark, 0), offset.in_(again))


async def _items(session: AsyncSession, person_id: str, found: Select[int, str]) -> list[dict[str, Any]]:
    picked = found.subquery("picked")
    query = (
        select(alerts, picked.c.best, is_read(person_id, picked.c.best).label("read"))
        .join(picked, picked.c.offset == alerts.c.offset)
        .order_by(alerts.c.offset.desc())
    )
    rows: Sequence[Any] = (await session.execute(query)).mappings().all()
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
