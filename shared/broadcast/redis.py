"""Broadcast through Redis: one connection that sends and one that receives, for the whole process.

Publishing puts the message into a bounded queue and returns, so that no handler ever waits for Redis; a task sends
what has gathered in one write. While Redis is away messages are dropped: they are hints, and every listener is told.
A publisher whose messages were dropped says so on a channel that all listen to, because the listeners'
own connections may have been well all the time.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque

import structlog
from redis.asyncio import Connection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.broadcast import LIMIT, Listener
from shared.broadcast.memory import LocalBroadcast
from shared.broadcast.receiver import LOST, Receiver

log = structlog.get_logger()
CONNECT_SECONDS = 1.0
SEND_SECONDS = 0.5
BATCH = 256
QUEUE = 10_000
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0


class RedisBroadcast:
    """Broadcast to every process that uses the same Redis."""

    def __init__(self, url: str, *, limit: int = LIMIT) -> None:
        """Use the Redis at *url*; hold at most *limit* messages for each listener."""
        self._pool = ConnectionPool.from_url(url, protocol=2, socket_timeout=None, retry=Retry(NoBackoff(), 0))
        self._limit = limit
        self._local = LocalBroadcast(limit=limit)
        self._receiver = Receiver(self._connect, self._local)
        self._queue: deque[tuple[str, bytes]] = deque()
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: str | None = None
        self._pause = FIRST_PAUSE
        self._may_repeat = True

    @property
    def away(self) -> str | None:
        """Why broadcasts are not passed on at present, in a sentence; None when they are."""
        return self._receiver.away or self._failure

    async def start(self) -> None:
        """Begin to send and to receive; waits a second at most for the first connection."""
        self._tasks = [
            asyncio.create_task(self._receiver.run(), name="broadcast-receiver"),
            asyncio.create_task(self._send(), name="broadcast-sender"),
        ]
        await self._receiver.first_try.wait()

    async def stop(self) -> None:
        """Send what waits, for a second at most, and close every listener."""
        for _ in range(100):
            if not self._queue or self._failure:
                break
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._local.stop()

    async def publish(self, channel: str, payload: bytes) -> None:
        """Queue a message; dropped while Redis is away or when Redis cannot keep up."""
        if self._failure:
            return
        if len(self._queue) >= QUEUE:
            self._failure = "Redis takes broadcasts more slowly than they are made."
        self._queue.append((channel, payload))
        self._wanted.set()

    def subscribe(self, *channels: str) -> Listener:
        """Listen on *channels*."""
        return Listener(channels, enter=self._receiver.enter, leave=self._receiver.leave, limit=self._limit)

    async def _connect(self) -> Connection:
        connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.connect()  # type: ignore[no-untyped-call]
        return connection

    async def _send(self) -> None:
        """Send what is queued, for ever.

        The connection may just be stale (Redis was restarted): what waits is sent once more on a new one, and some of
        it may be heard twice. When that fails too, drop what waits and try on, with a growing pause.
        """
        while True:
            try:
                await self._send_on_one_connection()
            except (RedisError, OSError, TimeoutError) as error:
                if self._may_repeat:
                    self._may_repeat = False
                    continue
                if not self._failure:
                    log.warning("broadcasts_not_sent", reason=str(error), dropped=len(self._queue))
                self._failure = f"Redis does not take broadcasts ({type(error).__name__}: {error})."
                await asyncio.sleep(random.uniform(self._pause / 2, self._pause))
                self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def _send_on_one_connection(self) -> None:
        connection = await self._connect()
        try:
            await self._tell_lost(connection)
            self._pause = FIRST_PAUSE
            while not self._failure:
                while self._queue and not self._failure:
                    count = min(len(self._queue), BATCH)
                    await _write(connection, [self._queue[number] for number in range(count)])
                    self._may_repeat = True
                    for _ in range(count):
                        self._queue.popleft()
                self._wanted.clear()
                if not self._queue:
                    await self._wanted.wait()
        finally:
            await connection.disconnect(nowait=True)

    async def _tell_lost(self, connection: Connection) -> None:
        """Where messages were dropped, let every listener everywhere know; then take new ones."""
        if self._failure:
            self._queue.clear()
            await _write(connection, [(LOST, b"")])
            self._failure = None
            log.info("broadcasts_sent_again")


async def _write(connection: Connection, messages: list[tuple[str, bytes]]) -> None:
    """Publish *messages* in one write and take the answers. Raises when that takes longer than SEND_SECONDS."""
    commands = [("PUBLISH", channel, payload) for channel, payload in messages]
    async with asyncio.timeout(SEND_SECONDS):
        await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        for _ in commands:
            await connection.read_response(timeout=math.inf)
