"""The clients of the live streams: one process that holds thousands of sockets and notes when each byte came.

Nothing is parsed while it is measured: an arrival is (seconds since 1970, number of the stream, bytes).
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import uvloop

Arrival = tuple[float, int, bytes]
CONNECTING = 25
SMALLEST_EVENT = 150
"""Bytes: greetings and heartbeats are smaller."""


class Clients:
    """The other process, as the one that measures sees it."""

    def __init__(self, line: Connection) -> None:
        """Speak over *line*."""
        self._line = line

    def open(self, port: int, requests: Sequence[bytes]) -> None:
        """Open a stream for each of *requests*; returns when each has been answered."""
        self._ask("open", port, list(requests))

    def arrivals(self, *, contents: bool = True) -> list[Arrival]:
        """What came since the last call; without *contents* only when and where."""
        found: list[Arrival] = self._ask("arrivals", contents)
        return found

    def _ask(self, *words: Any) -> Any:
        self._line.send(words)
        answer = self._line.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def clients() -> Iterator[Clients]:
    """A client process, ended with the block."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Clients(ours)
    finally:
        ours.close()
        process.join(10)
        process.terminate()


def more_files() -> None:
    """Let this process open as many files as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Stream(asyncio.Protocol):
    __slots__ = ("_answered", "_number", "_seen", "opened")

    def __init__(self, number: int, seen: list[Arrival]) -> None:
        self._number = number
        self._seen = seen
        self._answered = b""
        self.opened = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        if self.opened.done() and len(data) >= SMALLEST_EVENT and b"data: " in data:
            self._seen.append((time.time(), self._number, data))
        elif not self.opened.done():
            self._answered += data
            if b"retry: " in self._answered:
                self.opened.set_result(None)
            elif not self._answered.startswith(b"HTTP/1.1 200"):
                self.opened.set_exception(ConnectionError(self._answered.decode(errors="replace")))

    def connection_lost(self, _reason: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"closed after {self._answered!r}"))


class _Holder:
    """Answers what the measuring process asks."""

    def __init__(self) -> None:
        self._seen: list[Arrival] = []
        self._count = 0
        self._kept: list[asyncio.BaseTransport] = []

    async def open(self, port: int, requests: Sequence[bytes]) -> None:
        at_once = asyncio.Semaphore(CONNECTING)

        async def one(number: int, request: bytes) -> None:
            async with at_once, asyncio.timeout(120):
                loop = asyncio.get_running_loop()
                transport, stream = await loop.create_connection(lambda: _Stream(number, self._seen), "127.0.0.1", port)
                transport.write(request)
                await stream.opened
                self._kept.append(transport)

        await asyncio.gather(*(one(self._count + n, request) for n, request in enumerate(requests)))
        self._count += len(requests)
        gc.collect()
        gc.freeze()  # the client's own pauses are not the server's

    async def arrivals(self, contents: bool) -> list[Arrival]:
        found = self._seen[:] if contents else [(moment, number, b"") for moment, number, _ in self._seen]
        self._seen.clear()
        return found


def _run(line: Connection) -> None:
    more_files()
    uvloop.run(answer(line, _Holder()))


async def answer(line: Connection, holder: Any) -> None:
    """Call the methods of *holder* that *line* asks for, one after another, until it is closed."""
    while True:
        try:
            name, *arguments = await asyncio.to_thread(line.recv)
        except EOFError:
            return
        try:
            line.send(await getattr(holder, name)(*arguments))
        except Exception as error:
            line.send(RuntimeError(f"{type(error).__name__}: {error}"))
