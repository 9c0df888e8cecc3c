"""Booking a place: never more than there are, one for each person, and the queue moves up by itself."""

from __future__ import annotations

import asyncio
from collections import Counter

from shared.auth import Principal
from tests.events.conftest import GUEST, LEAD, MEMBER, Hall, erased, in_days

PEOPLE = [Principal(f"p-{n:03}") for n in range(100)]


async def test_a_hundred_at_once_for_ten_places_give_ten(hall: Hall) -> None:
    event = await hall.scheduled(capacity=10)
    answers = await asyncio.gather(*(hall.book(event["id"], person) for person in PEOPLE))
    assert Counter(answer.status_code for answer in answers) == {201: 100}
    assert Counter(answer.json()["status"] for answer in answers) == {"booked": 10, "waiting": 90}
    shown = (await hall.ask("GET", f"/events/{event['id']}")).json()
    assert (shown["booked"], shown["waiting"]) == (10, 90)


async def test_one_person_asking_ten_times_at_once_has_one_booking(hall: Hall) -> None:
    event = await hall.scheduled()
    answers = await asyncio.gather(*(hall.book(event["id"], GUEST) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}
    assert await hall.statuses(event["id"]) == {"guest-1": "booked"}


async def test_a_freed_place_goes_to_whoever_waits_longest(hall: Hall) -> None:
    event = await hall.scheduled(capacity=1)
    for person in (GUEST, MEMBER, LEAD):
        await hall.book(event["id"], person)
    answer = await hall.ask("DELETE", f"/events/{event['id']}/bookings/mine", GUEST)
    assert answer.json()["status"] == "cancelled"
    assert await hall.statuses(event["id"]) == {"member-1": "booked", "lead-1": "waiting"}
    await hall.book(event["id"], GUEST)
    assert list(await hall.statuses(event["id"])) == ["member-1", "lead-1", "guest-1"]


async def test_bookings_are_told_to_the_person_alone(hall: Hall) -> None:
    event = await hall.scheduled(capacity=1, starts_at="2027-03-12T14:00:00Z", ends_at="2027-03-12T15:00:00Z")
    await hall.book(event["id"], GUEST)
    await hall.book(event["id"], MEMBER)
    await hall.ask("DELETE", f"/events/{event['id']}/bookings/mine", GUEST)
    told = [m for m in await hall.told(5) if m.topic == "events.bookings"]
    assert [m.announcement.headline for m in told if m.announcement] == [
        "You have a place at Stroke day, 12 March 2027, 14:00",
        "You are on the waiting list of Stroke day, 12 March 2027, 14:00",
        "You gave up your place at Stroke day, 12 March 2027, 14:00",
        "A place became free: you are booked for Stroke day, 12 March 2027, 14:00",
    ]
    assert [m.announcement.concerns.audiences() for m in told if m.announcement] == [
        ["person:guest-1"], ["person:member-1"], ["person:guest-1"], ["person:member-1"],
    ]  # fmt: skip


async def test_more_places_let_in_those_who_wait(hall: Hall) -> None:
    event = await hall.scheduled(capacity=0)
    for person in PEOPLE[:4]:
        assert (await hall.book(event["id"], person)).json()["status"] == "waiting"
    await hall.ask("PATCH", f"/events/{event['id']}", json={"capacity": 2})
    assert list((await hall.statuses(event["id"])).values()) == ["booked", "booked", "waiting", "waiting"]
    refused = await hall.ask("PATCH", f"/events/{event['id']}", json={"capacity": 1})
    assert refused.status_code == 409 and "2 places are booked" in refused.json()["detail"]
    await hall.ask("PATCH", f"/events/{event['id']}", json={"capacity": None})
    assert set((await hall.statuses(event["id"])).values()) == {"booked"}


async def test_whoever_will_not_wait_is_refused_when_it_is_full(hall: Hall) -> None:
    event = await hall.scheduled(capacity=0)
    answer = await hall.book(event["id"], GUEST, waiting_list=False)
    assert answer.status_code == 409 and "waiting list" in answer.json()["detail"]
    assert await hall.statuses(event["id"]) == {}


async def test_a_gathering_for_members_takes_members_and_one_by_invitation_its_leads(hall: Hall) -> None:
    members = await hall.scheduled(access="members")
    invited = await hall.scheduled(access="invited")
    assert (await hall.book(members["id"], GUEST)).status_code == 403
    assert (await hall.book(members["id"], MEMBER)).status_code == 201
    assert (await hall.book(invited["id"], MEMBER)).status_code == 403
    assert (await hall.book(invited["id"], LEAD)).status_code == 201


async def test_booking_needs_a_sign_in_and_the_list_is_for_leads(hall: Hall) -> None:
    event = await hall.scheduled()
    assert (await hall.ask("POST", f"/events/{event['id']}/bookings", None, {})).status_code == 401
    await hall.book(event["id"], MEMBER)
    assert (await hall.ask("GET", f"/events/{event['id']}/bookings", MEMBER)).status_code == 403
    listed = (await hall.ask("GET", f"/events/{event['id']}/bookings", LEAD)).json()
    assert [booking["name"] for booking in listed["items"]] == ["Mia Example"]


async def test_my_bookings_are_mine_alone(hall: Hall) -> None:
    event = await hall.scheduled()
    await hall.book(event["id"], MEMBER)
    mine = (await hall.ask("GET", "/bookings", MEMBER)).json()
    assert [booking["title"] for booking in mine["items"]] == ["Stroke day"] and mine["total"] == 1
    assert (await hall.ask("GET", "/bookings", GUEST)).json()["items"] == []
    assert (await hall.ask("GET", f"/events/{event['id']}", MEMBER)).json()["my_booking"] == "booked"


async def test_nothing_to_give_up_is_not_found(hall: Hall) -> None:
    event = await hall.scheduled()
    assert (await hall.ask("DELETE", f"/events/{event['id']}/bookings/mine", GUEST)).status_code == 404


async def test_a_repeated_idempotency_key_books_once(hall: Hall) -> None:
    event = await hall.scheduled()
    path = f"/events/{event['id']}/bookings"
    first = await hall.ask("POST", path, GUEST, {}, idempotency_key="once")
    again = await hall.ask("POST", path, GUEST, {}, idempotency_key="once")
    assert (again.status_code, again.json()) == (201, first.json())


async def test_guests_are_told_of_a_move_and_members_only_as_members(hall: Hall) -> None:
    event = await hall.scheduled()
    for person in (GUEST, MEMBER):
        await hall.book(event["id"], person)
    await hall.ask("PATCH", f"/events/{event['id']}", json={"starts_at": in_days(20), "ends_at": in_days(20, 2)})
    said = next(m for m in await hall.told(4) if m.type.endswith("event.changed.v1"))
    assert said.announcement is not None
    assert said.announcement.concerns.people == ("guest-1",)
    assert said.announcement.concerns.networks == ("n-1",)


async def test_an_erased_person_is_forgotten_and_their_place_goes_on(hall: Hall) -> None:
    event = await hall.scheduled(capacity=1)
    for person in (MEMBER, GUEST):
        await hall.book(event["id"], person)
    await hall.hear(erased("member-1"))
    assert await hall.statuses(event["id"]) == {"guest-1": "booked"}
    assert (await hall.ask("GET", "/bookings", MEMBER)).json()["total"] == 0
