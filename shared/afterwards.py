"""What comes after the handlers, gathered for a moment and done beside them.

Invariants:
1. In the order in which it was begun, and never two at a time.
2. What waits is bounded: who has begun LARGEST waits until they are being done.
3. What fails for good is raised where the consumer goes on, which then begins anew with what was not committed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from shared.steps import Arrival

SECONDS = 0.02
"""From a commit until what comes after it: time for the streams to be written to."""
PACE = 0.1
"""Between two transactions of what comes after, under load."""
LARGEST = 500
LOOK_SECONDS = 0.02
"""How often it is looked whether it is done, so that the offsets follow soon."""


class Afterwards:
    """What was begun and is not finished."""

    def __init__(self, do: Callable[[Sequence[Arrival]], Awaitable[None]]) -> None:
        """*do* finishes what it is given."""
        self._do = do
        self._waiting: list[Arrival] = []
        self._doing: asyncio.Task[None] | None = None
        self._next = 0.0
        self._last = 0.0

    def add(self, begun: Sequence[Arrival]) -> None:
        """These have been begun."""
        if begun and not self._waiting:
            self._next = max(time.monotonic() + SECONDS, self._last + PACE)
        self._waiting += begun

    @property
    def is_done(self) -> bool:
        """Whether all that was begun is finished."""
        return not self._waiting and self._doing is None

    def patience(self, longest: float) -> float:
        """For how many seconds there is nothing to do here; *longest* at most."""
        if self._doing is not None:
            return min(longest, LOOK_SECONDS)
        return max(0.0, min(longest, self._next - time.monotonic())) if self._waiting else longest

    async def go_on(self) -> None:
        """Begin with what is due. Raises what the last failed with."""
        if self._doing is not None and len(self._waiting) >= LARGEST:
            await asyncio.wait({self._doing})
        if self._doing is not None and self._doing.done():
            done, self._doing = self._doing, None
            done.result()
        is_due = len(self._waiting) >= LARGEST or time.monotonic() >= self._next
        if self._waiting and self._doing is None and is_due:
            self._last = time.monotonic()
            self._doing = asyncio.create_task(self._finish(self._waiting), name="afterwards")
            self._waiting = []

    async def stop(self) -> None:
        """Break off and forget: what was begun is delivered again."""
        doing, self._doing, self._waiting = self._doing, None, []
        if doing is not None:
            doing.cancel()
            await asyncio.wait({doing})
            if not doing.cancelled():
                doing.exception()

    async def _finish(self, begun: Sequence[Arrival]) -> None:
        await self._do(begun)
