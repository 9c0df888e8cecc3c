"""A service's place, where a server answers as a test tells it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Place:
    """A server that answers as it is told, and counts who connected."""

    def __init__(self, answering: Answering) -> None:
        self.url, self.connected = "", 0
        self.close: Callable[[], None] = lambda: None
        self.open: list[asyncio.StreamWriter] = []
        self._answering = answering

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        self.open.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answering(head, writer)
        writer.close()


@asynccontextmanager
async def place(answering: Answering) -> AsyncIterator[Place]:
    made = Place(answering)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, backlog=4096)  # as a service has it
    made.close = server.close
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        for writer in made.open:
            writer.transport.abort()
        await asyncio.sleep(0.01)
