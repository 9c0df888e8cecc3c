"""What of the notifications waits for the staff: webhooks that were switched off, addresses without mail, issues.

The statements are made once: made anew for each page, they took longer than the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery.rows import reader_count
from services.notifications.tables import issues, subscriptions, suppressions
from shared.auth import Principal
from shared.needs import SHOWN, need

UNSENT = ("draft", "approved", "paused")
NEEDED = {
    "webhooks": (subscriptions, subscriptions.c.status == "disabled"),
    "bounces": (suppressions, suppressions.c.address != ""),
    "issues": (issues, issues.c.status.in_(UNSENT)),
}


COUNTS = select(*(
    select(func.count()).select_from(table).where(needed).scalar_subquery().label(kind)
    for kind, (table, needed) in NEEDED.items()
))  # fmt: skip
FIRST = {
    "webhooks": select(subscriptions.c.id, subscriptions.c.name, subscriptions.c.status_reason)
    .where(NEEDED["webhooks"][1]).order_by(subscriptions.c.id).limit(SHOWN),
    "bounces": select(suppressions.c.address, suppressions.c.reason).order_by(suppressions.c.address).limit(SHOWN),
    "issues": select(issues.c.id, issues.c.number, issues.c.title, issues.c.status, issues.c.readers)
    .where(NEEDED["issues"][1]).order_by(issues.c.number.desc()).limit(SHOWN),
}  # fmt: skip


async def needs(session: AsyncSession, _by: Principal) -> dict[str, Any]:
    """Kind → need. All are counted by one statement; what there is none of is not looked for."""
    totals = (await session.execute(COUNTS)).mappings().one()
    found: dict[str, Any] = {
        kind: (await session.execute(FIRST[kind])).all() if totals[kind] else () for kind in NEEDED
    }
    found["issues"] = await _with_readers(session, found["issues"])
    return {kind: need(totals[kind], items) for kind, items in found.items()}


async def _with_readers(session: AsyncSession, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Until it is pressed, an issue has as many readers as would get it now."""
    would = await reader_count(session) if any(not row.readers for row in rows) else 0
    return [{**row._asdict(), "readers": row.readers or (would if row.status != "paused" else 0)} for row in rows]
