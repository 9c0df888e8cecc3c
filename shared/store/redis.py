"""The store in Redis. Every call is one round trip with a time-out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.store import StoreAway
from shared.store.memory import require_ttl

log = structlog.get_logger()
ANSWER_SECONDS = 1.0
WATCH_SECONDS = 1.0
STOP_SECONDS = 5.0
CONNECTIONS = 32


class RedisStore:
    """Values in Redis, shared by every process that uses it.

    Nothing is tried twice: a count made twice would be wrong, and the pool replaces stale connections by itself.
    """

    def __init__(self, url: str) -> None:
        """Use the Redis at *url*."""
        self.away: str | None = None
        pool = BlockingConnectionPool.from_url(
            url,
            protocol=2,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            max_connections=CONNECTIONS,
            timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis: Redis = Redis.from_pool(pool)
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect. Does not fail when nobody answers: `away` says why."""
        await self._is_there()
        self._watch = asyncio.create_task(self._watch_for_return(), name="store-watch")

    async def stop(self) -> None:
        """Close every connection; what does not end in its time is left."""
        if self._watch:
            self._watch.cancel()
            await asyncio.wait([self._watch], timeout=STOP_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._redis.aclose()

    async def get(self, key: str) -> bytes | None:
        """The value, or None where there is none (any more)."""
        value: bytes | None = await self._answer(self._redis.get(key))
        return value

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keep *value* for *ttl* seconds in place of what was there."""
        await self._answer(self._redis.set(key, value, px=_milliseconds(ttl)))

    async def set_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep *value* unless there is one already; whether it was kept."""
        return bool(await self._answer(self._redis.set(key, value, px=_milliseconds(ttl), nx=True)))

    async def increment(self, key: str, ttl: float) -> int:
        """Count one more and return the count; one transaction, so that no count is left without an end."""
        both = self._redis.pipeline(transaction=True)
        both.set(key, 0, px=_milliseconds(ttl), nx=True)
        both.incr(key)
        _, count = await self._answer(both.execute())
        return int(count)

    async def seconds_left(self, key: str) -> float | None:
        """How long the value will live, or None where there is none."""
        left: int = await self._answer(self._redis.pttl(key))
        return left / 1000 if left >= 0 else None

    async def delete(self, key: str) -> None:
        """Forget the value, if there is one."""
        await self._answer(self._redis.delete(key))

    async def add(self, key: str, member: str, ttl: float) -> None:
        """Put *member* into the set; one transaction, so that no set is left without an end."""
        both = self._redis.pipeline(transaction=True)
        both.sadd(key, member)
        both.pexpire(key, _milliseconds(ttl))
        await self._answer(both.execute())

    async def discard(self, key: str, member: str) -> None:
        """Take *member* out of the set."""
        await self._answer(self._redis.srem(key, member))

    async def members(self, key: str) -> list[str]:
        """What is in the set."""
        found: set[bytes] = await self._answer(self._redis.smembers(key))
        return [member.decode() for member in found]

    async def _watch_for_return(self) -> None:
        """Ask again while Redis is away: where readiness sends no work, no call would find that it is back."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self.away and await self._is_there():
                log.info("store_back")

    async def _is_there(self) -> bool:
        try:
            await self._answer(self._redis.ping())
        except StoreAway:
            return False
        return True

    async def _answer(self, asked: Awaitable[Any]) -> Any:
        """What Redis answers. Raises StoreAway when it does not."""
        try:
            answer = await asked
        except (RedisError, OSError) as error:
            if self.away is None:
                log.warning("store_away", reason=str(error))
            self.away = f"Redis does not answer ({type(error).__name__}: {error})."
            raise StoreAway(f"{self.away} Sessions and limits are kept there; try again in a minute.") from error
        self.away = None
        return answer


def _milliseconds(ttl: float) -> int:
    return max(1, round(require_ttl(ttl) * 1000))
