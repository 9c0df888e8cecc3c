"""Reading what is known of feed keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import feed_keys


async def key_made_at(session: AsyncSession, person_id: str) -> datetime | None:
    """When a person's key was made; None where there is none."""
    query = select(feed_keys.c.made_at).where(feed_keys.c.person_id == person_id)
    found: datetime | None = (await session.execute(query)).scalar_one_or_none()
    return found
