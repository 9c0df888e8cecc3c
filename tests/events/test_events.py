"""Scheduling, changing and cancelling a gathering: who may, what is told to whom, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from icalendar import Calendar

from tests.events.conftest import GUEST, LEAD, MEMBER, STAFF, Hall, gathering, in_days, network, role


async def test_a_gathering_is_told_to_its_network_body_and_care_group(hall: Hall) -> None:
    event = await hall.scheduled(starts_at="2027-03-12T14:00:00Z", ends_at="2027-03-12T16:00:00Z")
    (said,) = await hall.told(1)
    assert (said.type, said.key, said.subject) == ("networks.events.event.scheduled.v1", "n-1", event["id"])
    announced = said.announcement
    assert announced is not None and announced.headline == "New: Stroke day, 12 March 2027, 14:00"
    assert (announced.category, announced.significance) == ("events", "normal")
    assert announced.path == f"/events/{event['id']}"
    assert announced.concerns.audiences() == ["network:n-1", "body:Q31", "care_group:stroke"]


async def test_a_gathering_of_two_networks_concerns_both_and_has_its_own_key(hall: Hall) -> None:
    event = await hall.scheduled(networks=["n-1", "n-2", "n-1"])
    (said,) = await hall.told(1)
    assert said.key == event["id"] and [n["id"] for n in event["networks"]] == ["n-1", "n-2"]
    assert said.announcement is not None
    assert set(said.announcement.concerns.bodies) == {"Q31", "Q32"}
    assert set(said.announcement.concerns.care_groups) == {"stroke", "renal"}


@pytest.mark.parametrize(
    ("fields", "headline"),
    [
        (
            {"starts_at": "2027-03-12T14:00:00Z", "ends_at": "2027-03-12T15:00:00Z"},
            "Stroke day moved to 12 March 2027, 14:00",
        ),
        ({"place": "Leeds"}, "Stroke day is now at Leeds"),
        ({"description": "New", "capacity": 5}, "Stroke day: description and capacity changed"),
    ],
)
async def test_a_change_says_what_changed(hall: Hall, fields: dict[str, Any], headline: str) -> None:
    event = await hall.scheduled()
    answer = await hall.ask("PATCH", f"/events/{event['id']}", json=fields, if_match='"1"')
    assert answer.status_code == 200 and answer.headers["etag"] == '"2"'
    said = (await hall.told(2))[1]
    assert said.type == "networks.events.event.changed.v1"
    assert said.announcement is not None and said.announcement.headline == headline


async def test_a_minor_change_is_recorded_and_not_told(hall: Hall) -> None:
    event = await hall.scheduled()
    await hall.ask("PATCH", f"/events/{event['id']}", json={"place": "Leeds", "minor": True})
    said = (await hall.told(2))[1]
    assert said.announcement is None and said.state["place"] == "Leeds"


async def test_a_change_to_what_it_is_already_says_nothing(hall: Hall) -> None:
    event = await hall.scheduled()
    answer = await hall.ask("PATCH", f"/events/{event['id']}", json={"title": "Stroke day"})
    assert answer.json()["revision"] == 1


async def test_the_second_of_two_editors_is_told_of_both_versions(hall: Hall) -> None:
    event = await hall.scheduled()
    await hall.ask("PATCH", f"/events/{event['id']}", json={"place": "Leeds"}, if_match='"1"')
    answer = await hall.ask("PATCH", f"/events/{event['id']}", json={"place": "York"}, if_match='"1"')
    assert answer.status_code == 412
    assert (answer.json()["expected"], answer.json()["present"]) == (1, 2)


async def test_a_cancelled_gathering_is_major_news_and_stays_as_it_was(hall: Hall) -> None:
    event = await hall.scheduled()
    answer = await hall.ask("POST", f"/events/{event['id']}/cancel", json={"reason": "The hall flooded"})
    assert answer.json()["status"] == "cancelled"
    said = (await hall.told(2))[1]
    assert said.announcement is not None and said.announcement.significance == "major"
    assert (await hall.ask("PATCH", f"/events/{event['id']}", json={"place": "York"})).status_code == 409
    assert (await hall.ask("POST", f"/events/{event['id']}/cancel", json={})).status_code == 409
    assert (await hall.book(event["id"], GUEST)).status_code == 409


async def test_only_staff_and_leads_of_every_network_may_hold_a_gathering(hall: Hall) -> None:
    assert (await hall.ask("POST", "/events", LEAD, gathering())).status_code == 201
    both = gathering(networks=["n-1", "n-2"])
    assert (await hall.ask("POST", "/events", LEAD, both)).status_code == 403
    await hall.hear(role("n-2", "lead-1", "chair"))
    assert (await hall.ask("POST", "/events", LEAD, both)).status_code == 201
    for by, status in ((MEMBER, 403), (GUEST, 403), (None, 401)):
        assert (await hall.ask("POST", "/events", by, gathering())).status_code == status


async def test_a_lead_of_one_network_cannot_change_or_take_over_the_gathering_of_another(hall: Hall) -> None:
    other = await hall.scheduled(networks=["n-2"])
    own = await hall.scheduled(LEAD)
    assert (await hall.ask("PATCH", f"/events/{other['id']}", LEAD, {"place": "York"})).status_code == 403
    assert (await hall.ask("POST", f"/events/{other['id']}/cancel", LEAD, {})).status_code == 403
    assert (await hall.ask("GET", f"/events/{other['id']}/bookings", LEAD)).status_code == 403
    assert (await hall.ask("PATCH", f"/events/{own['id']}", LEAD, {"networks": ["n-2"]})).status_code == 403
    assert (await hall.ask("PATCH", f"/events/{own['id']}", LEAD, {"place": "York"})).status_code == 200


async def test_a_lead_whose_time_is_over_may_do_nothing(hall: Hall) -> None:
    await hall.hear(role("n-1", "lead-1", "lead_nurse", revision=2, until="2010-12-31"))
    assert (await hall.ask("POST", "/events", LEAD, gathering())).status_code == 403


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ends_at": in_days(9)}, "end must be after the start"),
        ({"starts_at": in_days(-1)}, "start is in the past"),
        ({"networks": []}, "name at least one network"),
        ({"networks": ["n-9"]}, "Not on the register: n-9"),
        ({"capacity": -1}, "greater than or equal to 0"),
        ({"capacity": 100_001}, "less than or equal to 100000"),
        ({"capacity": "many"}, "valid integer"),
        ({"starts_at": "2027-03-12T14:00:00"}, "timezone"),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, "between 1948 and 2100"),
        ({"title": ""}, "at least 1 character"),
        ({"title": "x" * 10_000}, "at most 200 characters"),
        ({"title": "Bell \u0007"}, "control character"),
        ({"online_url": "javascript:alert(1)"}, "must begin with https://"),
        ({"colour": "blue"}, "not a field of this"),
    ],
)
async def test_bad_input_is_refused_with_a_sentence(hall: Hall, fields: dict[str, Any], sentence: str) -> None:
    by = LEAD if "past" in sentence else STAFF  # who may record what is past
    answer = await hall.ask("POST", "/events", by, gathering(**fields))
    assert answer.status_code == 422, answer.text
    assert sentence in answer.json()["detail"] and answer.json()["errors"]
    assert (await hall.ask("GET", "/events")).json()["total"] == 0


async def test_staff_may_record_a_gathering_of_the_past(hall: Hall) -> None:
    event = await hall.scheduled(starts_at=in_days(-9), ends_at=in_days(-9, 2))
    assert (await hall.book(event["id"], GUEST)).status_code == 409


async def test_an_archived_network_holds_nothing_new(hall: Hall) -> None:
    await hall.hear(network("n-1", revision=2, archived=True))
    assert (await hall.ask("POST", "/events", STAFF, gathering())).status_code == 422


async def test_gatherings_are_found_by_network_body_day_and_words(hall: Hall) -> None:
    first = await hall.scheduled(title="Stroke day", starts_at=in_days(1), ends_at=in_days(1, 1))
    second = await hall.scheduled(title="100% kidneys", networks=["n-2"], starts_at=in_days(5), ends_at=in_days(5, 1))
    for query, found in (
        ("network=n-1", [first]), ("sha=Q32", [second]), ("q=KIDNEYS 100%25", [second]), ("q=_", []),
        (f"from={in_days(3)[:10]}", [second]), (f"to={in_days(3)[:10]}", [first]), ("", [first, second]),
    ):  # fmt: skip
        items = (await hall.ask("GET", f"/events?{query}")).json()["items"]
        assert [item["id"] for item in items] == [event["id"] for event in found], query


async def test_pages_of_gatherings_follow_by_their_cursor(hall: Hall) -> None:
    made = [(await hall.scheduled(starts_at=in_days(day), ends_at=in_days(day, 1)))["id"] for day in (3, 1, 2)]
    first = (await hall.ask("GET", "/events?limit=2")).json()
    rest = (await hall.ask("GET", f"/events?limit=2&cursor={first['next']}")).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == [made[1], made[2], made[0]]
    assert (first["total"], rest["next"]) == (3, None)
    assert (await hall.ask("GET", "/events?cursor=nonsense")).status_code == 400


async def test_where_to_dial_in_is_shown_to_those_who_may_come(hall: Hall) -> None:
    event = await hall.scheduled(access="members", online_url="https://meet.example/1")
    for by, shown in ((STAFF, True), (MEMBER, True), (GUEST, False), (None, False)):
        assert bool((await hall.ask("GET", f"/events/{event['id']}", by)).json()["online_url"]) is shown
    assert (await hall.ask("GET", "/events")).json()["items"][0]["online_url"] == ""


async def test_a_calendar_file_has_utc_times_and_updates_itself(hall: Hall) -> None:
    event = await hall.scheduled(
        starts_at="2027-07-01T10:00:00+01:00", ends_at="2027-07-01T12:00:00+01:00", place="Leeds"
    )
    await hall.ask("PATCH", f"/events/{event['id']}", json={"place": "York"})
    answer = await hall.ask("GET", f"/events/{event['id']}/calendar.ics", None)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    (entry,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert b"DTSTART:20270701T090000Z" in answer.content and b"DTEND:20270701T110000Z" in answer.content
    assert (entry["uid"], int(entry["sequence"]), entry["location"]) == (event["id"], 1, "York")
    await hall.ask("POST", f"/events/{event['id']}/cancel", json={})
    assert b"STATUS:CANCELLED" in (await hall.ask("GET", f"/events/{event['id']}/calendar.ics", None)).content


async def test_what_does_not_exist_is_not_found(hall: Hall) -> None:
    for path in ("/events/x", "/events/x/calendar.ics", "/events/x/bookings"):
        assert (await hall.ask("GET", path)).status_code == 404
    assert (await hall.ask("PATCH", "/events/x", STAFF, {"place": "York"})).status_code == 404
