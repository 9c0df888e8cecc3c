"""What people chose, and the audiences they belong to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import network_names
from services.notifications.audience import routes_of
from services.notifications.tables import audience_members, mutes, newsletter_readers, preferences


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
