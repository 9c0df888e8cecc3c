"""Webhooks: healthy receivers alone, and beside a thousand that never answer; deliveries a second; what matching costs.

A latency counts from the change's own time, taken before its commit, to the moment the request is whole at the
receiver; all clocks are this machine's. The thousand slow ones are told of every change too, and hold each call for
fifteen seconds.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import update

from benchmarks.figures import Figure, percentile
from benchmarks.receivers import Arrival, Receivers, receivers
from benchmarks.whole import SCALED, STAFF, World, populated, settings_of, whole
from services.cli.data import transaction
from services.notifications.commands.subscriptions import add_subscription
from services.notifications.matching import order_webhooks
from services.notifications.tables import subscription_keys, subscriptions
from shared import clock
from shared.config import Settings
from shared.rows import insert_rows
from tests.flows.system import System

HEALTHY, SLOW = 50, 1_000
CHANGES, PAUSE = 12, 0.3
TURNS, SETTLING = 2, 1.5
"""Turns of each kind, and the seconds before one in which the slow come to hang."""
AGAIN = 100
"""Changes that every healthy webhook is sent again, to count deliveries a second."""
LATER_BY = 250.0
"""Milliseconds that the healthy may be later at p99 beside the slow."""
OTHERS = 10_000
TRIES = 200
LONGEST = 120.0


def measure() -> list[Figure]:
    """Milliseconds and deliveries a second, on both ways to run; and the milliseconds of matching."""
    return [*_on("scaled", *SCALED), *_on("embedded"), *_matching()]


def _on(where: str, *parts: str) -> list[Figure]:
    with receivers() as there, whole(*parts, TIDINGS_WEBHOOK_ALLOW="127.0.0.0/8") as system:
        world, settings = populated(system, networks=1, readers=0), settings_of(system)
        ids = asyncio.run(_subscribe(settings, there, "quick", HEALTHY))
        _latencies(system, world, there)
        rate = _rate(system, world, there, ids)
        slow = asyncio.run(_subscribe(settings, there, "slow", SLOW))
        first = _latencies(system, world, there, changes=1)
        series = _alternating(system, world, there, slow)
    alone, beside = ([time for found in series[name] for time in found] for name in ("alone", "beside"))
    before, after = percentile(alone, 0.99), percentile(beside, 0.99)
    middles = {name: ", ".join(f"{percentile(found, 0.5):.0f}" for found in series[name]) for name in series}
    said = f"change → {HEALTHY} webhooks, {where}"
    aim = f"≤ {LATER_BY:g} ms later than alone"
    return [
        Figure(f"{said}, p50", percentile(alone, 0.5), "ms", beside=f"in turn {middles['alone']}"),
        Figure(f"{said}, p99", before, "ms"),
        Figure(
            f"{said}, {SLOW:,} slow beside, p50", percentile(beside, 0.5), "ms", beside=f"in turn {middles['beside']}"
        ),
        Figure(f"{said}, {SLOW:,} slow beside, p99", after, "ms", aim, after <= before + LATER_BY),
        Figure(f"{said}, {SLOW:,} slow beside for the first time, p99", percentile(first, 0.99), "ms"),
        Figure(f"webhook deliveries, {HEALTHY} receivers, {where}", rate, "/s"),
    ]


def _alternating(system: System, world: World, there: Receivers, slow: list[str]) -> dict[str, list[list[float]]]:
    """Series of latencies by turns: with the slow ones switched off, and with them on and hanging."""
    found: dict[str, list[list[float]]] = {"alone": [], "beside": []}
    for _ in range(TURNS):
        for name in found:
            asyncio.run(_switch(settings_of(system), slow, "active" if name == "beside" else "disabled"))
            _latencies(system, world, there, changes=2)
            time.sleep(SETTLING)
            found[name].append(_latencies(system, world, there))
    return found


async def _switch(settings: Settings, ids: list[str], status: str) -> None:
    """All at once; what is on its way to them stays there, and its fifteen seconds end meanwhile."""
    async with transaction(settings, "notifications") as session:
        these = subscriptions.c.id.in_(ids)
        await session.execute(update(subscriptions).where(these).values(status=status))


async def _subscribe(settings: Settings, there: Receivers, kind: str, count: int) -> list[str]:
    """Webhooks of the team that pick everything; their secrets are of no interest here."""
    async with transaction(settings, "notifications") as session:
        picks: dict[str, list[str]] = {
            name: [] for name in ("types", "networks", "bodies", "care_groups", "categories")
        }
        found = []
        for number in range(count):
            fields = {"name": f"{kind} {number}", "url": there.url(kind, number), "form": "signal", **picks}
            open_ = settings.model_copy(update={"webhook_allow": "127.0.0.0/8"})
            identity, _ = await add_subscription(session, open_, fields=fields, by=STAFF, for_team=True)
            found.append(identity)
        return found


def _latencies(system: System, world: World, there: Receivers, *, changes: int = CHANGES) -> list[float]:
    """Milliseconds of each arrival of *changes* at the healthy."""
    there.arrivals()
    for _ in range(changes):
        _change(system, world)
        time.sleep(PAUSE)
    arrived = _until(there, changes * HEALTHY)
    times = _times(system, world, changes)
    return [(moment - times[message]) * 1000 for moment, _, message in arrived if message in times]


def _rate(system: System, world: World, there: Receivers, ids: list[str]) -> float:
    """Deliveries a second, while every healthy webhook is sent AGAIN changes again."""
    for _ in range(AGAIN - CHANGES):
        _change(system, world)
    _until(there, (AGAIN - CHANGES) * HEALTHY)
    with _staff(system, world) as staff:
        for identity in ids:
            _done(staff.post(f"/subscriptions/{identity}/redeliver", json={"which": "all"}))
    moments = sorted(moment for moment, _, _ in _until(there, AGAIN * HEALTHY))
    return (len(moments) - 1) / (moments[-1] - moments[0])


_populations = iter(range(1, 10**9))


def _change(system: System, world: World) -> None:
    with _staff(system, world) as staff:
        _done(staff.patch(f"/networks/{world.networks[0]}", json={"population": next(_populations)}))


def _times(system: System, world: World, count: int) -> dict[str, float]:
    """Message id → when the change was made, for the newest changes."""
    with _staff(system, world) as staff:
        items = _done(staff.get(f"/networks/{world.networks[0]}/history", params={"limit": max(count, 1)}))["items"]
    return {item["id"]: datetime.fromisoformat(item["time"]).timestamp() for item in items}


def _until(there: Receivers, count: int) -> list[Arrival]:
    """The first *count* arrivals, and what came with them."""
    found: list[Arrival] = []
    deadline = time.monotonic() + LONGEST
    while len(found) < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(found)} of {count} messages arrived in {LONGEST:.0f} seconds")
        time.sleep(0.05)
        found += there.arrivals()
    return found


def _staff(system: System, world: World) -> httpx.Client:
    headers = {"authorization": f"Bearer {world.staff}"}
    return httpx.Client(base_url=f"{system.url}/api", headers=headers, timeout=60)


def _done(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise RuntimeError(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
    return answer.json()


def _matching() -> list[Figure]:
    """What a change costs beyond its own webhooks: with none at all, and with OTHERS of other networks."""
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        none, many = asyncio.run(_matched(Settings(data=Path(folder), postgres="")))
    what = f"matching a change, {OTHERS:,} webhooks of other networks"
    return [Figure(what, many, "ms", "≤ 1 ms more than with none", many <= none + 1, f"with none {none:.2f} ms")]


async def _matched(settings: Settings) -> tuple[float, float]:
    async with transaction(settings, "notifications") as session:
        none = await _one_match(session)
        moment = clock.now()
        row = {
            "revision": 1, "owner_id": "staff", "name": "n", "url": "https://n.example/", "form": "signal",
            "types": [], "bodies": [], "care_groups": [], "categories": [], "secrets": [], "status": "active",
            "status_reason": "", "status_at": moment, "created_at": moment, "updated_at": moment,
        }  # fmt: skip
        await insert_rows(
            session, subscriptions, [{**row, "id": f"s{n}", "networks": [f"n{n}"]} for n in range(OTHERS)]
        )
        await insert_rows(
            session, subscription_keys, [{"key": f"network:n{n}", "subscription_id": f"s{n}"} for n in range(OTHERS)]
        )
        return none, await _one_match(session)


async def _one_match(session: Any) -> float:
    """Milliseconds of one match, the median of TRIES."""
    alert = {
        "offset": 1, "message_id": "m", "type": "networks.registry.network.changed.v1", "category": "governance",
        "care_group": "stroke", "network_id": "other", "time": clock.now(),
        "audiences": ["network:other", "body:Q31", "care_group:stroke"],
    }  # fmt: skip
    found = []
    for _ in range(TRIES):
        began = time.perf_counter()
        await order_webhooks(session, [alert])
        found.append((time.perf_counter() - began) * 1000)
    return percentile(found, 0.5)
