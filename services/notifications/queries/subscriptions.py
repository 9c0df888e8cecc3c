"""Reading subscriptions: which there are, how they fare, and the log of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import head
from services.notifications.commands.redelivery import delivery_at
from services.notifications.commands.subscriptions import NoSuchSubscription
from services.notifications.delivery.webhooks.prepared import prepared
from services.notifications.delivery.webhooks.rows import Visit
from services.notifications.delivery.webhooks.signing import valid
from services.notifications.delivery.webhooks.visiting import HEADERS
from services.notifications.headlines import filled, names_in
from services.notifications.letters.stationery import Stationery
from services.notifications.sight import TEAM
from services.notifications.tables import (
    alerts,
    people,
    subscriptions,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
)
from shared import clock

FARING = ("failures", "failing_since", "delivered_at", "paused_until")


async def subscriptions_page(
    session: AsyncSession, *, owners: Sequence[str] | None, status: str, after: str, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """The subscriptions of these owners (None: of everybody) after an id, the oldest first, and how many in all."""
    conditions: list[ColumnElement[bool]] = [] if owners is None else [subscriptions.c.owner_id.in_(owners)]
    if status:
        conditions.append(subscriptions.c.status == status)
    total = (await session.execute(select(func.count()).select_from(subscriptions).where(*conditions))).scalar_one()
    query = select(subscriptions).where(*conditions, subscriptions.c.id > after).order_by(subscriptions.c.id)
    rows = (await session.execute(query.limit(limit))).mappings().all()
    return await _shown(session, rows), total


async def subscription_at(session: AsyncSession, subscription_id: str) -> dict[str, Any]:
    """One subscription. Raises NoSuchSubscription."""
    query = select(subscriptions).where(subscriptions.c.id == subscription_id)
    rows = (await session.execute(query)).mappings().all()
    if not rows:
        raise NoSuchSubscription
    return (await _shown(session, rows))[0]


async def _shown(session: AsyncSession, rows: Sequence[RowMapping]) -> list[dict[str, Any]]:
    ids = [row["id"] for row in rows]
    endpoints = webhook_endpoints.c
    at = select(endpoints.subscription_id, *(endpoints[name] for name in FARING)).where(
        endpoints.subscription_id.in_(ids)
    )
    faring = {row["subscription_id"]: row for row in (await session.execute(at)).mappings()}
    sent = webhook_deliveries.c
    counted = select(sent.subscription_id, sent.state, func.count()).where(sent.subscription_id.in_(ids))
    counts: dict[str, dict[str, int]] = {}
    for subscription, state, count in await session.execute(counted.group_by(sent.subscription_id, sent.state)):
        counts.setdefault(subscription, {})[state] = count
    named = select(people.c.id, people.c.name).where(people.c.id.in_([row["owner_id"] for row in rows]))
    names = {row.id: row.name for row in await session.execute(named)}
    return [
        {
            **row, "owner_name": "the staff" if row["owner_id"] == TEAM else names.get(row["owner_id"], ""),
            "secrets": [{"since": s["since"], "until": s["until"]} for s in valid(row["secrets"], clock.now())],
            "faring": {**faring[row["id"]], "counts": counts.get(row["id"], {})},
        }
        for row in rows
    ]  # fmt: skip


async def log_page(
    session: AsyncSession, subscription_id: str, *, state: str, before: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """The newest messages ordered for a subscription, in a state (or any), with a number below *before*."""
    deliveries = webhook_deliveries.c
    conditions = [deliveries.subscription_id == subscription_id]
    if state:
        conditions.append(deliveries.state == state)
    total = (
        await session.execute(select(func.count()).select_from(webhook_deliveries).where(*conditions))
    ).scalar_one()
    query = _log().where(*conditions, deliveries.number < before).order_by(deliveries.number.desc()).limit(limit)
    return await _entries(session, (await session.execute(query)).mappings().all()), total


async def log_entry(session: AsyncSession, subscription_id: str, number: int, stationery: Stationery) -> dict[str, Any]:
    """One message of the log: what is sent, as it would be put together now, and every try. Raises NoSuchDelivery."""
    delivery = await delivery_at(session, subscription_id, number)
    query = _log().where(webhook_deliveries.c.number == number)
    [entry] = await _entries(session, (await session.execute(query)).mappings().all())
    subscription = await subscription_at(session, subscription_id)
    bodies = await prepared(session, [Visit({}, subscription, [delivery])], stationery)
    tries = select(webhook_attempts).where(webhook_attempts.c.delivery == number).order_by(webhook_attempts.c.number)
    body = bodies[number]
    return {
        **entry, "tries": [dict(row) for row in (await session.execute(tries)).mappings()],
        "request": {
            "url": subscription["url"], "headers": {**HEADERS, "webhook-id": delivery["message_id"]},
            "body": body.decode() if body else "",
        },
    }  # fmt: skip


def _log() -> Any:
    told = [alerts.c[name] for name in ("headline", "category", "type", "time")]
    answered = (
        select(webhook_attempts.c.status)
        .where(webhook_attempts.c.delivery == webhook_deliveries.c.number)
        .order_by(webhook_attempts.c.number.desc())
        .limit(1)
        .correlate(webhook_deliveries)
        .scalar_subquery()
    )
    joined = webhook_deliveries.outerjoin(alerts, alerts.c.message_id == webhook_deliveries.c.message_id)
    return select(webhook_deliveries, *told, answered.label("status")).select_from(joined)


async def _entries(session: AsyncSession, rows: Sequence[RowMapping]) -> list[dict[str, Any]]:
    names = await names_in(session, (row["headline"] or "" for row in rows))
    epoch, _ = await head(session)
    return [
        {
            **row, "id": str(row["number"]), "headline": filled(row["headline"] or "A test", names),
            "type": row["type"] or "", "category": row["category"] or "",
            "position": f"{epoch}-{row['offset']}" if row["kind"] != "test" else "",
        }
        for row in rows
    ]  # fmt: skip
