"""The newsletter's progress as a stream: few watch it, so each asks for itself, twice a second, until it is over."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.api import caller
from services.gateway.edge import Edge
from services.gateway.wires import body
from shared.auth import Principal
from shared.errors import Problem
from shared.problems import answer

LOOK_SECONDS = 0.5
MOST_LOOKS = 2 * 3600
PATH = re.compile(r"^/(?:api/newsletter/issues|live/newsletter)/([^/]+)/progress$")
START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")],
}


class Progress:
    """Streams `GET /newsletter/issues/{id}/progress` as it changes."""

    def __init__(self, edge: Edge) -> None:
        """Asks through *edge*."""
        self._edge = edge

    def endpoint(self, scope: Scope) -> ASGIApp | None:
        """The stream, where the path is one and the client takes events; else None."""
        if not PATH.match(scope["path"]):
            return None
        accept = dict(scope["headers"]).get(b"accept", b"")
        return self._serve if scope["path"].startswith("/live/") or b"text/event-stream" in accept else None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = PATH.match(scope["path"])
        assert found
        request = Request({**scope, "app": _App(self._edge)}, receive)
        try:
            principal = await caller(request)
            first = await self._look(found[1], principal)
        except Problem as problem:
            await answer(problem)(scope, receive, send)
            return
        await send(START)
        watching = asyncio.create_task(self._watch(found[1], principal, first, scope["path"], send))
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            watching.cancel()

    async def _look(self, issue: str, principal: Principal) -> dict[str, Any]:
        return dict(
            await self._edge.clients.ask("notifications", f"/newsletter/issues/{issue}/progress", principal=principal)
        )

    async def _watch(self, issue: str, principal: Principal, seen: dict[str, Any], path: str, send: Send) -> None:
        await send(body(self._frame(path, seen)))
        for _ in range(MOST_LOOKS):
            if seen.get("status") not in ("sending", "paused", "approved"):
                break
            await asyncio.sleep(LOOK_SECONDS)
            try:
                now = await self._look(issue, principal)
            except Problem:
                continue
            if now != seen:
                seen = now
                await send(body(self._frame(path, seen)))
        await send({"type": "http.response.body", "body": b"event: done\ndata: {}\n\n"})

    def _frame(self, path: str, progress: dict[str, Any]) -> bytes:
        if path.startswith("/api/"):
            return b"event: progress\ndata: %b\n\n" % orjson.dumps(progress)
        html = self._edge.renderer.fragment("live/progress.html", progress=progress)
        return ("".join(f"data: {line.strip()}\n" for line in html.splitlines() if line.strip()) + "\n").encode()


class _App:
    """What `caller` reads of an application."""

    def __init__(self, edge: Edge) -> None:
        self.state = self
        self.edge = edge
