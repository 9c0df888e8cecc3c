"""Hours on a reader's wall: quiet ones, the day's summary, and the two nights on which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.hours import Hours, next_time, zones

pytestmark = pytest.mark.fast
MOMENTS = st.datetimes(
    datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2030-01-01"), timezones=st.just(UTC)
)
NIGHT = Hours("Europe/London", 22 * 60, 7 * 60, 8 * 60)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_night_begins_in_the_evening_and_ends_in_the_morning_where_the_reader_is() -> None:
    assert NIGHT.is_quiet(utc("2026-07-01T21:00")) and not NIGHT.is_quiet(utc("2026-07-01T20:59"))
    assert not NIGHT.is_quiet(utc("2026-07-02T06:00")) and NIGHT.is_quiet(utc("2026-07-02T05:59"))
    there = Hours("America/New_York", 22 * 60, 7 * 60)
    assert there.is_quiet(utc("2026-07-01T02:00")) and not there.is_quiet(utc("2026-07-01T21:00"))


def test_nothing_chosen_is_never_quiet_and_equal_ends_are_no_hours() -> None:
    assert not Hours().is_quiet(utc("2026-07-01T02:00"))
    assert not Hours("UTC", 60, 60).is_quiet(utc("2026-07-01T01:00"))


def test_a_summary_comes_at_the_same_hour_of_the_wall_before_and_after_the_clocks_change() -> None:
    assert NIGHT.next_daily(utc("2026-03-28T12:00")) == utc("2026-03-29T07:00")  # summer time began at 01:00
    assert NIGHT.next_daily(utc("2026-10-24T12:00")) == utc("2026-10-25T08:00")  # and ended at 01:00


def test_an_hour_that_is_skipped_comes_when_the_clock_goes_on() -> None:
    half_past_one = Hours("Europe/London", daily_at=90)
    due = half_past_one.next_daily(utc("2026-03-28T12:00"))
    assert due == utc("2026-03-29T01:30")  # 02:30 on the wall
    assert half_past_one.next_daily(due) == utc("2026-03-30T00:30")


def test_in_an_hour_that_is_shown_twice_the_summary_comes_once() -> None:
    half_past_one = Hours("Europe/London", daily_at=90)
    due = half_past_one.next_daily(utc("2026-10-24T12:00"))
    assert due == utc("2026-10-25T00:30") and half_past_one.next_daily(due) == utc("2026-10-26T01:30")


def test_of_an_hour_that_is_shown_twice_the_quiet_ends_with_the_second() -> None:
    early = Hours("Europe/London", 22 * 60, 90)
    ends = early.sound_again(utc("2026-10-24T23:00"))
    assert ends == utc("2026-10-25T00:30")  # 01:30, the first time
    assert early.is_quiet(utc("2026-10-25T01:10"))  # 01:10, the second time
    assert early.sound_again(utc("2026-10-25T01:10")) == utc("2026-10-25T01:30")


def test_a_daily_hour_within_the_quiet_ones_waits_for_their_end() -> None:
    assert Hours("UTC", 22 * 60, 7 * 60, 6 * 60).next_daily(utc("2026-07-01T12:00")) == utc("2026-07-02T07:00")


@given(MOMENTS, st.integers(0, 1439), st.sampled_from(sorted(zones())))
def test_the_next_time_is_after_and_within_two_days(moment: datetime, minutes: int, zone: str) -> None:
    after = moment.astimezone(UTC)
    assert timedelta() < next_time(minutes, zone, after=after) - after < timedelta(days=2, hours=2)


@given(
    MOMENTS, st.integers(0, 1439), st.integers(0, 1439),
    st.sampled_from(sorted(zones())),
)  # fmt: skip
def test_quiet_hours_end_within_a_day_or_so(moment: datetime, start: int, end: int, zone: str) -> None:
    hours, now = Hours(zone, start, end), moment.astimezone(UTC)
    ends = hours.sound_again(now)
    assert not hours.is_quiet(ends) and timedelta() <= ends - now <= timedelta(hours=26)
