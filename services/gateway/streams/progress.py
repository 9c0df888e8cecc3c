"""The newsletter's progress, and what others do at its desk, as streams.

Few watch them, so each asks for itself: progress twice a second until it is over, the desk as long as it is open.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.api import caller
from services.gateway.edge import Edge
from services.gateway.guard import HARDENED, hardened
from services.gateway.streams.wires import body
from shared.auth import Principal
from shared.errors import Problem
from shared.problems import answer

LOOK_SECONDS = 0.5
MOST_LOOKS = 2 * 3600
CLOSE_SECONDS = 2.0
PATH = re.compile(r"^/(?:api/newsletter/issues|live/newsletter)/([^/]+)/(progress|desk)$")
ASKED = {"progress": "progress", "desk": "mark"}
MOVING = frozenset({"sending", "paused", "approved"})
STANDING = b"event: standing\ndata: {}\n\n"
"""Tells a page that what may be pressed on it has changed."""
BEAT = 30
"""Looks after which a quiet stream says that it is alive."""
START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), *HARDENED],
}


class Progress:
    """Streams `GET /newsletter/issues/{id}/progress` as it changes."""

    def __init__(self, edge: Edge) -> None:
        """Asks through *edge*."""
        self._edge = edge
        self._watching: dict[str, set[asyncio.Task[None]]] = {}

    def end(self, person_id: str) -> None:
        """Close somebody's streams; a browser comes again by itself, and is asked who it is."""
        for task in self._watching.get(person_id, ()):
            task.cancel()

    def endpoint(self, scope: Scope) -> ASGIApp | None:
        """The stream, where the path is one and the client takes events; else None."""
        if not PATH.match(scope["path"]):
            return None
        if scope["path"].startswith("/live/"):
            return self._serve
        accept = dict(scope["headers"]).get(b"accept", b"")
        return self._serve if b"text/event-stream" in accept and scope["path"].endswith("/progress") else None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = PATH.match(scope["path"])
        assert found
        request = Request({**scope, "app": _App(self._edge)}, receive)
        try:
            principal = await caller(request)
            there = f"/newsletter/issues/{found[1]}/{ASKED[found[2]]}"
            first = await self._look(there, principal)
        except Problem as problem:
            await answer(problem)(scope, receive, hardened(send))
            return
        await send(START)
        shown = request.query_params.get("status", "")
        watching = asyncio.create_task(self._watch(there, principal, first, scope["path"], shown, send))
        leaving = asyncio.create_task(_left(receive))
        theirs = self._watching.setdefault(principal.person_id, set())
        theirs.add(watching)
        try:
            await asyncio.wait((watching, leaving), return_when=asyncio.FIRST_COMPLETED)
            if watching.cancelled():
                await _closed(send)
        finally:
            watching.cancel()
            leaving.cancel()
            theirs.discard(watching)
            if not theirs:
                self._watching.pop(principal.person_id, None)

    async def _look(self, there: str, principal: Principal) -> dict[str, Any]:
        return dict(await self._edge.clients.ask("notifications", there, principal=principal))

    async def _watch(
        self, there: str, principal: Principal, seen: dict[str, Any], path: str, shown: str, send: Send
    ) -> None:
        await send(body(self._frame(path, seen, shown)))
        for look in range(MOST_LOOKS):
            if "mark" not in seen and seen.get("status") not in MOVING:
                break
            await asyncio.sleep(LOOK_SECONDS)
            try:
                standing = await self._edge.sessions.principal_of(principal.person_id)
                if principal.is_staff and not standing.is_staff:
                    break
                now = await self._look(there, principal)
            except Problem:
                continue
            if now != seen:
                shown, seen = str(seen.get("status")), now
                await send(body(self._frame(path, seen, shown)))
            elif look % BEAT == 0:
                await send(body(b": alive\n\n"))
        await send({"type": "http.response.body", "body": b"event: done\ndata: {}\n\n"})

    def _frame(self, path: str, progress: dict[str, Any], shown: str) -> bytes:
        if path.startswith("/api/"):
            return b"event: progress\ndata: %b\n\n" % orjson.dumps(progress)
        if path.endswith("/desk"):
            return b"data: %b\n\n" % orjson.dumps(progress)
        html = self._edge.renderer.fragment("live/progress.html", progress=progress)
        lines = "".join(f"data: {line.strip()}\n" for line in html.splitlines() if line.strip())
        return f"{lines}\n".encode() + (STANDING if shown not in ("", progress.get("status")) else b"")


async def _left(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _closed(send: Send) -> None:
    """End the answer, unless the client does not even take that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await send({"type": "http.response.body", "body": b""})


class _App:
    """What `caller` reads of an application."""

    def __init__(self, edge: Edge) -> None:
        self.state = self
        self.edge = edge
