"""Redis away for a while: publishers go on, listeners are told that something may be missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from shared.broadcast import Heard, Missed, receiver
from shared.broadcast.redis import RedisBroadcast
from tests.broadcast.conftest import nothing_comes, take
from tests.cable import Cable
from tests.conftest import Backends

pytestmark = pytest.mark.backends
CHANNEL = "test-away"


@pytest.fixture
async def broadcast(cable: Cable) -> AsyncIterator[RedisBroadcast]:
    """A broadcast on the cable."""
    broadcast = RedisBroadcast(cable.url)
    await broadcast.start()
    yield broadcast
    await broadcast.stop()


async def until(true: Callable[[], bool], *, seconds: float = 8) -> None:
    """Wait until it is true."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_listener_is_told_missed_once_after_a_reconnection(cable: Cable, broadcast: RedisBroadcast) -> None:
    async with broadcast.subscribe(CHANNEL) as listener:
        await cable.cut()
        await until(lambda: broadcast.away is not None)
        await cable.mend()
        assert await take(listener, 1) == [Missed()]
        await until(lambda: broadcast.away is None)
        await asyncio.sleep(0.2)  # the publisher's own connection comes back, and may tell once more
        while not await nothing_comes(listener):
            pass
        await broadcast.publish(CHANNEL, b"after")
        assert await take(listener, 1) == [Heard(CHANNEL, b"after")]


async def test_publishing_costs_a_caller_no_time_while_redis_is_away(cable: Cable, broadcast: RedisBroadcast) -> None:
    await cable.cut()
    began = time.monotonic()
    for _ in range(1000):
        await broadcast.publish(CHANNEL, b"x")
        await asyncio.sleep(0)
    assert time.monotonic() - began < 0.5
    assert broadcast.away is not None and broadcast.away.startswith("Redis does not")


async def test_publishing_costs_a_caller_no_time_while_redis_is_silent(cable: Cable, broadcast: RedisBroadcast) -> None:
    cable.freeze()
    began = time.monotonic()
    for _ in range(20_000):
        await broadcast.publish(CHANNEL, b"x")
    assert time.monotonic() - began < 0.5
    await until(lambda: broadcast.away is not None)


async def test_listeners_elsewhere_learn_that_a_publisher_lost_messages(
    cable: Cable, broadcast: RedisBroadcast, backends: Backends
) -> None:
    elsewhere = RedisBroadcast(backends.need("redis"))
    await elsewhere.start()
    async with elsewhere.subscribe(CHANNEL) as listener:
        await cable.cut()
        await broadcast.publish(CHANNEL, b"lost")
        await until(lambda: broadcast.away is not None)
        assert elsewhere.away is None and await nothing_comes(listener)
        await cable.mend()
        assert await take(listener, 1) == [Missed()]
    await elsewhere.stop()


async def test_a_peer_that_falls_silent_is_noticed(
    cable: Cable, broadcast: RedisBroadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "QUIET_SECONDS", 0.1)
    async with broadcast.subscribe(CHANNEL) as listener:
        cable.freeze()
        await until(lambda: broadcast.away is not None)
        await cable.mend()
        assert await take(listener, 1) == [Missed()]


async def test_listening_begins_when_redis_has_confirmed_it(cable: Cable, broadcast: RedisBroadcast) -> None:
    cable.freeze()
    listener = broadcast.subscribe(CHANNEL)
    entering = asyncio.create_task(listener.__aenter__())
    await asyncio.sleep(0.1)
    assert not entering.done()
    await cable.mend()
    async with asyncio.timeout(1), await entering:
        assert broadcast.away is None


async def test_one_who_begins_to_listen_while_redis_is_away_hears_later(
    cable: Cable, broadcast: RedisBroadcast
) -> None:
    await cable.cut()
    async with broadcast.subscribe(CHANNEL) as listener:
        await cable.mend()
        assert await take(listener, 1) == [Missed()]
        await until(lambda: broadcast.away is None)
        await broadcast.publish(CHANNEL, b"x")
        while (await take(listener, 1)) != [Heard(CHANNEL, b"x")]:
            pass


async def test_starting_while_redis_is_away_says_so_and_goes_on(cable: Cable) -> None:
    await cable.cut()
    broadcast = RedisBroadcast(cable.url)
    await broadcast.start()
    assert broadcast.away is not None and "Connect" in broadcast.away
    await cable.mend()
    await until(lambda: broadcast.away is None)
    await broadcast.stop()
