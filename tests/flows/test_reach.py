"""Before a change: whom it would reach. Afterwards: that it did. On both ways to run."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.flows.system import System, wait_until_settled


async def _network(system: System) -> dict[str, Any]:
    async with system.as_("member") as client:
        mine = (await client.get("/me")).json()["networks"][0]
        found: dict[str, Any] = (await client.get(f"/networks/{mine['id']}")).json()
    return found


async def test_what_a_change_would_reach_is_said_by_every_service_and_comes_true(system: System) -> None:
    network = await _network(system)
    async with system.as_("staff") as staff:
        foreseen = (await _previewed(staff, network, {"aims": "To be seen through"})).json()
        assert (await staff.get(f"/networks/{network['id']}")).json()["revision"] == network["revision"]
        changed = await staff.patch(f"/networks/{network['id']}", json={"aims": "To be seen through"})
        assert changed.status_code == 200
        await asyncio.to_thread(wait_until_settled, system)
        entry = (await staff.get(f"/networks/{network['id']}/history?limit=1")).json()["items"][0]
        trace = (await staff.get(f"/changes/{entry['id']}")).json()

    ways = {item["way"]: item for item in foreseen["items"]}
    effects = [effect for stage in trace["stages"] for effect in stage["effects"]]
    assert {item["service"] for item in foreseen["items"]} == {"notifications", "oversight"}
    assert foreseen["away"] == [] and foreseen["headlines"] == [entry["headline"]]
    assert ways["live"]["count"] >= 2 and foreseen["sentence"].startswith("This reaches ")
    assert {why["reason"] for why in ways["feeds"]["because"]} == set(network["bodies"])
    webhooks = sum(effect["count"] for effect in effects if effect["kind"] == "webhook")
    assert ways.get("webhooks", {"count": 0})["count"] == webhooks
    assert ("newsletter" in ways) == any(effect["kind"] == "newsletter" for effect in effects)


async def test_a_minor_change_reaches_nobody_and_a_refused_one_is_refused(system: System) -> None:
    network = await _network(system)
    async with system.as_("staff") as staff, system.as_("associate") as stranger:
        minor = (await _previewed(staff, network, {"aims": "Other aims", "minor": True})).json()
        assert (minor["items"], minor["sentence"]) == ([], "This reaches nobody.")
        assert (await _previewed(staff, network, {"bodies": ["Q99"]})).status_code == 422
        assert (await _previewed(stranger, network, {"aims": "Mine"})).status_code == 403
        unclear = await staff.patch(f"/networks/{network['id']}?preview=maybe", json={"aims": "Unclear"})
        assert unclear.status_code == 400
        assert (await staff.get(f"/networks/{network['id']}")).json()["aims"] != "Unclear"


async def _previewed(client: httpx.AsyncClient, network: dict[str, Any], body: dict[str, Any]) -> httpx.Response:
    return await client.patch(f"/networks/{network['id']}?preview=true", json=body)
