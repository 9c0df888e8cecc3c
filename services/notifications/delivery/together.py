"""Group commit: what comes while one transaction is being committed goes into the next, all of it together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Together(Generic[Item, Result]):
    """Hands items in groups to *write*, which answers for each; whoever adds one waits for its answer."""

    def __init__(self, write: Callable[[list[Item]], Awaitable[Sequence[Result]]], name: str) -> None:
        """*write* gets a group and returns a result for each of its items, in their order."""
        self._write = write
        self._name = name
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, item: Item) -> asyncio.Future[Result]:
        """The result of *item*, once its group is written; or what writing it raised."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name=self._name)
        return future

    async def settled(self) -> None:
        """Wait until nothing is being written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_all(self) -> None:
        await asyncio.sleep(0)  # let those whose answers came in the same moment join
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                results = await self._write([item for item, _ in group])
            except Exception as error:
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), result in zip(group, results, strict=True):
                if not future.done():
                    future.set_result(result)
            # No pause: the next group is on its way before those who were told go on, so neither waits for the other.
