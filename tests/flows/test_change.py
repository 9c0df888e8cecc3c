"""Change one network once, and everybody whom it concerns knows: in the page, the feed, the newsletter."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from shared import clock
from tests.flows.system import System


async def network_of(system: System, who: str) -> dict[str, Any]:
    """The network that a demonstration person belongs to."""
    async with system.as_(who) as client:
        me = (await client.get("/me")).json()
        found: dict[str, Any] = (await client.get(f"/networks/{me['networks'][0]['id']}")).json()
        return found


async def test_a_change_is_seen_by_member_and_officer_and_in_the_newsletter(system: System) -> None:
    network = await network_of(system, "member")
    async with (
        system.stream("/alerts/stream", "member") as alerts,
        system.stream("/oversight/Q31/feed/stream", "officer") as feed,
        system.as_("staff") as staff,
    ):
        changed = await staff.patch(
            f"/networks/{network['id']}", json={"population": 1_234_567, "reason": "New census"}
        )
        assert changed.status_code == 200, changed.text
        entry = (await staff.get(f"/networks/{network['id']}/history")).json()["items"][0]
        told = lambda item: item["message_id"] == entry["id"]  # noqa: E731
        alert, line = await alerts.until(told), await feed.until(told)
        assert alert["headline"] == line["headline"] == entry["headline"]
        assert alert["network_id"] == network["id"]
        assert await drafted(staff, entry["id"])


async def test_who_makes_a_network_does_something_with_it_at_once(system: System) -> None:
    """No service has heard of it when the answer comes; nobody is told that there is no such network."""
    fields = {"type": "disease", "care_group": "stroke", "bodies": ["Q31"]}
    starts = clock.now() + timedelta(days=9)
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat()}
    async with system.as_("staff") as staff:

        async def made(name: str) -> str:
            answer = await staff.post("/networks", json={**fields, "name": f"{name} at once network"})
            return str(answer.raise_for_status().json()["id"])

        joined = await staff.post(f"/networks/{await made('Joined')}/join", json={})
        followed = await staff.post(f"/networks/{await made('Followed')}/follow", json={})
        met = await staff.post("/events", json={"title": "First day", "networks": [await made("Met")], **times})
        assert [answer.status_code for answer in (joined, followed, met)] == [201, 204, 201], met.text


async def drafted(staff: Any, message_id: str) -> bool:
    """Whether the draft of this week's newsletter holds the message, within a few seconds."""
    for _ in range(100):
        issues = (await staff.get("/newsletter/issues", params={"status": "draft"})).json()["items"]
        for issue in issues:
            full = (await staff.get(f"/newsletter/issues/{issue['id']}")).json()
            if any(item["message_id"] == message_id for item in full["items"]):
                return True
        await asyncio.sleep(0.1)
    return False


async def test_the_same_change_is_told_once_to_one_reached_twice(system: System) -> None:
    """A member who follows the network is reached by two routes, and told once."""
    network = await network_of(system, "member")
    async with system.as_("member") as member, system.as_("staff") as staff:
        await member.post(f"/networks/{network['id']}/follow", json={})
        async with system.stream("/alerts/stream", "member") as alerts:
            await staff.patch(f"/networks/{network['id']}", json={"aims": "Told once."})
            entry = (await staff.get(f"/networks/{network['id']}/history")).json()["items"][0]
            await alerts.until(lambda item: item["message_id"] == entry["id"])
            await asyncio.sleep(1)
            assert [data["message_id"] for _, data in alerts.events].count(entry["id"]) == 1
        inbox = (await member.get("/alerts", params={"limit": 100})).json()["items"]
        assert [item["message_id"] for item in inbox].count(entry["id"]) == 1


async def test_a_minor_change_is_recorded_and_told_to_nobody(system: System) -> None:
    network = await network_of(system, "member")
    async with system.stream("/alerts/stream", "member") as alerts, system.as_("staff") as staff:
        await staff.patch(f"/networks/{network['id']}", json={"aims": "A comma.", "minor": True})
        await staff.patch(f"/networks/{network['id']}", json={"aims": "Something to tell."})
        entries = (await staff.get(f"/networks/{network['id']}/history")).json()["items"]
        await alerts.until(lambda item: item["message_id"] == entries[0]["id"])
        assert entries[1]["minor"] and entries[1]["id"] not in {d["message_id"] for _, d in alerts.events}


async def test_who_returns_gets_exactly_what_was_missed(system: System) -> None:
    network = await network_of(system, "member")
    async with system.as_("staff") as staff:
        async with system.stream("/alerts/stream", "member") as first:
            await staff.patch(f"/networks/{network['id']}", json={"population": 1})
            await first.until(lambda item: item["network_id"] == network["id"])
        last, _ = first.events[-1]
        for number in range(2, 7):
            await staff.patch(f"/networks/{network['id']}", json={"population": number})
        missed = (await staff.get(f"/networks/{network['id']}/history", params={"limit": 5})).json()["items"]
        async with system.stream("/alerts/stream", "member", last=last) as second:
            await second.until(lambda item: item["message_id"] == missed[0]["id"])
            got = [data["message_id"] for _, data in second.events if data["network_id"] == network["id"]]
    assert got == [entry["id"] for entry in reversed(missed)]


async def test_who_muted_a_network_hears_no_more_of_it(system: System) -> None:
    network = await network_of(system, "member")
    async with system.as_("member") as member, system.as_("staff") as staff:
        async with system.stream("/alerts/stream", "member") as alerts:
            await member.post(f"/networks/{network['id']}/mute", json={})
            await staff.patch(f"/networks/{network['id']}", json={"aims": "Unheard."})
            entry = (await staff.get(f"/networks/{network['id']}/history")).json()["items"][0]
            await asyncio.sleep(2)
            assert entry["id"] not in {data["message_id"] for _, data in alerts.events}
        await member.post(f"/networks/{network['id']}/unmute", json={})


async def test_a_change_can_be_followed_to_its_effects(system: System) -> None:
    network = await network_of(system, "member")
    async with system.as_("staff") as staff:
        await staff.patch(f"/networks/{network['id']}", json={"aims": "Follow me."})
        entry = (await staff.get(f"/networks/{network['id']}/history")).json()["items"][0]
        for _ in range(100):
            followed = (await staff.get(f"/changes/{entry['id']}")).json()
            kinds = {effect["kind"] for stage in followed["stages"] for effect in stage["effects"]}
            if {"alert", "feed"} <= kinds:
                break
            await asyncio.sleep(0.1)
    services = {stage["service"] for stage in followed["stages"]}
    assert {"notifications", "oversight"} <= services and {"alert", "feed"} <= kinds
    assert followed["headline"] == entry["headline"]
