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
        group, writing = self._waiting, self._begun()
        while group:
            await asyncio.wait([writing])
            told = group, writing
            if group := self._waiting:
                # On its way before those who waited for the last one go on: neither keeps the other waiting.
                writing = self._begun()
            _tell(*told)

    def _begun(self) -> asyncio.Task[Sequence[Result]]:
        items, self._waiting = [item for item, _ in self._waiting], []
        return asyncio.create_task(self._written(items), name=self._name)

    async def _written(self, items: list[Item]) -> Sequence[Result]:
        return await self._write(items)


def _tell(group: list[tuple[Item, asyncio.Future[Result]]], writing: asyncio.Task[Sequence[Result]]) -> None:
    """Give each of *group* its result, or what writing raised."""
    error = writing.exception()
    if error is None:
        for (_, future), result in zip(group, writing.result(), strict=True):
            if not future.done():
                future.set_result(result)
        return
    for _, future in group:
        if not future.done():
            future.set_exception(error)
