"""Counting how fast people were told.

Invariant: a delivery is counted once. Who counts holds the turn, and the mark moves in the same transaction.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import tellings
from shared.db import upsert

BOUNDS = (
    5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000, 60_000,
    300_000, 1_800_000, 3_600_000, 21_600_000, 86_400_000,
)  # fmt: skip
"""Milliseconds. What took longer than the last was history that somebody brought in late, and is left out."""

Lag = tuple[date, str, int, int]
"""The day, the way, the milliseconds from the change to its telling, and how many deliveries took that long."""


async def count_tellings(session: AsyncSession, lags: Iterable[Lag]) -> int:
    """Add *lags* to what is counted; returns how many deliveries that were."""
    added: Counter[tuple[date, str, int]] = Counter()
    for day, way, milliseconds, count in lags:
        if milliseconds <= BOUNDS[-1]:
            added[day, way, BOUNDS[bisect_left(BOUNDS, max(0, milliseconds))]] += count
    rows = [{"day": day, "way": way, "within": within, "count": n} for (day, way, within), n in sorted(added.items())]
    if rows:
        insert = upsert(session, tellings)
        sums = {"count": tellings.c.count + insert.excluded.count}
        await session.execute(insert.on_conflict_do_update(index_elements=["day", "way", "within"], set_=sums), rows)
    return sum(added.values())


def lag(way: str, changed: datetime, told: datetime) -> Lag:
    """One delivery."""
    return told.date(), way, round((told - changed).total_seconds() * 1000), 1
