"""How fast people were told: reading what was counted, by week or by month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.schemas.tellings import Period, Step, Told
from services.notifications.tables import telling_marks, tellings

PERIODS = 12
"""How many weeks or months are told of."""
SECOND = 1000


async def told(session: AsyncSession, *, per: Period, today: date) -> list[Told]:
    """What was counted, each period with each way, the newest first."""
    first = began(per, today)
    for _ in range(PERIODS - 1):
        first = began(per, first - timedelta(days=1))
    counted: dict[tuple[date, str], Counter[int]] = defaultdict(Counter)
    query = select(tellings.c.day, tellings.c.way, tellings.c.within, tellings.c.count).where(tellings.c.day >= first)
    for day, way, within, count in await session.execute(query):
        counted[began(per, day), way][within] += count
    newest_first = sorted(counted, key=lambda key: (-key[0].toordinal(), key[1]))
    return [_told(per, start, way, counted[start, way]) for start, way in newest_first]


async def measured_since(session: AsyncSession) -> datetime | None:
    """The moment from which tellings are counted; None where counting has not begun."""
    since: datetime | None = (await session.execute(select(func.min(telling_marks.c.began)))).scalar_one()
    return since


def began(per: Period, day: date) -> date:
    """The first day of the week (a Monday) or of the month that *day* is in."""
    return day - timedelta(days=day.weekday()) if per == "week" else day.replace(day=1)


def _told(per: Period, start: date, way: str, counted: Mapping[int, int]) -> Told:
    total = sum(counted.values())
    quick = sum(count for within, count in counted.items() if within <= SECOND)
    after = start + timedelta(days=7) if per == "week" else (start + timedelta(days=31)).replace(day=1)
    return Told(
        first_day=start, last_day=after - timedelta(days=1), way=way, told=total, within_a_second=quick,
        share=quick / total, median_ms=quantile(counted, 0.5), p95_ms=quantile(counted, 0.95),
        steps=[Step(within_ms=within, count=counted[within]) for within in sorted(counted)],
    )  # fmt: skip


def quantile(counted: Mapping[int, int], share: float) -> int:
    """The bound in milliseconds within which *share* of all was told."""
    wanted, reached, within = share * sum(counted.values()), 0, 0
    for within in sorted(counted):
        reached += counted[within]
        if reached >= wanted:
            break
    return within
