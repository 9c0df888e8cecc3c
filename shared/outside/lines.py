"""Connections to the outside: opened to checked addresses, and kept for a while."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpcore

from shared.outside.addresses import Address, Doors, Target

IDLE_SECONDS = 20.0
MOST_IDLE = 500
TRIED_ADDRESSES = 3

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""(host, port) → its addresses, the preferred first. Raises OSError."""


class Names:
    """Looks names up, in threads of its own: a name server that hangs holds up nobody who does not wait for it."""

    def __init__(self, threads: int = 16) -> None:
        """At most *threads* look-ups at once."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        """The addresses of *host*. Raises OSError."""
        with suppress(ValueError):
            return [ip_address(host)]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _looked_up, host, port)

    def close(self) -> None:
        """Begin no more look-ups; those that hang end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _looked_up(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to an address that the target's name has now, if all that it has are open to us."""

    def __init__(self, target: Target, doors: Doors, resolve: Resolve) -> None:
        """For connections to *target* alone."""
        self._target, self._doors, self._resolve = target, doors, resolve
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """Look up, check, connect. Raises NotAllowed, OSError, TimeoutError and httpcore's errors."""
        async with asyncio.timeout(timeout):
            addresses = await self._resolve(host, port)
            for address in addresses:
                self._doors.require_open(self._target, address)
            failure: Exception = httpcore.ConnectError("The name has no address.")
            for address in addresses[:TRIED_ADDRESSES]:
                try:
                    return await self._plain.connect_tcp(str(address), port)
                except httpcore.ConnectError as error:
                    failure = error
        raise failure


@dataclass(slots=True)
class Line:
    """One connection; `has_served` when a call went over it before."""

    connection: httpcore.AsyncHTTPConnection
    has_served: bool = False
    idle_since: float = 0.0

    async def close(self) -> None:
        """Close it; what the other side thinks of that is of no interest."""
        with suppress(Exception):
            await self.connection.aclose()


class Lines:
    """Opens connections, and keeps the idle ones for the next message, which often follows soon."""

    def __init__(self, doors: Doors, resolve: Resolve, context: ssl.SSLContext) -> None:
        """*context* is for https."""
        self._doors, self._resolve, self._context = doors, resolve, context
        self._idle: dict[tuple[str, str, int], list[Line]] = {}
        self._kept = 0

    async def to(self, target: Target) -> Line:
        """An idle connection to *target*, or one that opens with its first call."""
        place = (target.scheme, target.host, target.port)
        while lines := self._idle.get(place):
            line = lines.pop()
            self._kept -= 1
            if not line.connection.has_expired() and time.monotonic() - line.idle_since < IDLE_SECONDS:
                return line
            await line.close()
        self._idle.pop(place, None)
        return self.new(target)

    def new(self, target: Target) -> Line:
        """A connection that opens with its first call."""
        origin = httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port)
        backend = CheckedBackend(target, self._doors, self._resolve)
        return Line(httpcore.AsyncHTTPConnection(origin, ssl_context=self._context, network_backend=backend))

    async def put_back(self, target: Target, line: Line) -> None:
        """Keep *line* for a while, unless there are many already."""
        if self._kept >= MOST_IDLE:
            await self.close_old()
        if self._kept >= MOST_IDLE or not line.connection.is_idle():
            await line.close()
            return
        line.has_served, line.idle_since = True, time.monotonic()
        self._idle.setdefault((target.scheme, target.host, target.port), []).append(line)
        self._kept += 1

    async def close_old(self, seconds: float = IDLE_SECONDS) -> None:
        """Close what has been idle for longer than *seconds*."""
        before = time.monotonic() - seconds
        for place, lines in list(self._idle.items()):
            old = [line for line in lines if line.idle_since <= before]
            self._idle[place] = [line for line in lines if line.idle_since > before]
            self._kept -= len(old)
            for line in old:
                await line.close()
            if not self._idle[place]:
                del self._idle[place]
