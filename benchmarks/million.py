"""One change into a network of a million members: rows written, and when the last reader has it.

The whole embedded system, its members written into its database directly, because nobody waits for a million joins. Ten
thousand streams of one member are open, as many tabs: for the server each is a connection of its own.
"""

from __future__ import annotations

import time
from contextlib import closing
from urllib.parse import urlsplit

import httpx

from benchmarks.figures import Figure, percentile
from benchmarks.inbox import change, database_of, until_caught_up
from benchmarks.rows import MEMBERS, written_by_one_change
from benchmarks.streams import clients, more_files
from benchmarks.whole import World, populated, whole
from tests.flows.system import System

SIZE, STREAMS = 1_000_000, 10_000
CHANGES, ROUNDS, PAUSE = 10, 5, 1.0


def measure() -> list[Figure]:
    """Rows, and milliseconds from the request until a member's inbox, and the last of the streams, have the change."""
    more_files()
    with whole() as system:
        world = populated(system, networks=1, readers=1)
        with closing(database_of(system)) as database, database:
            database.execute(MEMBERS, {"size": SIZE - 1, "network": world.networks[0]})
        until_caught_up(system, world)
        rows = written_by_one_change(system, world.staff, world.networks[0])
        read = [_until_read(system, world, number) for number in range(100, 100 + CHANGES)]
        last = _until_the_last(system, world)
    said = f"one change, {SIZE:,} members"
    return [
        Figure(f"{said}, rows written", rows, "rows", "as for 10 members"),
        Figure(f"{said}, until the millionth reads it, p50", percentile(read, 0.5), "ms"),
        Figure(f"{said}, until the millionth reads it, p95", percentile(read, 0.95), "ms"),
        Figure(f"{said}, until the last of {STREAMS:,} streams has it, p50", percentile(last, 0.5), "ms"),
        Figure(f"{said}, until the last of {STREAMS:,} streams has it, slowest", max(last), "ms"),
    ]


def _until_read(system: System, world: World, number: int) -> float:
    """Milliseconds from the change's request to the first read of that inbox in which it stands."""
    headers = {"authorization": f"Bearer {world.tokens[0][0]}"}
    with httpx.Client(base_url=system.url, headers=headers, timeout=60) as client:
        before = client.get("/api/alerts?limit=1").json()["items"][0]["id"]
        begun = time.perf_counter()
        change(system, world, number)
        while client.get("/api/alerts?limit=1").json()["items"][0]["id"] == before:
            time.sleep(0.002)
        return (time.perf_counter() - begun) * 1000


def _until_the_last(system: System, world: World) -> list[float]:
    """Milliseconds of each change from its request to its arrival at the last stream."""
    head = "GET /api/alerts/stream HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\nauthorization: Bearer"
    request = f"{head} {world.tokens[0][0]}\r\n\r\n".encode()
    found = []
    with clients() as viewers:
        viewers.open(urlsplit(system.url).port or 80, [request] * STREAMS)
        for number in range(ROUNDS):
            viewers.arrivals(contents=False)
            begun = time.time()
            change(system, world, 1000 + number)
            time.sleep(PAUSE)
            arrived = viewers.arrivals(contents=False)
            if len({stream for _, stream, _ in arrived}) != STREAMS:
                raise RuntimeError(f"{len(arrived)} of {STREAMS} streams got the change")
            found.append((max(moment for moment, _, _ in arrived) - begun) * 1000)
    return found
