"""A web server of the outside for tests: raw HTTP/1.1 over real sockets, well behaved or not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


def answers(status: int = 204, body: bytes = b"", *headers: str) -> Behaviour:
    """Answers at once, and keeps the connection."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} So", f"content-length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return behave


def answers_late(seconds: float, then: Behaviour | None = None) -> Behaviour:
    """Thinks for a while first."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await (then or answers())(writer)

    return behave


async def never(writer: asyncio.StreamWriter) -> None:
    """Takes the request and says nothing, for ever."""
    await asyncio.sleep(3600)


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    """Closes without a word."""
    writer.transport.abort()


async def gabbles(writer: asyncio.StreamWriter) -> None:
    """Speaks, but not HTTP."""
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await writer.drain()
    writer.close()


async def floods(writer: asyncio.StreamWriter) -> None:
    """Answers 200 with a body of ten gigabytes."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def drips(writer: asyncio.StreamWriter) -> None:
    """Answers 200 with a body of a byte every now and then."""
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\nx\r\n")
        await writer.drain()
        await asyncio.sleep(0.25)


async def bombs(writer: asyncio.StreamWriter) -> None:
    """Answers with headers that do not end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-more: " + b"y" * 8000 + b"\r\n")
        await writer.drain()


class Receiver:
    """A server that does as `behaviour` says, and remembers what it was asked."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or answers()
        self.asked: list[Asked] = []
        self.connections = 0
        self.at_once = 0
        self.most_at_once = 0
        self.port = 0
        self.sni: list[str | None] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    self.asked.append(await _request(reader))
                    self.at_once += 1
                    self.most_at_once = max(self.most_at_once, self.at_once)
                    try:
                        await self.behaviour(writer)
                    finally:
                        self.at_once -= 1
        except asyncio.CancelledError:
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def stop(self) -> None:
        """End every connection."""
        for task in list(self._tasks):
            task.cancel()
        while self._tasks:
            await asyncio.sleep(0.005)


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(first.split(" ")[1], headers, body)


@asynccontextmanager
async def receiving(
    behaviour: Behaviour | None = None, context: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """A receiver on a free port; with *context* it speaks TLS and notes the name it was asked for."""
    receiver = Receiver(behaviour)
    if context is not None:
        context.sni_callback = lambda _socket, name, _context: receiver.sni.append(name)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await receiver.stop()
