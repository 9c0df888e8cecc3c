"""The inbox: a read over a reader's audiences, less what they muted and what happened before they came.

Invariants:
1. Nothing is stored for a reader but how far they have read, and the exceptions to that.
2. Each alert stands here once, however many of the reader's audiences it was told to.
3. What the inbox holds after an offset is what the live stream brought after it: both ask the same audiences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import alerts as sequence
from services.notifications.audience import audiences_of, reason_of, sentence
from services.notifications.headlines import names_in
from services.notifications.tables import (
    alert_audiences,
    alerts,
    mutes,
    read_exceptions,
    read_marks,
)


def visible(person_id: str, *conditions: ColumnElement[bool]) -> Select[tuple[int, str]]:
    """(offset, why) of everything in a person's inbox that fulfils *conditions* on `alerts`."""
    mine = audiences_of(person_id)
    muted = select(mutes.c.network_id).where(mutes.c.person_id == person_id)
    return (
        select(alerts.c.offset, func.min(reason_of(mine)).label("why"))
        .select_from(mine)
        .join(alert_audiences, alert_audiences.c.audience == mine.c.audience)
        .join(alerts, alerts.c.offset == alert_audiences.c.offset)
        .where(alerts.c.time >= mine.c.since, alerts.c.network_id.not_in(muted), *conditions)
        .group_by(alerts.c.offset)
    )


def _read(person_id: str) -> ColumnElement[bool]:
    """Whether an alert is read: the exception where there is one, else the watermark."""
    mark = select(read_marks.c.up_to).where(read_marks.c.person_id == person_id).scalar_subquery()
    exception = (
        select(read_exceptions.c.read)
        .where(read_exceptions.c.person_id == person_id, read_exceptions.c.offset == alerts.c.offset)
        .correlate(alerts)
        .scalar_subquery()
    )
    return func.coalesce(exception, alerts.c.offset <= func.coalesce(mark, literal(0)))


async def newest(
    session: AsyncSession, person_id: str, *, before: int, limit: int, network_id: str = "", unread: bool = False
) -> list[dict[str, Any]]:
    """The newest alerts before an offset, newest first."""
    conditions = [alerts.c.offset < before]
    if network_id:
        conditions.append(alerts.c.network_id == network_id)
    if unread:
        conditions.append(~_read(person_id))
    found = visible(person_id, *conditions).order_by(alerts.c.offset.desc()).limit(limit)
    return await _items(session, person_id, found)


async def following(session: AsyncSession, person_id: str, *, after: int, limit: int) -> list[dict[str, Any]]:
    """The alerts after an offset, oldest first: what a stream that ended there has missed."""
    found = visible(person_id, alerts.c.offset > after).order_by(alerts.c.offset).limit(limit)
    return list(reversed(await _items(session, person_id, found)))


async def counts(session: AsyncSession, person_id: str, *, network_id: str = "") -> tuple[int, int]:
    """How many alerts there are, and how many are unread."""
    conditions = [alerts.c.network_id == network_id] if network_id else []
    found = visible(person_id, *conditions).subquery("found")
    query = select(func.count(), func.count().filter(~_read(person_id))).select_from(found)
    row = (await session.execute(query.join(alerts, alerts.c.offset == found.c.offset))).one()
    return row[0], row[1]


async def _items(session: AsyncSession, person_id: str, found: Select[Any]) -> list[dict[str, Any]]:
    picked = found.subquery("picked")
    query = (
        select(alerts, picked.c.why, _read(person_id).label("read"))
        .join(picked, picked.c.offset == alerts.c.offset)
        .order_by(alerts.c.offset.desc())
    )
    rows: Sequence[Any] = (await session.execute(query)).mappings().all()
    epoch, _ = await sequence.head(session)
    people = await names_in(session, (row["headline"] for row in rows))
    reasons = [row["why"].split("|", 2) for row in rows]
    told = [audience.removeprefix("network:") for _, _, audience in reasons if audience.startswith("network:")]
    called = await sequence.network_names(session, [*told, *(row["network_id"] for row in rows)])
    return [
        {
            **sequence.shown(row, epoch=epoch, people=people, networks=called), "read": bool(row["read"]),
            "why": {"audience": why, "sentence": sentence(route, why, called.get(why.removeprefix("network:"), ""))},
        }
        for row, (_, route, why) in zip(rows, reasons, strict=True)
    ]  # fmt: skip
