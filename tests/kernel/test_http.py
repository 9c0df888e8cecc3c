"""What comes before a body has an end, and what cannot be understood is refused: spoken byte by byte to a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import uvicorn

from shared.http import LARGEST_HEAD, BoundedHttp

pytestmark = pytest.mark.fast
HOST = b"GET / HTTP/1.1\r\nHost: x\r\n"
UNCLEAR = (
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1e3\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA\x00B: c\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """A server that answers every request with the length of its body."""

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        length, more = 0, True
        while more:
            message = await receive()
            length, more = length + len(message.get("body", b"")), message.get("more_body", False)
        said = b"%d bytes" % length
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
        await send({"type": "http.response.body", "body": said})

    config = uvicorn.Config(app, port=0, lifespan="off", log_level="critical", ws="none", http=BoundedHttp)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = server.force_exit = True
    await asyncio.wait([task], timeout=5)


async def answered(port: int, *pieces: bytes) -> bytes:
    """All that the server says to *pieces*, sent one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        async with asyncio.timeout(2):
            return await reader.read(100_000)
    except (ConnectionError, TimeoutError):
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("unclear", UNCLEAR)
async def test_a_request_that_two_servers_could_read_differently_is_refused(port: int, unclear: bytes) -> None:
    said = await answered(port, unclear)
    assert said.startswith(b"HTTP/1.1 400") and said.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "pieces",
    [
        (HOST + b"X: ", *[b"x" * 30_000] * 4),
        (b"GET /", *[b"x" * 30_000] * 4),
        (HOST, *[b"Y: y\r\n" * 4_000] * 4),
    ],
    ids=["one endless header", "an endless address", "headers without end"],
)  # fmt: skip
async def test_a_head_without_end_is_hung_up_on(port: int, pieces: tuple[bytes, ...]) -> None:
    assert (await answered(port, *pieces)).startswith(b"HTTP/1.1 431")


async def test_a_long_body_and_requests_one_after_another_pass(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b"b" * (4 * LARGEST_HEAD)
    for _ in range(3):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200") and await reader.readexactly(12) == b"262144 bytes"
    writer.close()
