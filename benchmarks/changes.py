"""The changes that a measurement makes: each sent at its time, over connections that are kept.

By hand, because a client of the usual kind takes half as much of the processors for a request as the system that is
measured on them.
"""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import urlsplit

import orjson

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")
ANSWER_SECONDS = 20
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Changes:
    """Changes of networks' populations, made in the name of *token* at the system at *url*."""

    def __init__(self, url: str, token: str) -> None:
        """Connects with the first change."""
        self._host = urlsplit(url)
        self._token = token
        self._free: list[Line] = []

    async def make(self, networks: list[str], *, first: int, count: int, per_second: int) -> None:
        """*count* changes, *per_second*, each at its time however long those before it take; returns with the last."""
        started, tasks = time.perf_counter(), []
        for number in range(count):
            await asyncio.sleep(started + number / per_second - time.perf_counter())
            tasks.append(asyncio.create_task(self.change(networks[number % len(networks)], first + number)))
        await asyncio.gather(*tasks)

    async def change(self, network: str, population: int) -> None:
        """Make one. Raises RuntimeError where it is refused."""
        async with asyncio.timeout(ANSWER_SECONDS):
            line = self._free.pop() if self._free else await self._connected()
            answer, body = await self._answered(line, network, orjson.dumps({"population": population}))
        self._free.append(line)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"a change was refused: {body.decode()}")

    def close(self) -> None:
        """Close every connection."""
        for _, writer in self._free:
            writer.close()

    async def _connected(self) -> Line:
        return await asyncio.open_connection(self._host.hostname, self._host.port)

    async def _answered(self, line: Line, network: str, content: bytes) -> tuple[bytes, bytes]:
        reader, writer = line
        writer.write(
            f"PATCH /api/networks/{network} HTTP/1.1\r\nhost: {self._host.netloc}\r\n"
            f"authorization: Bearer {self._token}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(content)}\r\n\r\n".encode()
            + content
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        return head, await reader.readexactly(int(length[1]) if length else 0)
