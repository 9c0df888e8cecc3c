"""Storage in memory, a hub on it, and a real server that streams from it over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from starlette.types import ASGIApp, Message

from services.gateway.streams.beginning import START as STREAM_START
from services.gateway.streams.beginning import Wanted, missed
from services.gateway.streams.formats import alert_json
from services.gateway.streams.hub import Hub
from services.gateway.streams.wires import Batch, Missed, Reader, Wire, body, heard
from shared.errors import Unavailable
from shared.store import StoreAway
from shared.store.memory import LocalStore


def wire(offset: int, *audiences: str, epoch: str = "e1", network: str = "n1") -> Wire:
    """A wire for *audiences* (the network's own, where none is named)."""
    item = {"id": f"m{offset}", "headline": f"Change {offset}", "network_id": network, "category": "governance"}
    return Wire(epoch, offset, audiences or (f"network:{network}",), item)


@dataclass
class Storage:
    """The truth, as notifications keeps it."""

    wires: list[Wire] = field(default_factory=list)
    epoch: str = "e1"
    is_away: bool = False
    reads: int = 0

    def add(self, *wires: Wire) -> None:
        """Commit wires."""
        self.wires.extend(wires)

    async def after(self, offset: int, limit: int) -> Batch:
        """What the hub fetches."""
        self.reads += 1
        if self.is_away:
            raise Unavailable
        found = [wire for wire in self.wires if wire.offset > offset][:limit]
        head = max((wire.offset for wire in self.wires), default=0)
        return Batch(self.epoch, head, found, more=len(found) == limit)


async def left_while_sending(app: ASGIApp, path: str, *headers: tuple[str, str]) -> int:
    """The status with which *app* answers who closes the connection before what they POST has come."""
    said: list[Message] = []

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        said.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": path, "raw_path": path.encode(),
        "root_path": "", "scheme": "http", "query_string": b"", "client": ("127.0.0.1", 9), "server": ("gateway", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }  # fmt: skip
    await app(scope, gone, send)
    return int(next(message["status"] for message in said if "status" in message))


class Mortal(LocalStore):
    """A store that can go away; each call is counted."""

    away: str | None = None
    is_gone = False
    asked = 0

    async def get(self, key: str) -> bytes | None:
        self._must_answer()
        return await super().get(key)

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        self._must_answer()
        await super().set(key, value, ttl)

    async def add(self, key: str, member: str, ttl: float) -> None:
        self._must_answer()
        await super().add(key, member, ttl)

    def _must_answer(self) -> None:
        self.asked += 1
        if self.is_gone:
            self.away = "Redis does not answer."
            raise StoreAway(self.away)


class Client:
    """A client that takes everything at once, or nothing at all."""

    def __init__(self, *, slow: bool = False) -> None:
        self.frames: list[str] = []
        self.slow = slow

    async def send(self, event: dict[str, Any]) -> None:
        """The ASGI `send` of this client's connection."""
        if self.slow:
            await asyncio.sleep(3600)
        self.frames.append(event["body"].decode())

    def get_write_buffer_size(self) -> int:
        """As a connection that is written to at once: bytes that wait to be read."""
        return 2**30 if self.slow else 0

    def write(self, chunk: bytes) -> None:
        """Take a chunk of HTTP/1.1."""
        size, _, content = chunk.partition(b"\r\n")
        assert content[int(size, 16) :] == b"\r\n"
        self.frames.append(content[:-2].decode())

    @property
    def offsets(self) -> list[int]:
        """The offsets that arrived, in order."""
        return [int(line[7:]) for frame in self.frames for line in frame.splitlines() if line.startswith("id: e1-")]


@pytest.fixture
def storage() -> Storage:
    """Empty storage."""
    return Storage()


@pytest_asyncio.fixture
async def hub(storage: Storage) -> AsyncIterator[Hub]:
    """A running hub on that storage."""
    hub = Hub("alerts", storage.after)
    task = asyncio.create_task(hub.run())
    await until(lambda: hub.away is None)
    yield hub
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def listens(hub: Hub) -> Callable[..., Client]:
    """Opens a live stream of somebody with these audiences."""

    def open_stream(key: str, *audiences: str, muted: tuple[str, ...] = (), slow: bool = False) -> Client:
        client = Client(slow=slow)
        chosen = dict.fromkeys(muted, "000000")
        stream = hub.join(Reader(key, audiences or ("network:n1",), chosen), alert_json, client.send)
        assert hub.released(stream, hub.position)
        return client

    return open_stream


async def until(holds: Callable[[], Any], seconds: float = 3) -> None:
    """Wait until *holds*; fails after *seconds*."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)


@dataclass
class Server:
    """A real server whose every path is one stream of the hub."""

    port: int

    async def connect(self, last_id: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A raw connection that has sent its request."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        last = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        writer.write(f"GET / HTTP/1.1\r\nHost: x\r\n{last}\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        return reader, writer


@pytest_asyncio.fixture
async def server(hub: Hub, storage: Storage) -> AsyncIterator[Server]:
    """uvicorn with the hub's streams, replaying from storage."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        last = dict(scope["headers"]).get(b"last-event-id", b"").decode()

        async def replay(offset: int) -> Missed:
            return heard(await storage.after(offset, 200))

        wanted = Wanted(hub, Reader("somebody", ["network:n1"]), alert_json, replay, last)
        stream = hub.join(wanted.reader, wanted.format, send)
        await send(STREAM_START)
        content, reached = await missed(wanted, stream)
        await send(body(content))
        assert hub.released(stream, reached)
        with contextlib.suppress(asyncio.CancelledError):
            while (await receive())["type"] != "http.disconnect":
                pass
        hub.leave(stream)

    config = uvicorn.Config(app, port=0, lifespan="off", log_level="critical", ws="none")
    serving = uvicorn.Server(config)
    task = asyncio.create_task(serving.serve())
    await until(lambda: serving.started)
    yield Server(serving.servers[0].sockets[0].getsockname()[1])
    serving.should_exit = serving.force_exit = True
    await asyncio.wait([task], timeout=5)
