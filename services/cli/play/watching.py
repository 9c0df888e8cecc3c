"""Watching a live stream: what came, and how long after it was done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import httpx
import orjson

PATIENCE, LITTLE = 1.5, 0.2
"""Seconds that a line waits for the first reader, and then for the others, before it says who is concerned."""


@dataclass(frozen=True)
class Done:
    """A change: how to tell of it, and the path of the page that its alerts will name."""

    sentence: str
    path: str
    minor: bool = False


class Watch:
    """One reader of one live stream. `times` are all the seconds from a change to its coming."""

    def __init__(self, name: str, client: httpx.AsyncClient) -> None:
        """*name* is how the lines call it."""
        self.name = name
        self.times: list[float] = []
        self._client = client
        self._came: list[tuple[dict[str, Any], float]] = []
        self._woken = asyncio.Event()

    @asynccontextmanager
    async def reading(self, path: str) -> AsyncIterator[Self]:
        """Read the stream at *path* until the block ends, from when it is open."""
        is_open = asyncio.Event()
        task = asyncio.create_task(self._read(path, is_open), name=f"watch {path}")
        try:
            await asyncio.wait([task, asyncio.create_task(is_open.wait())], return_when="FIRST_COMPLETED", timeout=10)
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def forget(self) -> None:
        """Of what came so far nothing more is asked."""
        self._came.clear()

    async def seen(self, done: Done) -> float:
        """Seconds from the change to its coming here; waits until it comes."""
        while True:
            for item, took in self._came:
                if item["path"] == done.path:
                    return took
            self._woken.clear()
            await self._woken.wait()

    async def _read(self, path: str, is_open: asyncio.Event) -> None:
        headers = {"accept": "text/event-stream"}
        async with self._client.stream("GET", path, headers=headers, timeout=None) as response:
            response.raise_for_status()
            is_open.set()
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    self._note(orjson.loads(line.removeprefix("data:")))

    def _note(self, item: dict[str, Any]) -> None:
        if "path" in item and "time" in item:
            took = (datetime.now(UTC) - datetime.fromisoformat(item["time"])).total_seconds()
            self.times.append(took)
            self._came.append((item, took))
            self._woken.set()


async def seen_by(watches: Sequence[Watch], done: Done) -> dict[str, float]:
    """Who saw a change: the watch's name → after how many seconds."""
    waiting = {asyncio.create_task(watch.seen(done)): watch.name for watch in watches}
    try:
        if not done.minor:
            await asyncio.wait(waiting, timeout=PATIENCE, return_when="FIRST_COMPLETED")
            await asyncio.wait(waiting, timeout=LITTLE)
        return {name: task.result() for task, name in waiting.items() if task.done()}
    finally:
        for task in waiting:
            task.cancel()
