"""The live streams' doors: who may listen to what, what they missed, and then only waiting.

Raw ASGI on purpose: whatever wraps `send` around ten thousand streams is paid for at every delivery, and a
connection keeps alive everything that its coroutine can see.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import cookie_parser
from starlette.types import Receive, Scope, Send

from services.gateway.edge import Edge
from services.gateway.guard import hardened
from services.gateway.streams import picked, sources
from services.gateway.streams.beginning import SEND_SECONDS, Wanted, begun, missed, recent_after
from services.gateway.streams.formats import alert_json, count_only, feed_json, html_format, state_event
from services.gateway.streams.picked import Picked
from services.gateway.streams.readers import Readers
from services.gateway.streams.wires import Missed, Reader, Stream, body
from shared.auth import ANYBODY, Principal
from shared.broadcast import Broadcast, Heard
from shared.errors import Forbidden, NotFound, NotSignedIn, Problem
from shared.problems import answer


class Live:
    """Opens streams on the hubs of *edge*."""

    def __init__(self, edge: Edge) -> None:
        """Formats are made once: a wire is encoded once for each."""
        self._edge = edge
        self.picked = Picked(edge)
        self.readers = Readers(edge.clients, edge.alerts, self.picked)
        self._routes: list[tuple[re.Pattern[str], Callable[..., Awaitable[Wanted]]]] = [
            (re.compile(r"^/(?:api/alerts/stream|live/alerts|live/unread)$"), self._alerts),
            (re.compile(r"^/(?:api/oversight/([^/]+)/feed/stream|live/feed/([^/]+))$"), self._feed),
            (re.compile(r"^/live/changes(?:/([0-9a-f-]{36}))?$"), self._public),
            (re.compile(r"^/api/(?:changes|subscriptions/([^/]+))/stream$"), self._picked_stream),
        ]
        self._alert_html = html_format(edge, "live/alert.html")
        self._line_html = html_format(edge, "live/line.html")

    def endpoint(self, path: str) -> Callable[[Scope, Receive, Send], Awaitable[None]] | None:
        """The stream at *path*, or None where there is none."""
        return self._serve if any(pattern.match(path) for pattern, _ in self._routes) else None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            wanted = await self._wanted(scope)
        except Problem as problem:
            await answer(problem)(scope, receive, hardened(send))
            return
        hub = wanted.hub
        stream = await self._opened(wanted, send)
        del wanted
        if stream is None:
            return
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            hub.leave(stream)

    async def _wanted(self, scope: Scope) -> Wanted:
        for pattern, function in self._routes:
            if found := pattern.match(scope["path"]):
                return await function(scope, *(part for part in found.groups() if part))
        raise NotFound("There is no stream at this address; the API's own document lists them.")

    async def _opened(self, wanted: Wanted, send: Send) -> Stream | None:
        """Join, replay, go live; None when the client was too slow even for that."""
        changes = self.readers.changes
        hub, asked = wanted.hub, wanted.reader
        if not await begun(wanted, send):
            return None
        stream = hub.join(asked, wanted.format, send, hears_states=bool(wanted.state))
        if stream.reader is not asked and stream.reader.revision < asked.revision:
            hub.change(stream.reader, asked)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                content, reached = await missed(wanted, stream)
                await send(body(content + wanted.state))
            live = hub.released(stream, reached)
        except Problem:
            hub.leave(stream)
            await send({"type": "http.response.body", "body": b""})  # what was missed cannot be had: come again
            return None
        except TimeoutError:
            live = False
        except BaseException:
            hub.leave(stream)
            raise
        if not live:
            hub.leave(stream)
            stream.cut()
            return None
        if self.readers.changes != changes:
            await self.readers.reload(stream.reader.key)
        return stream

    # Who may hear what

    async def _alerts(self, scope: Scope) -> Wanted:
        principal, last_id = await self._principal(scope), _last_id(scope)
        _require(principal, "alerts:read")
        person, clients = principal.person_id, self._edge.clients
        reader, standing = await self.readers.load(person)
        shown = {"/api/alerts/stream": alert_json, "/live/unread": count_only}.get(scope["path"], self._alert_html)
        is_asked = shown is not alert_json or "states" in _asked(scope)
        return Wanted(
            self._edge.alerts, reader, shown, lambda after: sources.inbox_after(clients, person, after), last_id,
            state=state_event(standing, None) if is_asked else b"",
        )  # fmt: skip

    async def _feed(self, scope: Scope, code: str) -> Wanted:
        principal, last_id = await self._principal(scope), _last_id(scope)
        _require(principal, "oversight:read")
        if not may_hear(principal, code):
            raise Forbidden("Allowed for: staff; officers of the oversight body.")
        clients = self._edge.clients
        reader = Reader(feed_key(principal.person_id, code), [f"body:{code}"])
        shown = feed_json if scope["path"].startswith("/api/") else self._line_html
        return Wanted(
            self._edge.feed, reader, shown, lambda after: sources.body_feed_after(clients, code, after), last_id
        )

    async def _public(self, scope: Scope, network_id: str = "") -> Wanted:
        audience = f"public:network:{network_id}" if network_id else "public"
        hub = self._edge.alerts

        async def replay(after: int) -> Missed | None:
            return recent_after(hub, audience, after)

        return Wanted(hub, Reader(audience, [audience]), self._line_html, replay, _last_id(scope))

    async def _picked_stream(self, scope: Scope, subscription_id: str = "") -> Wanted:
        principal, last_id = await self._principal(scope), _last_id(scope)
        if subscription_id or principal.signed_in:
            _require(principal, "alerts:read")
        ask = picked.picker_of_subscription
        clients = self._edge.clients
        picker = await ask(clients, subscription_id, principal) if subscription_id else picked.picker_in(scope)
        reader = await self.picked.reader(principal, picker)
        return Wanted(
            self._edge.alerts, reader, picked.change_json, self.picked.replay(principal, picker), last_id,
            opening=picked.opening(picker), in_batches=True,
        )  # fmt: skip

    async def _principal(self, scope: Scope) -> Principal:
        headers = dict(scope["headers"])
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        sessions = self._edge.sessions
        if scheme.lower() == "bearer" and token:
            return await sessions.principal_of_token(token)
        cookies = cookie_parser(headers.get(b"cookie", b"").decode("latin-1"))
        return await sessions.principal(await sessions.session_of(cookies))


def may_hear(principal: Principal, code: str) -> bool:
    """Whether somebody may listen to the feed of a body."""
    return principal.is_staff or code in principal.bodies


def feed_key(person_id: str, code: str = "") -> str:
    """The key of who watches a body's feed; without the body, how those of one person begin."""
    return f"{person_id}:{code}"


def _require(principal: Principal, scope: str) -> None:
    if principal == ANYBODY:
        raise NotSignedIn
    if not principal.has_scope(scope):
        raise Forbidden(f"The token lacks the scope '{scope}'; make one that has it.")


def _last_id(scope: Scope) -> str:
    """Where the client was: the header of a reconnecting client, else what its page was rendered at."""
    for name, value in scope["headers"]:
        if name == b"last-event-id":
            return str(value.decode("latin-1"))
    query = _asked(scope)
    return query.get("after") or query.get("last_event_id") or ""


def _asked(scope: Scope) -> dict[str, str]:
    """What stands behind the question mark."""
    return dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))


async def listen(broadcast: Broadcast, channel: str, take: Callable[[bytes], Any], missed: Callable[[], Any]) -> None:
    """Hand each broadcast to *take*; call *missed* at the start and wherever some may have been lost."""
    async with broadcast.subscribe(channel) as heard:
        await _called(missed())
        async for message in heard:
            await _called(take(message.payload) if isinstance(message, Heard) else missed())


async def _called(result: Any) -> None:
    if asyncio.iscoroutine(result):
        await result
