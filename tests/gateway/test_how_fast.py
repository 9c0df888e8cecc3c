"""How fast streams are told: measured where they are written to, handed over, and said without flattery."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.clients import ServiceAway
from services.gateway.pages.charts import ages, shares, spread, timeline
from services.gateway.pages.how_fast import duration, percent, period
from services.gateway.streams.formats import alert_json
from services.gateway.streams.hub import Hub
from services.gateway.streams.wires import Reader, Wire
from services.gateway.tellings import Tellings, rounded
from shared import clock
from tests.gateway.conftest import Client, until
from tests.gateway.test_hub import Listens

pytestmark = pytest.mark.fast


class Notifications:
    """Takes what is handed over, when it is there."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.is_away = False

    async def change(self, _service: str, _method: str, _path: str, body: list[dict[str, Any]]) -> None:
        if self.is_away:
            raise ServiceAway
        self.taken += body


async def test_deliveries_that_took_alike_long_are_handed_over_as_one_number() -> None:
    there = Notifications()
    tellings = Tellings(there)  # type: ignore[arg-type]
    for seconds in (0.1234, 0.1239, 2.0):
        tellings.note("alerts", seconds, 5)
    await tellings.hand_over()
    await tellings.hand_over()
    assert [(one["way"], one["milliseconds"], one["count"]) for one in there.taken] == [
        ("live", 120, 10), ("live", 2000, 5),
    ]  # fmt: skip


async def test_what_cannot_be_handed_over_waits() -> None:
    there = Notifications()
    tellings = Tellings(there)  # type: ignore[arg-type]
    tellings.note("feed", 0.01, 1)
    there.is_away = True
    await tellings.hand_over()
    tellings.note("feed", 0.01, 2)
    there.is_away = False
    await tellings.hand_over()
    assert [(one["way"], one["count"]) for one in there.taken] == [("feed", 3)]


async def test_only_streams_that_were_written_to_are_counted(hub: Hub, listens: Listens) -> None:
    measured: list[tuple[str, int]] = []
    hub.told = lambda kind, seconds, count: measured.append((kind, count)) if seconds < 60 else None
    for key, audience in (("anna", "network:n1"), ("ben", "network:n1"), ("cleo", "network:n2")):
        listens(key, audience)
    slow = Client()
    stream = hub.join(Reader("dan", ["network:n1"]), alert_json, slow.send)
    hub.released(stream, 0)
    slow.slow = True
    for offset, network in ((1, "n1"), (2, "n3")):
        item = {
            "id": "m",
            "headline": "One",
            "network_id": network,
            "category": "news",
            "time": clock.now().isoformat(),
        }
        hub.offer(Wire("e1", offset, (f"network:{network}",), item))
    await until(lambda: hub.position == 2)
    assert measured == [("alerts", 2)]


@pytest.mark.parametrize(("seconds", "shown"), [(-0.4, 0), (0.007, 7), (0.0234, 23), (1.249, 1200), (12.6, 13000)])
def test_times_are_kept_with_two_digits(seconds: float, shown: int) -> None:
    assert rounded(seconds) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (percent(1.0), "100 %"), (percent(0.9999), "99.9 %"), (percent(0.5), "50.0 %"), (duration(75), "75 ms"),
        (duration(1000), "1 second"), (duration(1500), "1.5 seconds"), (duration(1_800_000), "30 minutes"),
        (duration(3_600_000), "1 hour"), (period("2026-11-23", "week"), "Week of 23 November 2026"),
        (period("2026-11-01", "month"), "November 2026"),
    ],
)  # fmt: skip
def test_a_share_is_never_rounded_up_to_all_and_times_are_said_in_words(said: str, shown: str) -> None:
    assert said == shown


def test_the_picture_says_the_share_of_all_deliveries_together() -> None:
    drawn = shares("Told", {"On open pages": (1.0, 30), "By mail": (0.0, 10)})
    assert drawn["title"] == "Told: 75 % of 40"
    assert [row["value"] for row in drawn["rows"]] == ["100 %", "0 %"]
    assert shares("Told", {})["title"] == "Told: nothing measured yet"


def test_the_picture_of_how_long_it_took_says_within_what_half_were_told() -> None:
    drawn = spread(
        "How long it took",
        [{"within_ms": 20, "count": 1}, {"within_ms": 75, "count": 2}, {"within_ms": 2000, "count": 1}],
    )
    assert drawn["title"] == "How long it took: half of 4 deliveries within 100 ms"
    assert [(row["label"], row["value"]) for row in drawn["rows"]] == [
        ("Up to 50 ms", "25 %"), ("Up to 100 ms", "50 %"), ("Up to 300 ms", "0 %"), ("Up to 1 second", "0 %"),
        ("Longer", "25 %"),
    ]  # fmt: skip


def test_vacancies_are_drawn_by_the_days_after_which_somebody_is_told() -> None:
    drawn = ages("How long roles have been vacant", [0, 30, 31, 91, 400])
    assert [row["value"] for row in drawn["rows"]] == ["2", "1", "0", "2"]


def test_a_change_that_failed_somewhere_says_so_on_its_bar() -> None:
    stages = [
        {"service": "registry", "milliseconds": 0, "outcome": "said"},
        {"service": "oversight", "milliseconds": 6.2, "outcome": "handled"},
        {"service": "notifications", "milliseconds": 12.4, "outcome": "parked"},
        {"service": "events", "milliseconds": None, "outcome": "begun"},
    ]
    assert [(row["label"], row["said"], row["width"]) for row in timeline(stages)["rows"]] == [
        ("Oversight", "+6 ms", 50.0), ("Notifications", "+12 ms, failed", 100.0),
    ]  # fmt: skip
