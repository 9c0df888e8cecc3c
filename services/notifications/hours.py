"""Hours: when it is quiet for a reader, and when their day's summary comes, by the clock on their wall.

A wall clock skips an hour in spring and shows one twice in autumn. What falls into the hour that is skipped comes as
much later as the clock was put on; of an hour that is shown twice the first is a summary's, and quiet hours end in
both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

A_DAY = timedelta(days=1)
MINUTES = 24 * 60


@cache
def zones() -> frozenset[str]:
    """The names of time zones, such as `Europe/London`."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


@dataclass(frozen=True, slots=True)
class Hours:
    """A reader's hours, in minutes after midnight on their wall. Equal ends mean: never quiet."""

    zone: str = "Europe/London"
    quiet_from: int | None = None
    quiet_to: int | None = None
    daily_at: int = 7 * 60

    @classmethod
    def of(cls, row: Any) -> Hours:
        """From a row of `preferences`, where there is one."""
        values: Mapping[str, Any] = row._mapping if hasattr(row, "_mapping") else row or {}
        return cls(**{name: values[name] for name in cls.__slots__ if name in values})

    def is_quiet(self, moment: datetime) -> bool:
        """Whether nothing is sent at *moment*."""
        if self.quiet_from is None or self.quiet_to is None or self.quiet_from == self.quiet_to:
            return False
        wall = moment.astimezone(ZoneInfo(self.zone))
        now = wall.hour * 60 + wall.minute
        if self.quiet_from < self.quiet_to:
            return self.quiet_from <= now < self.quiet_to
        return now >= self.quiet_from or now < self.quiet_to

    def sound_again(self, moment: datetime) -> datetime:
        """*moment*, or the end of the quiet hours that it falls into."""
        while self.is_quiet(moment):
            moment = next_time(self.quiet_to or 0, self.zone, after=moment, folds=(0, 1))
        return moment

    def next_daily(self, moment: datetime) -> datetime:
        """When the next daily summary is due after *moment*: at their hour, or when the quiet hours around it end."""
        return self.sound_again(next_time(self.daily_at, self.zone, after=moment))


def next_time(minutes: int, zone: str, *, after: datetime, folds: Sequence[int] = (0,)) -> datetime:
    """The next moment after *after* at which the clock on a wall in *zone* shows *minutes* after midnight, in UTC.

    *folds*: whether the first (0) or the second time (1) counts, where it shows them twice.
    """
    there = ZoneInfo(zone)
    today = after.astimezone(there).date()
    shown = time(minutes // 60, minutes % 60)
    days = [datetime.combine(today + number * A_DAY, shown, there) for number in (-1, 0, 1, 2)]
    moments = [day.replace(fold=fold).astimezone(UTC) for day in days for fold in folds]
    return min(moment for moment in moments if moment > after)


def shown(minutes: int) -> str:
    """`07:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
