"""How fast people were told is counted from what was really delivered, once, and never from a loaded past."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from services.notifications.commands.tellings import count_tellings
from services.notifications.delivery.measuring import count_delivered
from services.notifications.queries.tellings import quantile
from services.notifications.tables import alerts, deliveries, webhook_deliveries
from shared import clock
from shared.auth import GATEWAY
from tests.notifications.conftest import Town

DAY = date(2026, 11, 23)
QUICK = timedelta(milliseconds=300)


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks happen when a test says so."""
    monkeypatch.setattr("services.notifications.delivery.measuring.LOOK_SECONDS", 3600.0)
    monkeypatch.setattr("services.notifications.delivery.measuring.SETTLING", timedelta(0))


async def look(town: Town) -> None:
    async with town.parts.database.transaction() as session:
        await count_delivered(session)


async def told(town: Town, way: str) -> dict[str, int]:
    found = await town.get("/tellings")
    mine = [item for item in found["items"] if item["way"] == way]
    return {"told": sum(item["told"] for item in mine), "quick": sum(item["within_a_second"] for item in mine)}


async def test_nothing_measured_is_said_and_not_called_perfect(town: Town) -> None:
    await look(town)
    found = await town.get("/tellings", per="month")
    assert found["items"] == [] and found["since"]


async def test_alert_is_counted_once_however_often_somebody_looks(town: Town) -> None:
    await look(town)
    changed = clock.now()
    for headline, after in (("Aims changed", QUICK), ("An old change, late", timedelta(seconds=5))):
        message = await town.tell(headline, networks=["a"], time=changed)
        async with town.parts.database.transaction() as session:
            stored = alerts.update().where(alerts.c.message_id == message).values(stored_at=changed + after)
            await session.execute(stored)
    await look(town)
    await look(town)
    assert await told(town, "inbox") == {"told": 2, "quick": 1}


async def test_history_that_was_loaded_is_left_out(town: Town) -> None:
    await look(town)
    past = clock.now() - timedelta(minutes=10)
    row = {
        "type": "", "headline": "Loaded", "category": "news", "significance": "normal", "path": "/",
        "network_id": "", "care_group": "", "actor": "",
    }  # fmt: skip
    async with town.parts.database.transaction() as session:
        await session.execute(insert(alerts).values(**row, offset=1, message_id="1", time=past, stored_at=past))
        old = past - timedelta(days=365)
        await session.execute(insert(alerts).values(**row, offset=2, message_id="2", time=old, stored_at=clock.now()))
    await look(town)
    assert await told(town, "inbox") == {"told": 0, "quick": 0}


async def test_mail_that_goes_late_is_counted_when_it_went_and_slow(town: Town) -> None:
    await look(town)
    changed = clock.now()
    message, other = [await town.tell(headline, networks=["a"], time=changed) for headline in ("One", "Two")]
    soon, later = changed + QUICK, changed + timedelta(seconds=20)
    row = {
        "kind": "alert", "reader_id": "ann", "attempts": 1, "next_at": later, "holder": "", "repeated": False,
        "reason": "",
    }  # fmt: skip
    async with town.parts.database.transaction() as session:
        await session.execute(insert(deliveries).values(**row, thing=message, state="deferred"))
        await session.execute(insert(deliveries).values(**row, thing=other, state="sent", sent_at=soon))
    with clock.at(later - timedelta(seconds=1)):
        await look(town)
    assert await told(town, "mail") == {"told": 1, "quick": 1}
    async with town.parts.database.transaction() as session:
        sent = deliveries.update().where(deliveries.c.thing == message).values(state="sent", sent_at=later)
        await session.execute(sent)
    with clock.at(later + timedelta(seconds=1)):
        await look(town)
        await look(town)
    assert await told(town, "mail") == {"told": 2, "quick": 1}


async def test_webhook_is_counted_when_its_receiver_took_it(town: Town) -> None:
    await look(town)
    changed = clock.now()
    message = await town.tell("One", networks=["a"], time=changed)
    soon = changed + QUICK
    row = {
        "subscription_id": "s", "message_id": message, "kind": "change", "offset": 1, "network_id": "a",
        "attempts": 1, "next_at": changed, "reason": "", "ordered_at": changed, "settled_at": soon,
    }  # fmt: skip
    async with town.parts.database.transaction() as session:
        await session.execute(insert(webhook_deliveries).values(**row, state="delivered"))
        await session.execute(insert(webhook_deliveries).values(**row | {"message_id": "x"}, state="failed"))
    with clock.at(soon + timedelta(seconds=1)):
        await look(town)
    assert await told(town, "webhook") == {"told": 1, "quick": 1}


async def test_what_the_gateway_measured_is_added_up_by_day(town: Town) -> None:
    day = clock.today().isoformat()
    measured = [{"way": "live", "day": day, "milliseconds": ms, "count": 10} for ms in (12, 900, 1200, 90_000_000)]
    for _ in range(2):
        answer = await town.client.post("/internal/tellings", json=measured, headers=town.as_(GATEWAY))
        assert answer.status_code == 204, answer.text
    (item,) = (await town.get("/tellings"))["items"]
    assert (item["told"], item["within_a_second"], item["median_ms"], item["p95_ms"]) == (60, 40, 1000, 1500)


async def test_nobody_but_the_gateway_hands_in_measurements(town: Town) -> None:
    answer = await town.client.post("/internal/tellings", json=[], headers=town.as_("ann"))
    assert answer.status_code == 403


async def test_week_begins_on_monday_and_a_month_on_its_first(town: Town) -> None:
    day = datetime.combine(DAY, datetime.min.time(), UTC)
    async with town.parts.database.transaction() as session:
        await count_tellings(session, [(DAY - timedelta(days=back), "inbox", 8, 1) for back in (0, 1, 7, 30)])
    with clock.at(day + timedelta(days=2)):
        weeks = (await town.get("/tellings"))["items"]
        months = (await town.get("/tellings", per="month"))["items"]
    assert [(item["first_day"], item["last_day"], item["told"]) for item in weeks] == [
        ("2026-11-23", "2026-11-29", 1), ("2026-11-16", "2026-11-22", 2), ("2026-10-19", "2026-10-25", 1),
    ]  # fmt: skip
    assert [(item["first_day"], item["last_day"], item["told"]) for item in months] == [
        ("2026-11-01", "2026-11-30", 3), ("2026-10-01", "2026-10-31", 1),
    ]  # fmt: skip


def test_half_and_95_of_100_are_within_a_bound_that_was_counted() -> None:
    assert quantile({10: 1, 5: 2, 1000: 1}, 0.5) == 5
    assert quantile({5: 94, 10: 1, 2000: 5}, 0.95) == 10
    assert quantile({5: 94, 2000: 6}, 0.95) == 2000
