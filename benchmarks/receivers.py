"""The receivers of webhooks: one process that answers at once, or never, and notes when each message came."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import uvloop

Arrival = tuple[float, str, str]
"""(seconds since 1970, the address's path, the webhook-id)."""
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
ID = re.compile(rb"webhook-id: (\S+)", re.IGNORECASE)
TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receivers:
    """The other process, as the one that measures sees it."""

    def __init__(self, line: Connection, port: int) -> None:
        """Speak over *line*; the receivers listen on *port*."""
        self._line = line
        self.port = port

    def url(self, kind: str, number: int) -> str:
        """An address: *kind* `quick` answers at once, `slow` never."""
        return f"http://127.0.0.1:{self.port}/{kind}/{number}"

    def arrivals(self) -> list[Arrival]:
        """What came to quick ones since the last call."""
        self._line.send("arrivals")
        found: list[Arrival] = self._line.recv()
        return found


@contextmanager
def receivers() -> Iterator[Receivers]:
    """A process of receivers, ended with the block."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Receivers(ours, ours.recv())
    finally:
        process.terminate()
        process.join()
        ours.close()


class _Receiving(asyncio.Protocol):
    def __init__(self, arrivals: list[Arrival]) -> None:
        self._arrivals = arrivals
        self._waiting = b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end]
            length = LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._waiting) < whole:
                return
            self._waiting = self._waiting[whole:]
            self._take(head)

    def _take(self, head: bytes) -> None:
        path, known = head.split(b" ", 2)[1].decode(), ID.search(head)
        if path.startswith("/quick/") and known:
            self._arrivals.append((time.time(), path, known[1].decode()))
            self._transport.write(TAKEN)


def _run(line: Connection) -> None:
    uvloop.run(_serve(line))


async def _serve(line: Connection) -> None:
    arrivals: list[Arrival] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Receiving(arrivals), "127.0.0.1", 0, backlog=2048)
    line.send(server.sockets[0].getsockname()[1])
    asked = asyncio.Event()
    loop.add_reader(line.fileno(), asked.set)
    while True:
        await asked.wait()
        os.set_blocking(line.fileno(), True)  # the loop has made it else, and a long list would not go in
        line.recv()
        asked.clear()
        line.send(list(arrivals))
        arrivals.clear()
