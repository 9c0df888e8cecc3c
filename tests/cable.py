"""A cable to a real server, that a test can cut, freeze and mend.

Frozen, the server is as one that hangs: whoever connects is let in, and nobody is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Cable:
    """Passes bytes on between a port of its own and the server's address."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._last_words: bytes | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The server's URL by way of this cable."""
        known, at, _ = self._to.netloc.rpartition("@")
        return f"{self._to.scheme}://{known}{at}127.0.0.1:{self.port}"

    async def mend(self) -> None:
        """Pass on, and take new connections."""
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def freeze(self) -> None:
        """Keep the connections open, and pass nothing on."""
        self._flows.clear()

    def freeze_after(self, words: bytes) -> None:
        """Freeze as soon as somebody says *words*, which still pass."""
        self._last_words = words

    async def cut(self) -> None:
        """Close every connection and take no new one."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.02)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_connection(self._to.hostname, self._to.port)
        self._writers |= {writer, onward}
        await asyncio.gather(self._pass_on(reader, onward), self._pass_on(there, writer))
        self._writers -= {writer, onward}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
                if self._last_words and self._last_words in data:
                    self._last_words = None
                    self.freeze()
        writer.close()


@asynccontextmanager
async def cable_to(url: str) -> AsyncIterator[Cable]:
    """A cable that is whole."""
    cable = Cable(url)
    await cable.mend()
    yield cable
    cable._flows.set()
    await cable.cut()
