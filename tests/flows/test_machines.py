"""Programs are told as people are: by webhooks, streams that resume, a list to ask, and feeds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import feedparser
import httpx
import pytest
from standardwebhooks import Webhook

from tests.flows.system import System
from tests.flows.test_change import network_of
from tests.outside.receivers import Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def change(system: System, network: dict[str, Any], aims: str) -> str:
    """Change the network; the id of the message."""
    async with system.as_("staff") as staff:
        answer = await staff.patch(f"/networks/{network['id']}", json={"aims": aims})
        assert answer.status_code == 200, answer.text
        history = (await staff.get(f"/networks/{network['id']}/history")).json()["items"]
        return str(history[0]["id"])


async def follow(system: System, message_id: str, kind: str) -> dict[str, Any]:
    """The effect of that kind on the page that follows the change, once it is there and done."""
    async with system.as_("staff") as staff:
        for _ in range(200):
            found = (await staff.get(f"/changes/{message_id}")).json()
            effects = [e for stage in found["stages"] for e in stage["effects"] if e["kind"] == kind]
            if effects and effects[0]["outcome"] == "delivered":
                return dict(effects[0])
            await asyncio.sleep(0.1)
    raise AssertionError(f"no {kind} for {message_id}")


async def test_a_change_reaches_a_webhook_signed_and_is_followed(system: System, receiver: Receiver) -> None:
    network = await network_of(system, "member")
    async with system.as_("member") as member:
        made = await member.post(
            "/subscriptions",
            json={"name": "Ward screen", "url": receiver.url, "form": "full", "networks": [network["id"]]},
        )
        assert made.status_code == 201, made.text
        hook = made.json()
        message_id = await change(system, network, "Told to a program.")
        effect = await follow(system, message_id, "webhook")
        asked = next(one for one in receiver.asked if one.headers["webhook-id"] == message_id)
        event = Webhook(hook["secret"]).verify(asked.body, asked.headers)
        assert event["data"]["state"]["aims"] == "Told to a program." and effect["count"] == 1
        assert (await member.delete(f"/subscriptions/{hook['id']}")).status_code == 204


async def test_a_stream_brings_what_was_picked_and_what_was_missed(system: System) -> None:
    network, other = await network_of(system, "member"), await a_network(system, 1)
    path = f"/changes/stream?network={network['id']}&type=networks.registry.*"
    async with system.stream(path, "member") as stream:
        await change(system, other, "Not picked.")
        seen = await change(system, network, "Picked.")
        got = await stream.until(lambda data: data.get("message_id") == seen)
        assert [data["network_id"] for _, data in stream.events if "network_id" in data] == [network["id"]]
    missed = [await change(system, network, f"Missed {number}.") for number in range(3)]
    async with system.stream(path, "member", last=got["position"]) as stream:
        await stream.until(lambda data: data.get("message_id") == missed[-1])
        assert [data["message_id"] for _, data in stream.events if "message_id" in data] == missed
    async with system.as_("member") as member:
        listed = (await member.get(f"/changes?network={network['id']}&after={got['position']}")).json()
        assert [entry["message_id"] for entry in listed["items"]][:3] == missed
        first = (await member.get(f"/changes?network={network['id']}&limit=1")).json()
        assert first["items"][0]["message_id"] == missed[-1] and first["total"] > 3 and first["why"]


async def test_a_visitor_s_stream_is_public_and_a_position_of_elsewhere_is_reset(system: System) -> None:
    async with (
        httpx.AsyncClient(base_url=f"{system.url}/api", timeout=20) as visitor,
        visitor.stream("GET", "/changes/stream", headers={"last-event-id": "elsewhere-5"}) as answer,
    ):
        assert answer.status_code == 200
        text = ""
        async with asyncio.timeout(10):
            async for chunk in answer.aiter_text():
                text += chunk
                if "event: reset" in text:
                    break
    assert "event: open" in text
    wrong = httpx.get(f"{system.url}/api/changes/stream?category=gossip")
    assert wrong.status_code == 422 and "category" in wrong.json()["detail"]


async def a_network(system: System, place: int) -> dict[str, Any]:
    async with system.as_("staff") as staff:
        found: dict[str, Any] = (await staff.get("/networks", params={"limit": 10})).json()["items"][place]
        return found


async def told(system: System, message_id: str) -> None:
    """Wait until the change stands in the sequence."""
    async with system.as_("staff") as staff:
        for _ in range(200):
            newest = (await staff.get("/changes?limit=20")).json()["items"]
            if any(entry["message_id"] == message_id for entry in newest):
                return
            await asyncio.sleep(0.05)
    raise AssertionError("never told")


async def test_feeds_of_network_care_group_and_body(system: System) -> None:
    network = await network_of(system, "member")
    message_id = await change(system, network, "In the feeds.")
    await told(system, message_id)
    async with httpx.AsyncClient(base_url=system.url, timeout=20) as visitor:
        group = network["care_group"].lower().replace(" ", "-")
        for path in (f"/networks/{network['slug']}/feed.atom", f"/care-groups/{group}/feed.atom"):
            answer = await visitor.get(path)
            parsed = feedparser.parse(answer.content)
            assert answer.status_code == 200 and not parsed.bozo, path
            assert parsed.entries[0].id == f"urn:uuid:{message_id}"
            again = await visitor.get(path, headers={"if-none-match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            assert "public" in answer.headers["cache-control"]
        assert (await visitor.get("/networks/there-is-none/feed.atom")).status_code == 404
        assert (await visitor.get("/care-groups/there-is-none/feed.atom")).status_code == 404
        refused = await visitor.get("/oversight/Q31/feed.atom")
        assert refused.status_code == 401 and refused.headers["content-type"] == "application/problem+json"


async def test_a_secret_address_opens_a_body_s_feed_until_there_is_another(system: System) -> None:
    async with system.as_("officer") as officer, httpx.AsyncClient(base_url=system.url, timeout=20) as reader:
        key = (await officer.post("/feed-key", json={})).json()["key"]
        mine = await reader.get(f"/oversight/Q31/feed.atom?key={key}")
        others = await reader.get(f"/oversight/Q30/feed.atom?key={key}")
        parsed = feedparser.parse(mine.content)
        assert mine.status_code == 200 and parsed.entries and "private" in mine.headers["cache-control"]
        assert others.status_code == 403
        older = next(link.href for link in parsed.feed.links if link.rel == "prev-archive")
        page = await reader.get(older.removeprefix(system.url))
        assert page.status_code == 200 and len(feedparser.parse(page.content).entries) == 50
        assert key not in str((await officer.get("/feed-key")).json())
        await officer.post("/feed-key", json={})
        assert (await reader.get(f"/oversight/Q31/feed.atom?key={key}")).status_code == 404


async def test_openapi_knows_what_programs_ask(system: System) -> None:
    paths = httpx.get(f"{system.url}/api/openapi.json").json()["paths"]
    assert {"/subscriptions", "/subscriptions/{subscription_id}/redeliver", "/changes", "/changes/stream"} <= set(paths)
    names = {parameter["name"] for parameter in paths["/changes"]["get"]["parameters"]}
    assert {"type", "network", "body", "care_group", "category", "after"} <= names
