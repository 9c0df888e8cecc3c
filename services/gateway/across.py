"""To a service in another process: one request at a time on each of a few connections that are kept.

httpx's own transport looks at every idle connection for every request and asks several times which event loop it runs
on: a fifth of the gateway's time at fifty changes a second. What a service needs is HTTP/1.1 and no more.

Invariants:
1. An answer belongs to the request that waited for it: a connection that is left before its answer is whole is closed.
2. Connections are bounded, and none is used again after so long that the service may just be closing it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
from httptools import HttpParserError, HttpResponseParser

MOST = 100
IDLE_SECONDS = 20.0
CONNECT_SECONDS = 2.0


class Across(httpx.AsyncBaseTransport):
    """Connects as it needs to; whoever waits longer than they like gives up by themselves."""

    def __init__(self) -> None:
        """Nothing is connected yet."""
        self._idle: dict[tuple[str, str, int | None], list[_Line]] = {}
        self._room = asyncio.Semaphore(MOST)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer. Raises httpx.ConnectError where nobody is, RemoteProtocolError where it breaks off."""
        url = request.url
        place = url.scheme, url.host, url.port
        async with self._room:
            idle = self._idle.setdefault(place, [])
            line = _usable(idle) or await _connected(*place)
            try:
                answer = await line.answered(request)
            except BaseException:
                line.close()
                raise
            if line.is_open:
                idle.append(line)
            else:
                line.close()
            return answer

    async def aclose(self) -> None:
        """Close every connection that is idle."""
        for lines in self._idle.values():
            while lines:
                lines.pop().close()


def _usable(idle: list[_Line]) -> _Line | None:
    """The one that was used last, unless it is closed or was left for too long: then the others were, too."""
    while idle:
        line = idle.pop()
        if line.is_open and time.monotonic() - line.used < IDLE_SECONDS:
            return line
        line.close()
    return None


async def _connected(scheme: str, host: str, port: int | None) -> _Line:
    secure = scheme == "https"
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, line = await asyncio.get_running_loop().create_connection(
                _Line, host, port or (443 if secure else 80), ssl=secure or None
            )
    except (OSError, TimeoutError) as error:
        raise httpx.ConnectError(f"{host}:{port} takes no connection ({type(error).__name__}).") from error
    return line


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.is_open = True
        self.used = time.monotonic()
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[httpx.Response] | None = None

    async def answered(self, request: httpx.Request) -> httpx.Response:
        """Send *request*, and wait for its answer."""
        sent = _head(request) + await request.aread()
        self._is_bodiless = request.method == "HEAD"
        self._headers: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
        self._parser = HttpResponseParser(self)
        self._waiting = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.write(sent)
        try:
            return await self._waiting
        finally:
            self._waiting = None
            self.used = time.monotonic()

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # What the connection says

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._waiting is None or self._waiting.done():
            self.close()  # nobody asked
            return
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(f"It was answered in no HTTP that we know: {error}")

    def connection_lost(self, _reason: Exception | None) -> None:
        self.is_open = False
        self._fail("The connection was closed before the answer.")

    def _fail(self, said: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(httpx.RemoteProtocolError(said))

    # What the parser says

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._is_bodiless:
            self.on_message_complete()

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 or self._waiting is None or self._waiting.done():
            return
        self.is_open = self.is_open and self._parser.should_keep_alive() and not self._is_bodiless
        self._waiting.set_result(httpx.Response(status, headers=self._headers, content=b"".join(self._pieces)))


def _head(request: httpx.Request) -> bytes:
    """The request line and the headers. Raises httpx.LocalProtocolError for what no header can hold."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    if any(b"\n" in line or b"\r" in line for line in lines):
        raise httpx.LocalProtocolError("A header holds the end of a line.")
    return b"\r\n".join([*lines, b"", b""])
