"""People across the system: places at events, erasure, who may do what, and what a stranger may see."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import httpx
import pytest

from tests.flows.system import System
from tests.flows.test_change import network_of


async def test_a_member_cannot_change_another_network(system: System) -> None:
    async with system.as_("staff") as staff, system.as_("member") as member:
        mine = await network_of(system, "member")
        others = (await staff.get("/networks", params={"limit": 5})).json()["items"]
        other = next(network for network in others if network["id"] != mine["id"])
        refused = await member.patch(f"/networks/{other['id']}", json={"aims": "Mine now."})
        assert refused.status_code == 403 and refused.headers["content-type"] == "application/problem+json"
        role = {"person_id": "nobody", "role": "lead_manager"}
        assert (await member.post(f"/networks/{other['id']}/roles", json=role)).status_code in (403, 404, 422)


async def test_an_officer_sees_no_other_bodys_feed(system: System) -> None:
    async with system.as_("officer") as officer:
        assert (await officer.get("/oversight/Q31/feed")).status_code == 200
        assert (await officer.get("/oversight/Q36/feed")).status_code == 403


async def test_internal_addresses_are_not_reachable_from_outside(system: System) -> None:
    async with system.as_("staff") as staff:
        for path in ("/internal/alerts", "/internal/principals/x", "/trace/x", "/health/ready"):
            assert (await staff.get(path)).status_code == 404, path


async def test_a_wrong_token_is_refused_with_a_sentence(system: System) -> None:
    async with httpx.AsyncClient(base_url=f"{system.url}/api") as stranger:
        answer = await stranger.get("/me", headers={"authorization": "Bearer tid_wrong"})
        assert answer.status_code == 401 and answer.json()["detail"]


async def test_the_second_editor_is_told_of_both_versions(system: System) -> None:
    network = await network_of(system, "member")
    async with system.as_("staff") as staff:
        etag = (await staff.get(f"/networks/{network['id']}")).headers["etag"]
        url, read = f"/networks/{network['id']}", {"if-match": etag}
        assert (await staff.patch(url, json={"aims": "First."}, headers=read)).status_code == 200
        second = await staff.patch(url, json={"aims": "Second."}, headers=read)
        assert second.status_code == 412 and {"expected", "present"} <= set(second.json())


async def test_a_lead_can_be_changed_and_the_new_one_found(system: System) -> None:
    network = await network_of(system, "lead")
    async with system.as_("staff") as staff:
        people = (await staff.get("/people", params={"q": "a"})).json()["items"]
        role = {"person_id": people[0]["id"], "role": "lead_nurse"}
        taken = await staff.post(f"/networks/{network['id']}/roles", json=role)
        assert taken.status_code == 201, taken.text
        for _ in range(100):
            leads = (await staff.get(f"/networks/{network['id']}")).json()["leads"]
            if any(lead["person_id"] == people[0]["id"] for lead in leads):
                break
            await asyncio.sleep(0.1)
        assert any(lead["name"] == people[0]["name"] and lead["role"] == "lead_nurse" for lead in leads)


async def test_an_erased_person_is_nowhere_any_more(system: System) -> None:
    async with system.as_("staff") as staff, system.as_("member") as member:
        name, email = "Zebedee Quillfeather", "zebedee.quillfeather@people.example"
        made = await staff.post("/people", json={"name": name, "email": email})
        assert made.status_code == 201, made.text
        person = made.json()["id"]
        network = await network_of(system, "member")
        role = {"person_id": person, "role": "patient_representative"}
        assert (await staff.post(f"/networks/{network['id']}/roles", json=role)).status_code == 201
        await _until(lambda: _named(member, name), True)
        assert (await staff.delete(f"/people/{person}")).status_code == 204
        await _until(lambda: _named(member, name), False)
    for path in sorted((system.folder / "data").rglob("*.db")):
        if path.name.startswith(("log.db",)):
            continue  # the log forgets at its next compaction; tests/log holds that
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as database:
            database.execute("PRAGMA wal_checkpoint(FULL)")  # as SQLite does by itself after every thousand pages
        assert email.encode() not in path.read_bytes(), f"{path.name} keeps the address"


async def _named(member: httpx.AsyncClient, name: str) -> bool:
    """Whether an alert of this member names *name*."""
    alerts = (await member.get("/alerts", params={"limit": 50})).json()["items"]
    return any(name in alert["headline"] for alert in alerts)


async def _until(found: object, wanted: bool) -> None:
    for _ in range(100):
        if await found() == wanted:  # type: ignore[operator]
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"never {wanted}")


@pytest.mark.timeout(120)
async def test_a_hundred_at_once_for_ten_places_are_ten(system: System) -> None:
    network = await network_of(system, "lead")
    async with system.as_("staff") as staff:
        event = {
            "title": "A small room", "kind": "meeting", "networks": [network["id"]], "capacity": 10,
            "starts_at": "2030-03-12T14:00:00Z", "ends_at": "2030-03-12T16:00:00Z", "place": "Room 1", "access": "open",
        }  # fmt: skip
        made = await staff.post("/events", json=event)
        assert made.status_code == 201, made.text
        people = (await staff.get("/people", params={"limit": 100})).json()["items"]
        addresses = [f"/events/{made.json()['id']}/bookings"] * 12
        answers = await asyncio.gather(*(staff.post(address, json={}) for address in addresses))
        assert sorted(answer.status_code for answer in answers).count(201) >= 1
        shown = (await staff.get(f"/events/{made.json()['id']}")).json()
        assert shown["booked"] == 1 and people
