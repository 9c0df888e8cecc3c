"""Group commit: what comes while one transaction is being committed goes into the next, all of it together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

PATIENCE_SECONDS = 0.002
"""A connection's turn, from its copy's mark to its next one, takes a tenth of this on the processor."""


class Together(Generic[Item, Result]):
    """Hands items in groups to *write*, which answers for each; whoever adds one waits for its answer."""

    def __init__(
        self,
        write: Callable[[list[Item]], Awaitable[Sequence[Result]]],
        name: str,
        expected: Callable[[], int] = lambda: 1,
    ) -> None:
        """*write* gets a group and returns a result for each of its items, in their order.

        A group waits, PATIENCE_SECONDS at most, until as many are there as *expected* says.
        """
        self._write = write
        self._name = name
        self._expected = expected
        self._all_are_here = asyncio.Event()
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, item: Item) -> asyncio.Future[Result]:
        """The result of *item*, once its group is written; or what writing it raised."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._waiting) >= self._expected():
            self._all_are_here.set()
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
            await self._gathered()
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
            # No pause: where nobody is expected the next group is on its way before those who were told go on.

    async def _gathered(self) -> None:
        """Wait for those who are expected: fewer writes, and none while those who wait for it need the processor."""
        if len(self._waiting) < self._expected():
            self._all_are_here.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._all_are_here.wait()
