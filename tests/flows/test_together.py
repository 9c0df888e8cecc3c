"""Many networks changed one by one, by a register that is killed in the middle, again and again."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx

from tests.flows.system import System

REASON = "One by one, whatever falls"


async def test_each_is_changed_once_and_its_people_hear_once_however_often_the_register_is_killed(
    system: System,
) -> None:
    chance = random.Random(11)
    victim = "registry" if system.scaled else "all"
    async with system.as_("staff") as staff:
        before = await _levels(staff)
        networks = list(before)
        (await staff.post(f"/networks/{networks[7]}/follow", json={})).raise_for_status()
        asked = {"networks": networks, "change": {"level": "national"}, "one_by_one": True, "reason": REASON}
        batch = (await staff.post("/batches", json=asked)).raise_for_status().json()["id"]
        for _ in range(3):
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            await asyncio.to_thread(system.kill, victim)
            await asyncio.to_thread(system.start, victim)
        done = await _ended(staff, batch, "applied")
        assert (done["done"], done["refused"]) == (len(networks), 0)
        entries = [await _entries(staff, network) for network in networks]
        assert set(entries) == {0, 1} and sum(entries) == done["changed"] > 100
        assert await _told(staff) == 1
        assert set((await _levels(staff)).values()) == {"national"}

        (await staff.post(f"/batches/{batch}/undo", json={})).raise_for_status()
        await _ended(staff, batch, "undone")
        assert await _levels(staff) == before


async def _levels(staff: httpx.AsyncClient) -> dict[str, str]:
    """Each network of the first three pages with its level."""
    found, following = dict[str, str](), dict[str, str]()
    for _ in range(3):
        page = (await staff.get("/networks", params={"limit": "100", **following})).json()
        found |= {one["id"]: one["level"] for one in page["items"]}
        following = {"cursor": page["next"]}
    return found


async def _ended(staff: httpx.AsyncClient, batch: str, status: str) -> dict[str, Any]:
    for _ in range(600):
        answer = await staff.get(f"/batches/{batch}")
        if answer.status_code == 200 and answer.json()["status"] == status:
            return dict(answer.json())
        await asyncio.sleep(0.1)
    raise AssertionError(f"{answer.status_code}: {answer.text}")


async def _entries(staff: httpx.AsyncClient, network: str) -> int:
    """How many entries of a network's history tell of it."""
    history = (await staff.get(f"/networks/{network}/history")).raise_for_status().json()["items"]
    return sum(entry["reason"] == REASON for entry in history)


async def _told(staff: httpx.AsyncClient) -> int:
    """How many alerts tell of it, once there is one and a moment has passed in which another might come."""
    for _ in range(100):
        if await _alerts(staff):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    return await _alerts(staff)


async def _alerts(staff: httpx.AsyncClient) -> int:
    alerts = (await staff.get("/alerts", params={"limit": 100})).raise_for_status().json()["items"]
    return len([alert for alert in alerts if "more networks" in alert["headline"]])
