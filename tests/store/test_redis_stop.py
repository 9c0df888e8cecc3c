"""The store in Redis stops in its time, whatever does not want to end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from shared.store import redis as module
from shared.store.redis import RedisStore
from tests.conftest import Backends


async def _stubborn(ended: asyncio.Event) -> None:
    """What a cancellation does not end: a library took it for a time-out of its own."""
    while not ended.is_set():
        with suppress(asyncio.CancelledError):
            await ended.wait()


@pytest.mark.backends
async def test_a_watch_that_does_not_end_keeps_nobody_waiting(
    backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.2)
    store, ended = RedisStore(backends.need("redis")), asyncio.Event()
    store._watch = asyncio.create_task(_stubborn(ended))
    await store.set("a", b"b", 10)
    async with asyncio.timeout(3):
        await store.stop()
    ended.set()
    await store._watch
