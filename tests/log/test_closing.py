"""A client of Kafka that does not close is given up: nobody waits for it without end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from shared.log.kafka import closing

pytestmark = [pytest.mark.fast, pytest.mark.timeout(30)]
WAITS = 3


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "SECONDS", 0.1)
    monkeypatch.setattr(closing, "CANCELLED_SECONDS", 0.01)


async def test_each_task_that_closing_waits_for_is_ended() -> None:
    ended = []

    async def close() -> None:
        for number in range(WAITS):
            with suppress(asyncio.CancelledError):  # as the library does, for that of a task inside
                await asyncio.sleep(600)
            ended.append(number)

    await closing.bounded(close)
    assert ended == list(range(WAITS))


async def test_closing_that_listens_to_nothing_is_left_alone() -> None:
    may_end, has_ended = asyncio.Event(), asyncio.Event()

    async def close() -> None:
        while not may_end.is_set():
            with suppress(asyncio.CancelledError):
                await may_end.wait()
        has_ended.set()
        raise OSError("far too late")

    await closing.bounded(close)
    assert not has_ended.is_set()
    may_end.set()
    await has_ended.wait()
