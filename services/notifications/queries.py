"""Reading preferences and audiences. Inboxes are read in inbox.py, issues in digest.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import network_names
from services.notifications.audience import routes_of, sizes
from services.notifications.tables import (
    alert_audiences,
    alerts,
    audience_members,
    deliveries,
    issue_items,
    issues,
    mutes,
    newsletter_readers,
    preferences,
)


async def muted_by(session: AsyncSession, person_id: str) -> list[str]:
    """The networks that a person muted."""
    return await _column(session, select(mutes.c.network_id).where(mutes.c.person_id == person_id))


async def preferences_of(session: AsyncSession, person_id: str) -> dict[str, Any]:
    """All that a person chose, and the audiences that follow from it and from their record."""
    mine = select(audience_members.c.audience).where(
        audience_members.c.person_id == person_id, audience_members.c.active
    )
    follows = await _column(session, mine.where(audience_members.c.source == "follow"))
    interests = await _column(session, mine.where(audience_members.c.route == "interest"))
    wants = select(newsletter_readers.c.id).where(
        newsletter_readers.c.id == person_id, newsletter_readers.c.unsubscribed_at.is_(None)
    )
    immediate = select(preferences.c.person_id).where(preferences.c.person_id == person_id, preferences.c.immediate)
    return {
        "muted": await muted_by(session, person_id),
        "follows": [audience.removeprefix("network:") for audience in follows],
        "interests": sorted({audience.removeprefix("care_group:") for audience in interests}),
        "newsletter": bool(await _column(session, wants)),
        "immediate": bool(await _column(session, immediate)),
        "audiences": await _named_audiences(session, person_id),
    }


async def _named_audiences(session: AsyncSession, person_id: str) -> list[dict[str, str]]:
    routes = await routes_of(session, person_id)
    called = await network_names(session, [key.removeprefix("network:") for key, _ in routes if key[:8] == "network:"])
    return [
        {"audience": key, "route": route, "name": called.get(key.removeprefix("network:"), key.partition(":")[2])}
        for key, route in routes
    ]


async def _column(session: AsyncSession, query: Select[Any]) -> list[str]:
    return list((await session.execute(query)).scalars())


async def effects(session: AsyncSession, message_id: str) -> list[dict[str, Any]]:
    """What was done because of one message, for the page that follows a change."""
    found = (await session.execute(select(alerts).where(alerts.c.message_id == message_id))).mappings().first()
    if found is None:
        return []
    told = select(alert_audiences.c.audience).where(alert_audiences.c.offset == found["offset"])
    members = await sizes(session, await _column(session, told))
    told_ = [_effect("alert", audience, found["stored_at"], count, "told") for audience, count in members.items()]
    return told_ + await _mails(session, message_id) + await _items(session, message_id, found["stored_at"])


async def _mails(session: AsyncSession, message_id: str) -> list[dict[str, Any]]:
    query = (
        select(deliveries.c.state, func.count(), func.max(deliveries.c.sent_at))
        .where(deliveries.c.thing == message_id)
        .group_by(deliveries.c.state)
    )
    return [_effect("mail", "by mail at once", at, count, state) for state, count, at in await session.execute(query)]


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
