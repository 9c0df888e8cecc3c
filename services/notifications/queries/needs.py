"""What of the notifications waits for the staff: webhooks that were switched off, addresses without mail, issues."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
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


async def needs(session: AsyncSession, _by: Principal) -> dict[str, Any]:
    """Kind → need. All are counted by one statement; what there is none of is not looked for."""
    counts = (
        select(func.count()).select_from(table).where(needed).scalar_subquery() for table, needed in NEEDED.values()
    )
    totals = dict(zip(NEEDED, (await session.execute(select(*counts))).one(), strict=True))
    first = {"webhooks": _webhooks, "bounces": _bounces, "issues": _issues}
    return {kind: need(total, await first[kind](session) if total else ()) for kind, total in totals.items()}


async def _webhooks(session: AsyncSession) -> Any:
    c = subscriptions.c
    query = select(c.id, c.name, c.status_reason).where(c.status == "disabled").order_by(c.id)
    return await session.execute(query.limit(SHOWN))


async def _bounces(session: AsyncSession) -> Any:
    c = suppressions.c
    return await session.execute(select(c.address, c.reason).order_by(c.address).limit(SHOWN))


async def _issues(session: AsyncSession) -> Any:
    """Until it is pressed, an issue has as many readers as would get it now."""
    c = issues.c
    query = select(c.id, c.number, c.title, c.status, c.readers).where(c.status.in_(UNSENT)).order_by(c.number.desc())
    rows = (await session.execute(query.limit(SHOWN))).all()
    would = await reader_count(session) if any(not row.readers for row in rows) else 0
    return [{**row._asdict(), "readers": row.readers or (would if row.status != "paused" else 0)} for row in rows]
