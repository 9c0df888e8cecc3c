"""The two broadcasts, as the conformance suite sees them: each test runs once on each."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from shared.broadcast import Broadcast, Heard, Listener, Missed
from shared.broadcast.memory import LocalBroadcast
from shared.broadcast.redis import RedisBroadcast
from tests.cable import Cable, cable_to
from tests.conftest import Backends

LIMIT = 50
BOTH = [pytest.param("memory", id="memory"), pytest.param("redis", id="redis", marks=pytest.mark.backends)]


@dataclass
class Pair:
    """A broadcast to publish on and one to listen on (one and the same in memory), and a channel for this test."""

    here: Broadcast
    there: Broadcast
    channel: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:8]}")


@pytest.fixture(params=BOTH)
async def pair(request: pytest.FixtureRequest, backends: Backends) -> AsyncIterator[Pair]:
    """Each broadcast in turn, started."""
    both: list[Broadcast]
    if request.param == "memory":
        both = [LocalBroadcast(limit=LIMIT)] * 2
    else:
        url = backends.need("redis")
        both = [RedisBroadcast(url, limit=LIMIT), RedisBroadcast(url, limit=LIMIT)]
    for broadcast in both:
        await broadcast.start()
    yield Pair(both[0], both[1])
    for broadcast in both:
        await broadcast.stop()


@pytest.fixture
async def cable(backends: Backends) -> AsyncIterator[Cable]:
    """A cable to the real Redis."""
    async with cable_to(backends.need("redis")) as cable:
        yield cable


async def take(listener: Listener, count: int, *, seconds: float = 5) -> list[Heard | Missed]:
    """The next *count* messages."""
    async with asyncio.timeout(seconds):
        return [await anext(listener) for _ in range(count)]


async def nothing_comes(listener: Listener, *, seconds: float = 0.1) -> bool:
    """Whether nothing is heard for a while."""
    try:
        await take(listener, 1, seconds=seconds)
    except TimeoutError:
        return True
    return False
