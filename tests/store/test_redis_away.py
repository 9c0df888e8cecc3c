"""Redis away: a clear sentence, soon; and back by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from shared.store import StoreAway
from shared.store.redis import RedisStore
from tests.cable import Cable, cable_to
from tests.conftest import Backends

pytestmark = pytest.mark.backends


@pytest.fixture
async def cable(backends: Backends) -> AsyncIterator[Cable]:
    """A cable to the real Redis."""
    async with cable_to(backends.need("redis")) as cable:
        yield cable


@pytest.fixture
async def store(cable: Cable) -> AsyncIterator[RedisStore]:
    """A store on the cable."""
    store = RedisStore(cable.url)
    await store.start()
    yield store
    await store.stop()


async def test_a_store_that_is_away_says_so_in_a_sentence(cable: Cable, store: RedisStore) -> None:
    await cable.cut()
    with pytest.raises(StoreAway, match=r"Redis does not answer \(.+\)\. Sessions and limits are kept there"):
        await store.get("test:away")
    assert store.away is not None


async def test_a_silent_store_is_given_up_after_a_second(cable: Cable, store: RedisStore) -> None:
    cable.freeze()
    began = time.monotonic()
    with pytest.raises(StoreAway):
        await store.increment("test:away", 10)
    assert time.monotonic() - began < 1.5


async def test_a_store_that_returns_is_ready_without_a_call(cable: Cable, store: RedisStore) -> None:
    await cable.cut()
    with pytest.raises(StoreAway):
        await store.get("test:away")
    await cable.mend()
    async with asyncio.timeout(5):
        while store.away:
            await asyncio.sleep(0.02)
    assert await store.get("test:away") is None


async def test_a_stale_connection_is_replaced_without_a_failure(cable: Cable, store: RedisStore) -> None:
    await store.set("test:stale", b"x", 10)
    await cable.cut()
    await cable.mend()
    assert await store.get("test:stale") == b"x"


async def test_starting_while_redis_is_away_says_so_and_goes_on(cable: Cable) -> None:
    await cable.cut()
    store = RedisStore(cable.url)
    await store.start()
    assert store.away is not None
    await store.stop()
