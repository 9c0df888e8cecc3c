"""Messages to receivers that are slow, or that have yet to answer for the first time: ordered after everybody was told.

Invariants:
1. That there are such messages is written down in the transaction that orders those to the others
   (`webhooks_to_order`), and forgotten in the one that orders the last of them: none is lost, whoever is killed.
2. All subscriptions are asked, whatever the pace of their endpoints has become since. One that has its message already
   gets no second: the table of deliveries holds one row a subscription and message.
3. A subscription is asked as it would have been with the change: one that was made after the alert does not get it; one
   that was switched off after it does, and keeps it until it is switched on.
4. A turn is short, and the next comes after a pause, so that telling never waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import audiences_of
from services.notifications.matching import filed, ordered, wake, wanting
from services.notifications.tables import (
    alerts,
    subscriptions,
    webhook_deliveries,
    webhooks_to_order,
)
from shared.db import among
from shared.made import Made
from shared.rows import insert_rows
from shared.service import Parts

PAUSE_SECONDS, BEHIND_SECONDS = 0.25, 0.02
"""Between two turns; and while there are as many alerts as a turn takes, so that a flood does not pile up."""
SUBSCRIPTIONS_A_TURN = 100
ALERTS_A_TURN = 50
_FIRST = Made(select(webhooks_to_order.c.offset).limit(1))


async def order_webhooks_later(parts: Parts) -> None:
    """The worker: order some, rest, until told to stop. Reads first, so that it never takes the lock for nothing."""
    while True:
        alerts_taken = 0
        async with parts.database.reading() as session:
            is_any = bool(await _FIRST.rows(session, {}))
        if is_any:
            async with parts.database.transaction() as session:
                alerts_taken = await order_some(session)
        await asyncio.sleep(BEHIND_SECONDS if alerts_taken == ALERTS_A_TURN else PAUSE_SECONDS)


async def order_some(session: AsyncSession) -> int:
    """Order the messages of some alerts to some subscriptions, and say of how many: the alerts furthest on first."""
    reached, offsets = await _furthest(session)
    if not offsets:
        return 0
    rows = await _told(session, offsets)
    candidates = await _candidates(session, rows, after=reached)
    by_id = {candidate["id"]: candidate for candidate in candidates}
    pairs = [(one, row) for one, row in await wanting(session, rows, candidates) if _was_on(by_id[one], row)]
    await _order(session, [ordered(subscription_id, row) for subscription_id, row in pairs])
    these = among(session, webhooks_to_order.c.offset, offsets)
    if len(candidates) < SUBSCRIPTIONS_A_TURN:
        await session.execute(delete(webhooks_to_order).where(these))
    else:
        await session.execute(update(webhooks_to_order).where(these).values(reached=candidates[-1]["id"]))
    return len(offsets)


async def _furthest(session: AsyncSession) -> tuple[str, list[int]]:
    """The subscription reached by the alerts that are furthest on, and their offsets, held for this transaction."""
    waiting = webhooks_to_order.c
    furthest = select(func.max(waiting.reached)).scalar_subquery()
    query = select(waiting.reached, waiting.offset).where(waiting.reached == furthest)
    query = query.order_by(waiting.offset).limit(ALERTS_A_TURN).with_for_update(skip_locked=True)
    found = (await session.execute(query)).all()
    return (found[0].reached if found else ""), [row.offset for row in found]


async def _told(session: AsyncSession, offsets: Sequence[int]) -> list[dict[str, Any]]:
    """The alerts, with the `audiences` that each was told to."""
    query = select(alerts).where(among(session, alerts.c.offset, offsets)).order_by(alerts.c.offset)
    rows = (await session.execute(query)).mappings().all()
    audiences = await audiences_of(session, offsets)
    return [{**row, "audiences": audiences[row["offset"]]} for row in rows]


async def _candidates(
    session: AsyncSession, rows: Sequence[Mapping[str, Any]], *, after: str
) -> Sequence[Mapping[Any, Any]]:
    s = subscriptions.c
    was_on = or_(s.status == "active", s.disabled_after >= rows[0]["offset"])
    query = filed(session, rows).add_columns(s.created_at, s.disabled_after).where(s.id > after, was_on)
    return (await session.execute(query.order_by(s.id).limit(SUBSCRIPTIONS_A_TURN))).mappings().all()


def _was_on(candidate: Mapping[Any, Any], row: Mapping[str, Any]) -> bool:
    """Whether a subscription was there, and on, when an alert was stored."""
    off_after = candidate["disabled_after"]
    return candidate["created_at"] <= row["stored_at"] and (off_after is None or off_after >= row["offset"])


async def _order(session: AsyncSession, orders: list[dict[str, Any]]) -> None:
    if orders:
        tail = "ON CONFLICT DO NOTHING RETURNING subscription_id"
        made = await insert_rows(session, webhook_deliveries, orders, tail)
        await wake(session, {subscription_id for (subscription_id,) in made})
