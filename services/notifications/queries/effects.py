"""What this service did because of one message, for the page that follows a change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import sizes
from services.notifications.tables import alert_audiences, alerts, deliveries, issue_items, issues, webhook_deliveries


async def effects(session: AsyncSession, message_id: str) -> list[dict[str, Any]]:
    """What was done because of one message, for the page that follows a change."""
    found = (await session.execute(select(alerts).where(alerts.c.message_id == message_id))).mappings().first()
    if found is None:
        return []
    told = select(alert_audiences.c.audience).where(alert_audiences.c.offset == found["offset"])
    members = await sizes(session, list((await session.execute(told)).scalars()))
    told_ = [_effect("alert", audience, found["stored_at"], count, "told") for audience, count in members.items()]
    sent = await _mails(session, message_id) + await _webhooks(session, message_id)
    return told_ + sent + await _items(session, message_id, found["stored_at"])


async def _mails(session: AsyncSession, message_id: str) -> list[dict[str, Any]]:
    query = (
        select(deliveries.c.state, func.count(), func.max(deliveries.c.sent_at))
        .where(deliveries.c.thing == message_id)
        .group_by(deliveries.c.state)
    )
    return [_effect("mail", "by mail at once", at, count, state) for state, count, at in await session.execute(query)]


async def _webhooks(session: AsyncSession, message_id: str) -> list[dict[str, Any]]:
    """Counts alone: who subscribes, and to where, is nobody else's business."""
    sent = webhook_deliveries.c
    at = func.max(func.coalesce(sent.settled_at, sent.ordered_at))
    query = select(sent.state, func.count(), at).where(sent.message_id == message_id).group_by(sent.state)
    return [
        _effect("webhook", "webhooks", at, count, state) for state, count, at in await session.execute(query)
    ]  # fmt: skip


async def _items(session: AsyncSession, message_id: str, time: Any) -> list[dict[str, Any]]:
    query = (
        select(issues.c.number, issues.c.status, issues.c.readers)
        .join(issue_items, issue_items.c.issue_id == issues.c.id)
        .where(issue_items.c.message_id == message_id)
    )
    rows = await session.execute(query)
    return [_effect("newsletter", f"Newsletter {row.number}", time, row.readers, row.status) for row in rows]


def _effect(kind: str, what: str, time: Any, count: int, outcome: str) -> dict[str, Any]:
    return {"kind": kind, "what": what, "time": time, "count": count, "outcome": outcome}
