"""The kernel on both ways to run: SQLite with the embedded log, PostgreSQL with Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from shared.config import Settings
from shared.consumer import Consumer, Subscription
from shared.db import Database
from shared.envelope import new_id
from shared.log import EventLog, Topic, open_log
from shared.relay import Relay
from tests.kernel import toy


@dataclass
class Bench:
    """A database, a log, and what carries messages between them."""

    settings: Settings
    database: Database
    log: EventLog
    relay: Relay

    def consumer(self, handler: Any = toy.on_things, group: str | None = None, after: Any = None) -> Consumer:
        """A consumer of things, in a group of its own unless one is named."""
        things = Subscription(toy.TOPIC, handler, after)
        return Consumer(self.database, self.log, group or f"g-{new_id()}", [things])


@pytest.fixture(params=["embedded", pytest.param("scaled", marks=pytest.mark.backends)])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """The settings of one way to run."""
    if request.param == "embedded":
        return Settings(data=tmp_path)
    backends = request.getfixturevalue("backends")
    return Settings(data=tmp_path, kafka=backends.need("kafka"), postgres=backends.need("postgres"))


@pytest.fixture
async def bench(way: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """Empty tables, an open log with a topic of its own, and a relay that is not yet running."""
    topic = f"toy.{new_id()}"
    monkeypatch.setattr(toy, "TOPIC", topic)
    monkeypatch.setattr(toy, "THING_MADE", replace(toy.THING_MADE, topic=topic))
    database, log = Database(way, "toy"), open_log(way)
    await toy.create_tables(database)
    await log.start()
    await log.create_topics([Topic(toy.TOPIC)])
    yield Bench(way, database, log, Relay(database, log))
    await log.stop()
    await database.dispose()


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    """Wait until *condition* is true; fails with its last value after *seconds*."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := await condition()):
        assert asyncio.get_running_loop().time() < deadline, f"never true; last: {found!r}"
        await asyncio.sleep(0.02)
    return found
