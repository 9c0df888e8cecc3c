"""What an answer means, and when a webhook is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.delivery.webhooks.judging import RETRY_PAUSES, judged, paused_until, why_disabled
from services.notifications.delivery.webhooks.signing import rotated, secret_of, valid
from shared import clock
from shared.outside.calls import Answer

pytestmark = pytest.mark.fast
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def answer(status: int | None, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"", 5, "No answer.")


def row(attempts: int = 0, kind: str = "change", ordered_at: datetime = NOON) -> dict[str, Any]:
    return {"number": 1, "attempts": attempts, "kind": kind, "ordered_at": ordered_at}


@given(attempts=st.integers(0, 6), status=st.sampled_from([None, 100, 302, 400, 404, 429, 500, 503, 599]))
def test_a_try_in_vain_is_repeated_after_its_pause_more_or_less(attempts: int, status: int | None) -> None:
    with clock.at(NOON):
        tried = judged(row(attempts), answer(status))
    assert tried.state == "retrying" and tried.again_at
    pause = (tried.again_at - NOON).total_seconds()
    assert RETRY_PAUSES[attempts] * 0.8 <= pause <= RETRY_PAUSES[attempts] * 1.2


def test_there_are_eight_tries_from_five_seconds_to_ten_hours() -> None:
    assert (len(RETRY_PAUSES) + 1, RETRY_PAUSES[0], RETRY_PAUSES[-1]) == (8, 5, 36000)
    last = judged(row(7), answer(500))
    assert last.state == "failed" and "8 tries" in last.reason


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_two_hundred_and_something_is_taken(status: int) -> None:
    assert judged(row(), answer(status)).state == "delivered"


def test_a_redirect_is_said_and_not_followed() -> None:
    tried = judged(row(), answer(301, location="https://new.example/"))
    assert "https://new.example/" in tried.reason and "not followed" in tried.reason


@pytest.mark.parametrize(("said", "seconds"), [("120", 120), ("999999", 3600), ("soon", 0), ("-5", 0), ("²", 0)])
def test_a_wish_to_wait_is_granted_within_bounds(said: str, seconds: int) -> None:
    with clock.at(NOON):
        until = paused_until(1, answer(503, retry_after=said))
    assert until == (NOON + timedelta(seconds=seconds) if seconds else None)


@given(failures=st.integers(0, 10_000))
def test_an_endpoint_that_fails_on_and_on_rests_longer_but_never_for_ever(failures: int) -> None:
    with clock.at(NOON):
        until = paused_until(failures, answer(500))
    rest = (until - NOON).total_seconds() if until else 0
    assert rest == 0 if failures < 3 else 4 <= rest <= 720


def test_a_test_is_tried_once_and_disables_nothing() -> None:
    for status in (500, 410):
        tried = judged(row(kind="test"), answer(status))
        assert tried.state == "failed" and why_disabled(row(kind="test"), tried, None) == ""


def test_gone_disables_at_once() -> None:
    tried = judged(row(), answer(410))
    assert tried.state == "failed" and "410" in why_disabled(row(), tried, NOON + timedelta(hours=1))


@pytest.mark.parametrize(("arrived", "off"), [(None, True), (-1, True), (1, False)])
def test_given_up_disables_only_where_nothing_arrived_since(arrived: int | None, off: bool) -> None:
    tried = judged(row(7), answer(500))
    last = None if arrived is None else NOON + timedelta(hours=arrived)
    assert bool(why_disabled(row(7), tried, last)) == off


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 168)), min_size=1, max_size=5))
def test_however_secrets_are_rotated_the_newest_signs_and_none_outlives_its_overlap(turns: list[Any]) -> None:
    kept, moment = rotated([], NOON, timedelta(0)), NOON
    for hours_later, overlap in turns:
        moment += timedelta(hours=hours_later)
        before = valid(kept, moment)
        kept = rotated(kept, moment, timedelta(hours=overlap))
        assert kept[0]["until"] is None and all(secret["until"] for secret in kept[1:])
        assert valid(kept, moment + timedelta(hours=overlap)) == kept[:1]
        assert len(kept) <= len(before) + 1


def test_a_secret_needs_the_installation_s_own() -> None:
    made = secret_of("key", "id", "salt")
    assert made.startswith("whsec_") and len(made) == len("whsec_") + 44
    assert (
        len({made, secret_of("other", "id", "salt"), secret_of("key", "i", "dsalt"), secret_of("key", "id", "s")}) == 4
    )
