"""The receiving half of the broadcast through Redis: one subscribed connection, handed on within the process.

Invariants:
1. After every (re)connection all listeners get Missed, once Redis has confirmed all their channels: what is published
   after that is heard, what was published before may not have been.
2. A connection that is silent for longer than QUIET_SECONDS is asked, and given up when it stays silent: a peer that
   vanished without a word is noticed within twice that time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog
from redis.asyncio import Connection
from redis.exceptions import RedisError

from shared.broadcast import Listener
from shared.broadcast.memory import LocalBroadcast

log = structlog.get_logger()
LOST = "tidings:lost"
"""The channel on which a publisher says that it had to drop messages. Everybody listens on it."""
QUIET_SECONDS = 2.0
ENTER_SECONDS = 1.0
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0


class Receiver:
    """Keeps the subscribed connection, for ever, and hands what it hears to *local*'s listeners."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], local: LocalBroadcast) -> None:
        """*connect* opens a connection, or raises."""
        self.away: str | None = "Redis has not been reached yet."
        self.first_try = asyncio.Event()
        self._connect = connect
        self._local = local
        self._connection: Connection | None = None
        self._confirmed: dict[str, asyncio.Event] = {}
        self._late: set[str] = set()
        self._pause = FIRST_PAUSE

    async def enter(self, listener: Listener) -> None:
        """Let *listener* hear: when this returns Redis has confirmed its channels, or it will get Missed later."""
        self._local.add(listener)
        asked = [channel for channel in listener.channels if channel not in self._confirmed]
        if self._connection is None:
            return
        self._confirmed |= {channel: asyncio.Event() for channel in asked}
        try:
            async with asyncio.timeout(ENTER_SECONDS):
                if asked:
                    await self._connection.send_command("SUBSCRIBE", *asked, check_health=False)
                for channel in listener.channels:
                    await self._confirmed[channel].wait()
        except (RedisError, OSError, KeyError):
            self._late |= set(listener.channels)

    async def leave(self, listener: Listener) -> None:
        """Let *listener* hear nothing more."""
        deserted = [channel for channel in self._local.remove(listener) if self._confirmed.pop(channel, None)]
        if deserted and self._connection is not None:
            try:
                async with asyncio.timeout(ENTER_SECONDS):
                    await self._connection.send_command("UNSUBSCRIBE", *deserted, check_health=False)
            except (RedisError, OSError) as error:
                log.debug("broadcast_channel_not_left", reason=str(error))

    async def run(self) -> None:
        """Receive for ever; a lost connection is opened again after a growing pause."""
        while True:
            try:
                await self._receive()
            except (RedisError, OSError) as error:
                self._lost(f"Redis does not pass broadcasts on ({type(error).__name__}: {error}).")
            finally:
                self.first_try.set()
            await asyncio.sleep(random.uniform(self._pause / 2, self._pause))
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _lost(self, reason: str) -> None:
        if self.away is None or not self.first_try.is_set():
            log.warning("broadcasts_not_received", reason=reason)
        self.away = reason

    async def _receive(self) -> None:
        connection = await self._connect()
        self._connection = connection  # from here on, who enters subscribes for itself
        channels = [*self._local.channels, LOST]
        self._confirmed = {channel: asyncio.Event() for channel in channels}
        self._late.clear()
        try:
            await connection.send_command("SUBSCRIBE", *channels, check_health=False)
            while True:
                self._take(await _next(connection))
        finally:
            self._connection = None
            for confirmed in self._confirmed.values():
                confirmed.set()
            self._confirmed = {}
            await connection.disconnect(nowait=True)

    def _take(self, reply: list[bytes]) -> None:
        match reply:
            case [b"message", channel, payload]:
                self._heard(channel.decode(), payload)
            case [b"subscribe", channel, _]:
                self._is_confirmed(channel.decode())

    def _heard(self, channel: str, payload: bytes) -> None:
        if channel == LOST:
            self._local.missed()
        else:
            self._local.hear(channel, payload)

    def _is_confirmed(self, channel: str) -> None:
        if channel in self._confirmed:
            self._confirmed[channel].set()
        if channel in self._late:
            self._late.discard(channel)
            self._local.missed(channel)
        if channel == LOST:  # the last one of a new connection
            self._local.missed()
            self._pause = FIRST_PAUSE
            self.away = None
            self.first_try.set()
            log.info("broadcasts_received")


async def _next(connection: Connection) -> list[bytes]:
    """The next reply. Raises TimeoutError when nothing comes, not even the answer to a ping."""
    reply: list[bytes] | None = await connection.read_response(timeout=QUIET_SECONDS, disconnect_on_error=False)
    if reply is None:
        await connection.send_command("PING", check_health=False)
        reply = await connection.read_response(timeout=QUIET_SECONDS, disconnect_on_error=False)
    if reply is None:
        raise TimeoutError(f"no answer for {2 * QUIET_SECONDS:.0f} seconds")
    return reply
