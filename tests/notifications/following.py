"""Somebody who follows the published way: one fetch, then the stream, and a fetch again when the stream says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from services.gateway.app import Gateway, gateway
from services.gateway.clients import Upstream
from shared.broadcast.memory import LocalBroadcast
from shared.config import SERVICES
from shared.service import application
from shared.store.memory import LocalStore
from tests.notifications.conftest import Town

HEAD = "id: ", "event: ", "data: "


@asynccontextmanager
async def edge_of(town: Town, broadcast: LocalBroadcast) -> AsyncIterator[Gateway]:
    """The gateway before a town's notifications; the other services are played, and a token is its person's id."""
    real = httpx.ASGITransport(application(town.service, town.parts))
    played = httpx.MockTransport(_played)
    clients = {name: Upstream(real if name == "notifications" else played) for name in SERVICES}
    app = gateway(town.parts.settings, broadcast=broadcast, store=LocalStore(), clients=clients)
    await app.start()
    try:
        while app.edge.alerts.away:
            await asyncio.sleep(0.01)
        yield app
    finally:
        await app.stop()


def _played(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if path == "/internal/tokens/resolve":
        token = orjson.loads(request.content)["token"]
        return httpx.Response(200, json={"person_id": token, "scopes": ["read"]})
    if path.startswith("/internal/principals/"):
        person = {"person_id": path.rpartition("/")[2], "name": "", "is_staff": False, "bodies": []}
        return httpx.Response(200, json=person)
    return httpx.Response(200, json={"epoch": "e", "head": 0, "items": [], "paths": {}})


@dataclass
class Tab:
    """One open page of a reader: what it shows, and what it knows of how that came about."""

    town: Town
    app: Gateway
    person: str
    items: list[dict[str, Any]] = field(default_factory=list)
    position: int = 0
    revision: int = 0
    base: tuple[int, int, int] = (0, 0, 0)
    is_stale: bool = False
    _serving: asyncio.Task[None] | None = None
    _buffer: str = ""

    # What it shows

    def shown(self) -> dict[str, Any]:
        """The list and its counts, as the page has them."""
        unread, total, position = self.base
        since = [item for item in self.items if _offset(item["position"]) > position]
        fresh = sum(not item["read"] for item in since)
        return {"items": self.items, "unread": unread + fresh, "total": total + len(since)}

    async def fetched(self) -> dict[str, Any]:
        """The same, fetched now."""
        found = await self.town.get("/alerts", self.person, limit=100)
        return {name: found[name] for name in ("items", "unread", "total", "position", "revision")}

    async def fetch(self) -> None:
        """Begin with a snapshot."""
        found = await self.fetched()
        self.items, self.position, self.revision = found["items"], _offset(found["position"]), found["revision"]
        self.base, self.is_stale = (found["unread"], found["total"], self.position), False

    # The stream

    @property
    def is_connected(self) -> bool:
        """Whether its stream is open."""
        return self._serving is not None

    async def connect(self) -> None:
        """Open the stream where the page stands."""
        epoch = self.app.edge.alerts.epoch
        headers = [(b"authorization", f"Bearer {self.person}".encode())]
        headers.append((b"last-event-id", f"{epoch}-{self.position}".encode()))
        scope = {
            "type": "http", "method": "GET", "path": "/api/alerts/stream", "query_string": b"states=1",
            "headers": headers, "http_version": "1.1", "scheme": "http", "raw_path": b"", "root_path": "",
        }  # fmt: skip
        opened, self._closing = asyncio.Event(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            opened.set()
            await self._closing.wait()
            return {"type": "http.disconnect"}

        self._serving = asyncio.create_task(self.app(scope, receive, self._take))  # type: ignore[arg-type]
        await asyncio.wait_for(opened.wait(), 5)

    async def disconnect(self) -> None:
        """Lose the connection."""
        if self._serving:
            self._closing.set()
            await self._serving
            self._serving, self._buffer = None, ""

    async def _take(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200
            return
        *frames, self._buffer = (self._buffer + message["body"].decode()).split("\n\n")
        for frame in frames:
            fields = dict(line.split(": ", 1) for line in frame.splitlines() if line.startswith(HEAD))
            self._happen(fields.get("event", ""), fields.get("data", ""))

    def _happen(self, event: str, data: str) -> None:
        if event == "reset":
            self.is_stale = True
        elif event == "alert":
            self._add(orjson.loads(data))
        elif event == "state":
            self._stand(orjson.loads(data))

    def _add(self, item: dict[str, Any]) -> None:
        if (offset := _offset(item["position"])) > self.position:
            self.items.insert(0, item)
            self.position = offset

    def _stand(self, state: dict[str, Any]) -> None:
        if state["revision"] < self.revision:
            return
        if state["revision"] > self.revision:
            is_next = state["revision"] == self.revision + 1
            self.is_stale |= not (is_next and state["marks"] and not self.is_stale)
            self.revision = state["revision"]
            self._mark(state["marks"] or {})
        self.base = (state["unread"], state["total"], _offset(state["position"]))

    def _mark(self, marks: dict[str, Any]) -> None:
        up_to = _offset(marks["up_to"]) if "up_to" in marks else -1
        for item in self.items:
            if item["id"] in marks.get("ids", ()) or _offset(item["position"]) <= up_to:
                item["read"] = marks["read"]


def _offset(position: str) -> int:
    return int(position.rpartition("-")[2])
