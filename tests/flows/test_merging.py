"""One network becomes part of another, and everybody and everything of it goes there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from shared import clock
from tests.flows.system import System


async def eventually(what: Callable[[], Awaitable[Any]], seconds: float = 30) -> Any:
    """What *what* answers, once it is something."""
    for _ in range(int(seconds * 10)):
        if found := await what():
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("it never came")


async def test_members_follows_and_gatherings_go_over_and_nobody_is_told_twice(system: System) -> None:
    async with system.as_("staff") as staff, system.as_("member") as member, system.as_("associate") as follower:
        fields = {"type": "disease", "care_group": "merging", "bodies": ["Q31"]}
        old, new = [
            (await staff.post("/networks", json={**fields, "name": f"{name} merging network"})).json()
            for name in ("Old", "New")
        ]
        assert (await member.post(f"/networks/{old['id']}/join", json={})).status_code == 201
        assert (await follower.post(f"/networks/{old['id']}/follow", json={})).status_code == 204
        starts = clock.now() + timedelta(days=9)
        gathering = {
            "title": "Last day", "networks": [old["id"]], "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=2)).isoformat(),
        }  # fmt: skip
        event = (await staff.post("/events", json=gathering)).raise_for_status().json()
        await eventually(lambda: _has_heard_of(member, gathering["title"]))
        async with system.stream("/alerts/stream", "member") as alerts:
            merged = await staff.post(f"/networks/{old['id']}/merge", json={"into": new["id"], "reason": "One office"})
            assert merged.status_code == 200, merged.text
            entry = (await staff.get(f"/networks/{new['id']}/history")).json()["items"][0]
            await alerts.until(lambda item: item["message_id"] == entry["id"])

            async def moved() -> bool:
                me, follows = (await member.get("/me")).json(), (await follower.get("/preferences")).json()["follows"]
                held = (await staff.get(f"/events/{event['id']}")).json()["networks"]
                mine = [network["id"] for network in me["networks"]]
                return (
                    new["id"] in mine and old["id"] not in mine and new["id"] in follows and old["id"] not in follows
                    and [network["id"] for network in held] == [new["id"]]
                )  # fmt: skip

            await eventually(moved)
            await staff.patch(f"/networks/{new['id']}", json={"aims": "What both want."})
            after = (await staff.get(f"/networks/{new['id']}/history")).json()["items"][0]
            await alerts.until(lambda item: item["message_id"] == after["id"])
            told = [data["message_id"] for _, data in alerts.events if data["network_id"] in (old["id"], new["id"])]
        assert told == [entry["id"], after["id"]]
        inbox = (await member.get("/alerts", params={"limit": 100})).json()["items"]
        assert [item["message_id"] for item in inbox].count(entry["id"]) == 1


async def _has_heard_of(member: Any, title: str) -> bool:
    """Whether the alert of it is in the inbox: it is not to come into what is looked at afterwards."""
    return any(title in item["headline"] for item in (await member.get("/alerts")).json()["items"])
