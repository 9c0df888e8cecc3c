"""From a change to the streams of those whom it concerns, on both ways to run, beside bare parts (benchmarks/bare.py).

A thousand readers hold a stream each, every network's hundred are concerned by every tenth change, and fifty changes
a second arrive at the API. A latency counts to the moment the bytes are at the client's socket, from the commit of the
change (PostgreSQL notes when it was) and from the change's own time, taken before its commit, which is all that SQLite
knows; all clocks are this machine's. Bare trips are made before, with nothing else running, and once more beside as
many changes, after those that count.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from typing import Any

import orjson
import uvloop
from sqlalchemy import func, literal_column, select

from benchmarks import bare
from benchmarks.changes import Changes
from benchmarks.figures import Figure, percentile
from benchmarks.parts import real
from benchmarks.streams import Arrival, clients
from benchmarks.whole import SCALED, World, populated, settings_of, whole
from services.cli.data import transaction
from shared.config import Settings
from shared.history import history
from tests.flows.system import System

NETWORKS, READERS = 10, 100
PER_SECOND, SECONDS = 50, 20
WARM_UP_SECONDS = 3
BESIDE_SECONDS = 16
"""Long enough for another process to begin and to make its trips."""
EVENT = re.compile(rb"data: (\{.*\})")


def measure() -> list[Figure]:
    """Milliseconds, both ways to run."""
    pace = 1 / PER_SECOND
    trip, paced_trip = (uvloop.run(bare.round_trips(real()["TIDINGS_KAFKA"], pause)) for pause in (0, pace))
    way = percentile(uvloop.run(bare.ways(real(), pace)), 0.5)
    (scaled, committed, beside), (embedded, _, _) = _latencies(*SCALED), _latencies()
    ours = percentile(committed, 0.5)
    said = f"change → stream, {PER_SECOND}/s, {NETWORKS * READERS} readers"
    from_commit = f"{said}, scaled, from the commit"
    parts = f"; the bare parts of the way, at that pace, {way:.1f} ms: {ours / way:.1f} x"
    return [
        _beside_trip(f"{from_commit}, p50", ours, paced_trip, f"at {PER_SECOND}/s", parts),
        _beside_trip(f"{from_commit}, p50", ours, trip, "one after another"),
        _beside_trip(f"{from_commit}, p50", ours, beside, f"at {PER_SECOND}/s, beside as many changes"),
        _figure(f"{from_commit}, p99", percentile(committed, 0.99), 60),
        Figure(f"{said}, scaled, p50", percentile(scaled, 0.5), "ms"),
        Figure(f"{said}, scaled, p99", percentile(scaled, 0.99), "ms"),
        _figure(f"{said}, embedded, p50", percentile(embedded, 0.5), 8),
        Figure(f"{said}, embedded, p99", percentile(embedded, 0.99), "ms"),
    ]


def _beside_trip(what: str, ours: float, trip: Sequence[float], how: str, also: str = "") -> Figure:
    p50, p99 = percentile(trip, 0.5), percentile(trip, 0.99)
    beside = f"bare Kafka round trip {how} {p50:.1f} / {p99:.1f} ms (p50 / p99): {ours / p50:.1f} x{also}"
    return Figure(what, ours, "ms", f"≤ 4 x a bare trip {how}", ours <= 4 * p50, beside)


def _figure(what: str, value: float, most: float) -> Figure:
    return Figure(what, value, "ms", f"≤ {most:g} ms", value <= most)


def _latencies(*parts: str) -> tuple[list[float], list[float], list[float]]:
    """From the changes' own times, and from their commits where the database notes them; bare trips beside more."""
    with whole(*parts) as system, clients() as viewers:
        world = populated(system, networks=NETWORKS, readers=READERS)
        port = system.ports["gateway" if parts else "all"]
        viewers.open(port, [_request(token) for group in world.tokens for token in group])
        uvloop.run(_change(system, world, PER_SECOND * WARM_UP_SECONDS, first=0))
        viewers.arrivals(contents=False)
        uvloop.run(_change(system, world, PER_SECOND * SECONDS, first=1_000_000))
        arrived = _alerts_in(viewers.arrivals())
        commits = asyncio.run(_commits(settings_of(system))) if parts else {}
        trips = uvloop.run(_trips_beside(system, world)) if parts else []
    expected = PER_SECOND * SECONDS * READERS
    if len(arrived) != expected:
        raise RuntimeError(f"{len(arrived)} alerts arrived at the streams, not {expected}")
    own = {alert["id"]: datetime.fromisoformat(alert["time"]).timestamp() for _, alert in arrived}
    return _since(own, arrived), _since(commits, arrived) if commits else [], trips


async def _trips_beside(system: System, world: World) -> list[float]:
    """Bare round trips while further changes are made and shown, on the same processors and the same broker."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        trips = asyncio.get_running_loop().run_in_executor(other, _trips, real()["TIDINGS_KAFKA"])
        await _change(system, world, PER_SECOND * BESIDE_SECONDS, first=2_000_000)
        return await trips


def _trips(bootstrap: str) -> list[float]:
    return uvloop.run(bare.round_trips(bootstrap, 1 / PER_SECOND))


def _since(begun: Mapping[str, float], arrived: Sequence[tuple[float, Any]]) -> list[float]:
    return [(moment - begun[alert["id"]]) * 1000 for moment, alert in arrived]


async def _commits(settings: Settings) -> dict[str, float]:
    """Change → when PostgreSQL committed it, in seconds since 1970."""
    when = func.extract("epoch", func.pg_xact_commit_timestamp(literal_column("xmin")))
    async with transaction(settings, "registry") as session:
        return {id_: float(moment) for id_, moment in await session.execute(select(history.c.id, when))}


def _request(token: str) -> bytes:
    return (
        f"GET /api/alerts/stream HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
        "accept: text/event-stream\r\n\r\n"
    ).encode()


async def _change(system: System, world: World, count: int, *, first: int) -> None:
    """*count* changes, PER_SECOND; then what is on its way."""
    changes = Changes(system.url, world.staff)
    await changes.make(world.networks, first=first, count=count, per_second=PER_SECOND)
    changes.close()
    await asyncio.sleep(2)


def _alerts_in(arrivals: Sequence[Arrival]) -> list[tuple[float, Any]]:
    """(moment, alert) of each event; what many had alike is read once."""
    read = functools.cache(lambda data: [orjson.loads(event) for event in EVENT.findall(data)])
    return [(moment, alert) for moment, _, data in arrivals for alert in read(data)]
