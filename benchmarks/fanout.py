"""One change to ten thousand open streams of one network, beside a bare uvloop server that writes the same bytes.

Both servers hold their ten thousand sockets at the same time, each with a client process of its own (a process may
rarely open twenty thousand), and are asked in turn, so that whatever else the machine does is shared. What is real:
the gateway's application with its hub and its door for streams, uvicorn, the sockets. What is played: the services
that the gateway asks (whose token this is, to whom the reader listens).
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import orjson
import uvloop

from benchmarks.figures import Figure, percentile
from benchmarks.streams import Clients, answer, clients, more_files
from services.gateway.app import Gateway, gateway
from services.gateway.clients import Upstream
from services.gateway.streams.formats import alert_json
from services.gateway.streams.wires import Wire, telling
from shared.broadcast import open_broadcast
from shared.config import SERVICES, Settings
from shared.heap import keep_heap_small, large_pages
from shared.process import listen, serve
from shared.store import open_store

STREAMS = 10_000
ROUNDS = 15
PAUSE = 1.0
"""Seconds that a round may take; the next begins after it."""
NETWORK = "01890000-0000-7000-8000-000000000000"
GREETING = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry: 1000\r\n\r\n"
Role = Callable[[Connection], None]


def measure() -> list[Figure]:
    """Milliseconds from the first send to each client's socket, and the memory of a stream."""
    more_files()
    with clients() as viewers, clients() as bare_viewers, _server(_serve_gateway) as ours, _server(_serve_bare) as bare:
        _open(viewers, ours.port, 1)
        before = _resident(ours.pid)
        _open(viewers, ours.port, STREAMS - 1)
        kilobytes = (_resident(ours.pid) - before) / STREAMS
        _open(bare_viewers, bare.port, STREAMS)
        _require_the_same_bytes(bare_viewers, bare, viewers, ours)
        rounds = [(_round(bare_viewers, bare), _round(viewers, ours)) for _ in range(ROUNDS)]
    bare50, bare99 = _middle([bare for bare, _ in rounds])
    ours50, ours99 = _middle([ours for _, ours in rounds])
    said = f"one change → {STREAMS:,} streams"
    beside = f"bare {bare50:.0f} / {bare99:.0f} ms (p50 / p99): {ours99 / bare99:.2f} x"
    return [
        Figure(f"{said}, p99", ours99, "ms", "≤ 1.3 x bare p99", ours99 <= 1.3 * bare99, beside),
        Figure(f"{said}, p50", ours50, "ms"),
        Figure("memory of an open stream", kilobytes, "KB", "≤ 15 KB", kilobytes <= 15),
    ]


class _Server:
    """A server in a process of its own."""

    def __init__(self, process: Any, line: Connection) -> None:
        self.pid = process.pid
        self._line = line
        self.port = line.recv()

    def send(self) -> float:
        """Send to every stream; returns when that began."""
        self._line.send(("send",))
        return float(self._line.recv())


@contextmanager
def _server(role: Role) -> Iterator[_Server]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=role, args=(theirs,), daemon=True)
    with patch.dict(os.environ, large_pages() if role is _serve_gateway else {}):  # as `tidings serve` has it
        process.start()
    theirs.close()
    try:
        yield _Server(process, ours)
    finally:
        ours.close()
        process.terminate()
        process.join(20)
        if process.is_alive():
            process.kill()


def _open(viewers: Clients, port: int, count: int) -> None:
    head = "GET /api/alerts/stream HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\nauthorization: Bearer"
    viewers.open(port, [f"{head} {time.monotonic_ns()}\r\n\r\n".encode() for _ in range(count)])


def _round(viewers: Clients, server: _Server) -> tuple[float, float]:
    """p50 and p99, in milliseconds, of one event's arrivals."""
    viewers.arrivals(contents=False)
    began = server.send()
    time.sleep(PAUSE)
    found = [(moment - began) * 1000 for moment, _, _ in viewers.arrivals(contents=False)]
    if len(found) != STREAMS:
        raise RuntimeError(f"{len(found)} of {STREAMS} clients got the event")
    return percentile(found, 0.5), percentile(found, 0.99)


def _require_the_same_bytes(bare_viewers: Clients, bare: _Server, viewers: Clients, ours: _Server) -> None:
    """What both write of one change differs in nothing but the position."""
    frames = []
    for who, server in ((bare_viewers, bare), (viewers, ours)):
        who.arrivals(contents=False)
        server.send()
        time.sleep(PAUSE)
        frames.append({content for _, _, content in who.arrivals()})
    if frames[0] != frames[1]:
        raise RuntimeError(f"the two wrote different bytes: {frames}")


def _middle(rounds: list[tuple[float, float]]) -> tuple[float, float]:
    return percentile([p50 for p50, _ in rounds], 0.5), percentile([p99 for _, p99 in rounds], 0.5)


def _resident(pid: int) -> float:
    """Resident memory in KB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    raise RuntimeError(f"process {pid} is gone")


# The bare server


class _Bare(asyncio.Protocol):
    def __init__(self, transports: list[asyncio.Transport]) -> None:
        self._transports = transports

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        self._transport.write(GREETING)
        self._transports.append(self._transport)


class _BareSender:
    def __init__(self) -> None:
        self.transports: list[asyncio.Transport] = []
        event = _frame(1)
        self._bytes = b"%x\r\n%b\r\n" % (len(event), event)

    async def send(self) -> float:
        began = time.time()
        for transport in self.transports:
            transport.write(self._bytes)
        return began


def _serve_bare(line: Connection) -> None:
    more_files()
    uvloop.run(_bare(line))


async def _bare(line: Connection) -> None:
    sender = _BareSender()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Bare(sender.transports), "127.0.0.1", 0, backlog=4096)
    line.send(server.sockets[0].getsockname()[1])
    await answer(line, sender)


# The gateway


def _alert(offset: int) -> dict[str, Any]:
    return {
        "id": NETWORK, "message_id": NETWORK, "headline": "Measured network: population served changed " + "x" * 150,
        "category": "governance", "significance": "normal", "path": "/networks/measured-network",
        "time": "2026-01-01T00:00:00Z", "network_id": NETWORK, "network_name": "Measured network",
        "position": f"epoch-{offset}",
    }  # fmt: skip


def _wire(offset: int) -> dict[str, Any]:
    reasons = {f"member|network:{NETWORK}": "because you are a member of Measured network"}
    return {"offset": offset, "epoch": "epoch", "actor": "", "alert": _alert(offset), "reasons": reasons}


def _frame(offset: int) -> bytes:
    """What the gateway writes of it to each stream."""
    said = _wire(offset)
    wire = Wire("epoch", offset, (f"network:{NETWORK}",), said["alert"], "", said["reasons"])
    return alert_json(wire, telling(f"37|member|network:{NETWORK}"))


def _reader(person: str) -> dict[str, Any]:
    ways = {f"person:{person}": "39|person", "everyone": "32|everyone", f"network:{NETWORK}": "37|member"}
    rules = {a: [["2020-01-01T00:00:00Z", [f"{way}|{a}"] * 6]] for a, way in ways.items()}
    return {"audiences": rules, "networks": {}, "unread": 0, "total": 0, "position": "epoch-0", "revision": 1}


class _Services:
    """Plays the services at the network's edge."""

    def __init__(self) -> None:
        self.head = 0
        self._people = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/internal/tokens/resolve":
            self._people += 1
            return httpx.Response(200, json={"person_id": f"person-{self._people}", "scopes": ["read"]})
        if path.startswith("/internal/principals/"):
            person = {"person_id": path.rpartition("/")[2], "name": "", "is_staff": False, "bodies": []}
            return httpx.Response(200, json=person)
        if path.startswith("/internal/reader/"):
            return httpx.Response(200, json=_reader(path.rpartition("/")[2]))
        if path in ("/internal/alerts", "/internal/feed"):
            head = self.head if path == "/internal/alerts" else 0
            return httpx.Response(200, json={"epoch": "epoch", "head": head, "items": []})
        return httpx.Response(200, json={"paths": {}})


class _Publisher:
    """Says that something changed, as notifications would."""

    def __init__(self, broadcast: Any, services: _Services) -> None:
        self._broadcast = broadcast
        self._services = services

    async def send(self) -> float:
        self._services.head += 1
        payload = orjson.dumps({**_wire(self._services.head), "audiences": [f"network:{NETWORK}"]})
        began = time.time()
        await self._broadcast.publish("alerts", payload)
        return began


def _serve_gateway(line: Connection) -> None:
    more_files()
    keep_heap_small()
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(_gateway(line, Settings(data=Path(folder), port=0)))


async def _gateway(line: Connection, settings: Settings) -> None:
    services, broadcast, store = _Services(), open_broadcast(settings), open_store(settings)
    transport = httpx.MockTransport(services.answer)
    asked = {name: Upstream(transport) for name in SERVICES}
    app = gateway(settings, broadcast=broadcast, store=store, clients=asked)
    listener = listen(settings)

    @asynccontextmanager
    async def running() -> Any:
        await broadcast.start()
        await store.start()
        await app.start()
        answering = asyncio.create_task(answer(line, _Publisher(broadcast, services)))
        yield
        answering.cancel()
        await app.stop()

    await serve(_as_asgi(app), listener, running(), lambda: line.send(listener.getsockname()[1]))


def _as_asgi(app: Gateway) -> Any:
    return app
