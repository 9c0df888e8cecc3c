"""The two logs, as the conformance suite sees them: each test runs once on each."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shared.log import EventLog, NewRecord, Place, Record, Subscription, Topic
from shared.log.kafka import KafkaLog
from shared.log.sqlite import SqliteLog
from tests.conftest import Backends

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("kafka", id="kafka", marks=pytest.mark.backends)]
QUICKLY_COMPACTED = {
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.001",
    "delete.retention.ms": "0",
    "max.compaction.lag.ms": "200",
}


@dataclass
class Bench:
    """One log under test, the means to open it again, and names that no other test uses."""

    kind: str
    address: str
    log: EventLog
    opened: list[EventLog] = field(default_factory=list)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    async def open(self) -> EventLog:
        """The same log once more, as another process would open it."""
        log = open_kind(self.kind, self.address)
        await log.start()
        self.opened.append(log)
        return log

    async def topic(self, name: str = "things", *, partitions: int = 4, compacted: bool = False) -> str:
        """A new topic."""
        topic = f"test{self.mark}.{name}"
        config = QUICKLY_COMPACTED if compacted else {}
        await self.log.create_topics([Topic(topic, partitions, compacted, config)])
        return topic

    async def join(self, topic: str | None, *, group: str = "readers", log: EventLog | None = None) -> Subscription:
        """A member of a group of this test alone."""
        topics = None if topic is None else [topic]
        return await (log or self.log).subscribe(group=f"{group}-{self.mark}", topics=topics)


def open_kind(kind: str, address: str) -> EventLog:
    """The log of that kind, with a session time-out short enough for a test."""
    return KafkaLog(address) if kind == "kafka" else SqliteLog(Path(address), session_timeout=1.0)


@pytest.fixture(params=BOTH)
async def bench(request: pytest.FixtureRequest, tmp_path: Path, backends: Backends) -> AsyncIterator[Bench]:
    """Each log in turn, started and empty."""
    kind = request.param
    address = backends.need("kafka") if kind == "kafka" else str(tmp_path / "log.sqlite")
    log = open_kind(kind, address)
    await log.start()
    bench = Bench(kind, address, log, [log])
    yield bench
    for opened in bench.opened:
        await opened.stop()


def record(topic: str, key: str = "k", text: str = "x") -> NewRecord:
    """A small record."""
    return NewRecord(topic, key, (("ce_id", text.encode()),), text.encode())


def texts(records: list[Record]) -> list[str]:
    """The values, as text."""
    return [(r.value or b"").decode() for r in records]


def ends(records: list[Record]) -> dict[Place, int]:
    """What to commit when all the records are done."""
    return {(r.topic, r.partition): r.offset + 1 for r in records}


async def read(member: Subscription, count: int, *, seconds: float = 20, limit: int = 500) -> list[Record]:
    """At least *count* records, in as many fetches as it takes."""
    found: list[Record] = []
    until = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < until:
        found += await member.fetch(limit=limit, timeout=0.2)
    return found


async def eventually(true: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    """Wait until it is true; fail when it takes too long."""
    until = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < until, f"not true within {seconds} seconds"
        await asyncio.sleep(0.05)


async def shared_evenly(*members: Subscription) -> list[set[Place]]:
    """Each member's places, once all have about as many."""
    owned: list[set[Place]] = []

    async def even() -> bool:
        nonlocal owned
        for member in members:
            assert not await member.fetch(limit=1, timeout=0.05), "nothing is to be read yet"
        owned = [set(await member.lag()) for member in members]
        return all(owned) and max(map(len, owned)) - min(map(len, owned)) <= 1

    await eventually(even)
    return owned
