"""Broadcast: fleeting messages to every process that listens (Redis, or this process alone).

A broadcast is a hint; storage is the truth. What every implementation keeps (tests/broadcast holds each to it):
1. `publish` never raises and never waits for a network: a caller goes on as if nobody listened.
2. A listener hears what is published after its `async with` began, in the order of each publisher's calls. When a
   connection breaks, some may be heard twice.
3. Where something may have been lost (Redis was away, the listener was too slow), it gets `Missed`, once, in the
   place of what is missing. It then reads storage again.
4. Every queue is bounded: who does not listen costs a fixed amount.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from shared.config import Settings

LIMIT = 4096
"""Broadcasts that wait for one listener before it is told `Missed` in their stead."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A broadcast."""

    channel: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Missed:
    """Something may have been lost here: read storage again."""


MISSED = Missed()


class Listener:
    """What one subscriber hears: `async with broadcast.subscribe("alerts") as heard: async for message in heard: …`.

    One task reads it. Publishing puts the message into the queue and wakes the reader: no task a delivery.
    """

    def __init__(
        self,
        channels: tuple[str, ...],
        *,
        enter: Callable[[Listener], Awaitable[None]],
        leave: Callable[[Listener], Awaitable[None]],
        limit: int = LIMIT,
    ) -> None:
        """Hear *channels* between *enter* and *leave*; hold at most *limit* messages."""
        self.channels = channels
        self._enter = enter
        self._leave = leave
        self._limit = limit
        self._waiting: deque[Heard | Missed] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._is_open = True

    def offer(self, message: Heard) -> None:
        """Queue *message*. When the queue is full all of it is dropped for one Missed: it will be read again anyway."""
        if len(self._waiting) >= self._limit:
            self.miss()
        else:
            self._waiting.append(message)
            self._wake()

    def miss(self) -> None:
        """Tell the reader that something may have been lost before now."""
        self._waiting.clear()
        self._waiting.append(MISSED)
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        await self._enter(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        await self.aclose()

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> Heard | Missed:
        """The next message; waits for it. Ends when the listener is closed."""
        while not self._waiting:
            if not self._is_open:
                raise StopAsyncIteration
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._waiting.popleft()

    async def aclose(self) -> None:
        """Stop listening; a reader that waits ends. Safe to call twice."""
        if self._is_open:
            self._is_open = False
            self._waiting.clear()
            self._wake()
            await self._leave(self)


class Broadcast(Protocol):
    """The broadcast as a service sees it."""

    @property
    def away(self) -> str | None:
        """Why broadcasts are not passed on at present, in a sentence; None when they are."""
        ...

    async def start(self) -> None:
        """Connect. Does not fail when nobody answers: it goes on trying, and `away` says why."""
        ...

    async def stop(self) -> None:
        """Send what waits, for a second at most, and close every listener."""
        ...

    async def publish(self, channel: str, payload: bytes) -> None:
        """Tell everybody who listens on *channel* now."""
        ...

    def subscribe(self, *channels: str) -> Listener:
        """Listen on *channels*; use it with `async with`, which returns when what is published next is heard."""
        ...


def open_broadcast(settings: Settings) -> Broadcast:
    """The broadcast that the settings choose, not started. Only the chosen one is imported: each costs memory."""
    if settings.redis:
        from shared.broadcast.redis import RedisBroadcast

        return RedisBroadcast(settings.redis)
    from shared.broadcast.memory import LocalBroadcast

    return LocalBroadcast()
