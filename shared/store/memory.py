"""The store within this process: bounded, and gone with it."""

from __future__ import annotations

import heapq
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_KEYS = 100_000


@dataclass(slots=True)
class _Kept:
    value: bytes
    until: float


class LocalStore:
    """A dictionary whose values expire; when it is full the one that was used least recently goes.

    Expired values leave with the next write after their time: a heap of (time, key) finds them without a search.
    A key written again leaves its old entry in the heap; the heap is made anew when half of it is such entries.
    """

    away: str | None = None

    def __init__(self, *, most_keys: int = MOST_KEYS, now: Callable[[], float] = time.monotonic) -> None:
        """Hold at most *most_keys*; *now* counts seconds."""
        self._most_keys = most_keys
        self._now = now
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._ends: list[tuple[float, str]] = []

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._ends.clear()

    async def get(self, key: str) -> bytes | None:
        """The value, or None where there is none (any more)."""
        kept = self._find(key)
        return kept.value if kept else None

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keep *value* for *ttl* seconds in place of what was there."""
        self._put(key, value, ttl)

    async def set_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep *value* unless there is one already; whether it was kept."""
        if self._find(key):
            return False
        self._put(key, value, ttl)
        return True

    async def increment(self, key: str, ttl: float) -> int:
        """Count one more and return the count."""
        kept = self._find(key)
        if kept is None:
            self._put(key, b"1", ttl)
            return 1
        count = int(kept.value) + 1
        kept.value = b"%d" % count
        return count

    async def seconds_left(self, key: str) -> float | None:
        """How long the value will live, or None where there is none."""
        kept = self._find(key)
        return kept.until - self._now() if kept else None

    async def delete(self, key: str) -> None:
        """Forget the value, if there is one."""
        self._kept.pop(key, None)

    async def add(self, key: str, member: str, ttl: float) -> None:
        """Put *member* into the set, kept as lines."""
        self._put(key, "\n".join([*(one for one in self._lines(key) if one != member), member]).encode(), ttl)

    async def discard(self, key: str, member: str) -> None:
        """Take *member* out of the set."""
        if kept := self._find(key):
            kept.value = "\n".join(one for one in self._lines(key) if one != member).encode()

    async def members(self, key: str) -> list[str]:
        """What is in the set."""
        return self._lines(key)

    def _lines(self, key: str) -> list[str]:
        kept = self._find(key)
        return kept.value.decode().split("\n") if kept and kept.value else []

    def _find(self, key: str) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is None or kept.until <= self._now():
            return None
        self._kept.move_to_end(key)
        return kept

    def _put(self, key: str, value: bytes, ttl: float) -> None:
        until = self._now() + require_ttl(ttl)
        self._kept[key] = _Kept(bytes(memoryview(value)), until)  # a copy: what orjson wrote lies in a buffer of 4 KB
        self._kept.move_to_end(key)
        heapq.heappush(self._ends, (until, key))
        self._purge()

    def _purge(self) -> None:
        """Drop what has expired, then what is too many; keep the heap in proportion."""
        now = self._now()
        while self._ends and self._ends[0][0] <= now:
            _, key = heapq.heappop(self._ends)
            if (kept := self._kept.get(key)) and kept.until <= now:
                del self._kept[key]
        while len(self._kept) > self._most_keys:
            self._kept.popitem(last=False)
        if len(self._ends) > 2 * len(self._kept) + 1000:
            self._ends = [(kept.until, key) for key, kept in self._kept.items()]
            heapq.heapify(self._ends)


def require_ttl(ttl: float) -> float:
    """*ttl* itself. Raises ValueError unless it is above 0: a value without an end would never leave."""
    if ttl <= 0:
        raise ValueError(f"A time to live of {ttl} seconds keeps nothing; give one above 0.")
    return ttl
