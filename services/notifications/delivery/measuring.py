"""Measuring how fast people are told, from what was really delivered: inboxes, mails at once and webhooks.

What streams deliver, the gateway measures where it writes to them, and hands it in. This looks at rows that others
have written anyway, a little later, so that telling costs nothing more.

Invariant: nothing is counted that was told before measuring began. A history that is loaded comes with the times of its
own past, and the mark begins with the present.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.tellings import Lag, count_tellings, lag
from services.notifications.delivery.rows import OPEN
from services.notifications.tables import alerts, deliveries, telling_marks, webhook_deliveries
from shared import clock
from shared.db import take_turn
from shared.service import Parts

LOOK_SECONDS = 10.0
SETTLING = timedelta(seconds=3)
"""How long a transaction may take between the time that it writes down and its commit."""
MOST = 20_000
"""Alerts that one look counts."""

Mark = Row[tuple[str, datetime, datetime, int]]
Look = Callable[[AsyncSession, Mark, datetime], Awaitable[tuple[list[Lag], int]]]


async def measure(parts: Parts) -> None:
    """The worker: count what was delivered since the last look, until told to stop."""
    while True:
        async with parts.database.transaction() as session:
            await count_delivered(session)
        await asyncio.sleep(LOOK_SECONDS)


async def count_delivered(session: AsyncSession) -> None:
    """Count what was delivered since the last look, in each way that leaves a row."""
    await take_turn(session, "tellings")
    until = clock.now() - SETTLING
    for way, look in (("inbox", _inboxes), ("mail", _mails), ("webhook", _webhooks)):
        mark = await _mark(session, way)
        if mark is None or mark.counted_to >= until:
            continue
        lags, after = await look(session, mark, until)
        if not lags and after == mark.after:
            continue
        await count_tellings(session, lags)
        moved = update(telling_marks).where(telling_marks.c.way == way).values(counted_to=until, after=after)
        await session.execute(moved)


async def _mark(session: AsyncSession, way: str) -> Mark | None:
    """How far a way is counted; at the very first look it begins here, with nothing counted."""
    found = (await session.execute(select(telling_marks).where(telling_marks.c.way == way))).one_or_none()
    if found is None:
        now = clock.now()
        newest = (await session.execute(select(func.coalesce(func.max(alerts.c.offset), 0)))).scalar_one()
        after = newest if way == "inbox" else 0
        await session.execute(insert(telling_marks).values(way=way, began=now, counted_to=now, after=after))
    return found


async def _inboxes(session: AsyncSession, mark: Mark, _until: datetime) -> tuple[list[Lag], int]:
    """Alerts as they came to stand in the inboxes: one for each alert, however many may read it."""
    columns = (alerts.c.offset, alerts.c.time, alerts.c.stored_at)
    query = select(*columns).where(alerts.c.offset > mark.after).order_by(alerts.c.offset).limit(MOST)
    rows = (await session.execute(query)).all()
    lags = [lag("inbox", row.time, row.stored_at) for row in rows if row.stored_at >= mark.began]
    return lags, rows[-1].offset if rows else mark.after


async def _mails(session: AsyncSession, mark: Mark, until: datetime) -> tuple[list[Lag], int]:
    """Mails at once, as the mail server took them. Numbers before the first unsettled one need no second look."""
    mails = deliveries.c
    query = select(alerts.c.time, mails.sent_at).join(alerts, alerts.c.message_id == mails.thing)
    query = query.where(mails.kind == "alert", mails.number > mark.after)
    rows = await session.execute(query.where(mails.sent_at > mark.counted_to, mails.sent_at <= until))
    lags = [lag("mail", row.time, row.sent_at) for row in rows]
    unsettled = or_(mails.state.in_(OPEN), mails.sent_at > until)
    first = select(func.min(mails.number)).where(mails.kind == "alert", mails.number > mark.after, unsettled)
    again = (await session.execute(first)).scalar_one()
    newest = select(func.coalesce(func.max(mails.number), 0))
    return lags, again - 1 if again else (await session.execute(newest)).scalar_one()


async def _webhooks(session: AsyncSession, mark: Mark, until: datetime) -> tuple[list[Lag], int]:
    """Webhooks, as their receivers took them."""
    sent = webhook_deliveries.c
    query = select(alerts.c.time, sent.settled_at).join(alerts, alerts.c.offset == sent.offset)
    query = query.where(sent.kind == "change", sent.state == "delivered")
    rows = await session.execute(query.where(sent.settled_at > mark.counted_to, sent.settled_at <= until))
    return [lag("webhook", row.time, row.settled_at) for row in rows], mark.after
