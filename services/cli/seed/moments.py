"""Moments of the demonstration's year: people work on weekdays, and most of what shows happened lately."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

YEAR = timedelta(days=365)


def working_moment(chance: Random, day: date) -> datetime:
    """A moment between half past eight and half past five on *day*, or on the Friday before a weekend."""
    day -= timedelta(days=max(0, day.weekday() - 4))
    seconds = chance.uniform(8.5 * 3600, 17.5 * 3600)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds)


def at_work(moment: datetime, hour: int) -> datetime:
    """The day of *moment*, or the Friday before a weekend, at *hour*."""
    day = moment.date() - timedelta(days=max(0, moment.weekday() - 4))
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def moments_of_a_year(chance: Random, now: datetime, count: int) -> list[datetime]:
    """*count* moments of the year before *now*, in order: one in nine of the last week, some of the last hours."""
    today = now.date()
    last_hours = [now - timedelta(minutes=chance.uniform(4, 400)) for _ in range(max(1, count // 50))]
    last_week = [working_moment(chance, today - timedelta(days=chance.randint(1, 7))) for _ in range(count // 9)]
    rest = count - len(last_hours) - len(last_week)
    earlier = [working_moment(chance, today - timedelta(days=chance.randint(8, 360))) for _ in range(rest)]
    return sorted(moment for moment in (*earlier, *last_week, *last_hours) if moment < now)
