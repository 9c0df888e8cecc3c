"""A person's browsers that are sent notifications."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import browsers
from shared.outside.addresses import target_of


async def browsers_of(session: AsyncSession, person_id: str) -> list[dict[str, Any]]:
    """The newest first; of the address only the host, because the rest is worth as much as a password."""
    query = select(browsers).where(browsers.c.person_id == person_id).order_by(browsers.c.made_at.desc())
    return [
        {"id": row.id, "service": target_of(row.endpoint).host, "since": row.made_at}
        for row in await session.execute(query)
    ]
