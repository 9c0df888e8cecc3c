"""Store: short-lived values by key: sessions, rate limits, cache (Redis, or this process alone).

What every implementation keeps (tests/store holds each to it):
1. Every value has a time to live; it is not returned after it.
2. `increment`, `set_if_absent` and `add` are atomic: of a hundred at once each count is given once, one sets,
   and all are in the set. A key holds a value, a counter or a set, never two of them.
3. It may lose what it holds (a restart, a full memory): no truth is kept here.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from shared.errors import Unavailable

if TYPE_CHECKING:
    from shared.config import Settings


class StoreAway(Unavailable):
    """The store of sessions and limits does not answer; try again in a minute."""


class Store(Protocol):
    """The store as a service sees it. Times to live are in seconds, above 0. Every method may raise StoreAway."""

    @property
    def away(self) -> str | None:
        """Why the store did not answer the last time, in a sentence; None when it did."""
        ...

    async def start(self) -> None:
        """Connect. Does not fail when nobody answers: `away` says why."""
        ...

    async def stop(self) -> None:
        """Close every connection."""
        ...

    async def get(self, key: str) -> bytes | None:
        """The value, or None where there is none (any more). A counter's value is its decimal digits."""
        ...

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keep *value* for *ttl* seconds in place of what was there."""
        ...

    async def set_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep *value* unless there is one already; whether it was kept."""
        ...

    async def increment(self, key: str, ttl: float) -> int:
        """Count one more and return the count. The first one sets the time to live, the others leave it as it is."""
        ...

    async def seconds_left(self, key: str) -> float | None:
        """How long the value will live, or None where there is none."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the value, or the set, if there is one."""
        ...

    async def add(self, key: str, member: str, ttl: float) -> None:
        """Put *member*, which has no line break, into the set; the whole set lives for *ttl* seconds from now."""
        ...

    async def discard(self, key: str, member: str) -> None:
        """Take *member* out of the set, if it is there."""
        ...

    async def members(self, key: str) -> list[str]:
        """What is in the set, in any order."""
        ...


async def recall(store: Store, key: str) -> bytes | None:
    """The value of what can be found out anew: None also while the store is away, which is not waited for again."""
    if store.away:
        return None
    try:
        return await store.get(key)
    except StoreAway:
        return None


async def remember(store: Store, key: str, value: bytes, ttl: float) -> None:
    """Keep what can be found out anew, where the store is there."""
    if not store.away:
        with suppress(StoreAway):
            await store.set(key, value, ttl)


def open_store(settings: Settings) -> Store:
    """The store that the settings choose, not started. Only the chosen one is imported: each costs memory."""
    if settings.redis:
        from shared.store.redis import RedisStore

        return RedisStore(settings.redis)
    from shared.store.memory import LocalStore

    return LocalStore()
