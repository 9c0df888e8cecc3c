"""Ordering notifications."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import browsers, pushes
from shared import clock
from shared.db import among
from shared.rows import insert_rows


async def order_pushes(session: AsyncSession, told: Sequence[tuple[str, str]]) -> None:
    """Order a notification of each (thing, person), on every browser of theirs that asked for it."""
    if not told:
        return
    mine = among(session, browsers.c.person_id, list({person_id for _, person_id in told}))
    found: dict[str, list[str]] = {}
    for row in await session.execute(select(browsers.c.id, browsers.c.person_id).where(mine)):
        found.setdefault(row.person_id, []).append(row.id)
    rows = [
        {"browser_id": browser_id, "thing": thing, "attempts": 0, "next_at": clock.now()}
        for thing, person_id in told
        for browser_id in found.get(person_id, ())
    ]
    if rows:
        await insert_rows(session, pushes, rows, "ON CONFLICT DO NOTHING")
