"""The gateway's composition: live streams before everything else, then static files, then the API and the pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway import api, fhir, health, list_files
from services.gateway.assets import Assets
from services.gateway.clients import Clients, Service
from services.gateway.edge import Edge
from services.gateway.guard import Guard
from services.gateway.openapi import Routes
from services.gateway.pages import reference
from services.gateway.pages import routes as page_routes
from services.gateway.refusing import refusing
from services.gateway.rendering import Renderer
from services.gateway.signing_in import own_sessions
from services.gateway.signing_in.provider import Provider
from services.gateway.signing_in.second_step import SecondStep
from services.gateway.signing_in.session import Sessions
from services.gateway.streams import sources
from services.gateway.streams.hub import Hub
from services.gateway.streams.live import Live, feed_key, listen, may_hear
from services.gateway.streams.progress import Progress
from services.gateway.tellings import Tellings
from services.gateway.unread import Unread
from shared.auth import ENDED
from shared.broadcast import Broadcast
from shared.config import Settings
from shared.errors import NotFound, Problem
from shared.problems import WrongMethod, answer
from shared.store import Store
from shared.trace import Bind

log = structlog.get_logger()
AGAIN_SECONDS = 1.0
JUDGE_SECONDS = 20.0
SECRETS = frozenset({"secret", "oidc_secret"})
"""The settings whose values the gateway must know."""
FIRST_PAGE_SECONDS = 1.0


def inner_routes() -> list[BaseRoute]:
    """Every route but the streams and the static files, in the order in which they are looked for."""
    return [
        *health.routes(),
        *reference.ROUTES,
        *own_sessions.routes(),
        *list_files.routes(),
        *api.routes(),
        *fhir.routes(),
        *page_routes(),
    ]


class Gateway:
    """The ASGI application. `start()` before the first request, `stop()` after the last."""

    def __init__(self, edge: Edge) -> None:
        """Compose from the parts of *edge*."""
        self.edge = edge
        self.live = Live(edge)
        self.progress = Progress(edge)
        self.routes = Routes(edge.clients)
        self._tasks: list[asyncio.Task[None]] = []
        inner = Starlette(routes=inner_routes(), exception_handlers={HTTPException: unmatched})
        inner.state.edge, inner.state.routes = edge, self.routes
        self._inner: ASGIApp = Guard(Bind(inner, service="gateway"), edge.settings, refusing(edge))
        self._assets: ASGIApp = Guard(edge.assets, edge.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route: what streams is given `send` itself."""
        if scope["type"] == "http":
            await self._endpoint(scope)(scope, receive, send)

    def _endpoint(self, scope: Scope) -> ASGIApp:
        path: str = scope["path"]
        if path.startswith("/static/"):
            return self._assets
        if scope["method"] == "GET" and path.startswith(("/live/", "/api/")):
            return self.live.endpoint(path) or self.progress.endpoint(scope) or self._inner
        return self._inner

    async def start(self) -> None:
        """Begin to follow the services' changes."""
        self._tasks.append(asyncio.create_task(self._learn_routes(), name="routes"))
        edge = self.edge
        for hub in (edge.alerts, edge.feed):
            self._keep(hub.run, f"{hub.kind}-hub")
            self._keep(hub.beat, f"{hub.kind}-heartbeat")
            self._keep(self._hints(hub), f"{hub.kind}-broadcasts")
        self._keep(self._readers, "readers-broadcasts")
        self._keep(edge.tellings.run, "tellings")
        self._keep(self._sessions, "sessions-broadcasts")
        self._keep(self._judge_now_and_then, "streams-judged")

    async def stop(self) -> None:
        """Stop following, end every stream, close every connection."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        await self.edge.tellings.hand_over()
        for hub in (self.edge.alerts, self.edge.feed):
            hub.end(list(hub.readers))
        await self.edge.clients.close()

    def _hints(self, hub: Hub) -> Callable[[], Coroutine[Any, Any, None]]:
        async def follow() -> None:
            await listen(self.edge.broadcast, hub.kind, lambda payload: sources.hint(hub, payload), hub.look)

        return follow

    async def _learn_routes(self) -> None:
        """The services' documents take a second to make: the first page goes before them, a question of the API not."""
        await asyncio.sleep(FIRST_PAGE_SECONDS)
        await self.routes.load()

    async def _readers(self) -> None:
        readers, unread = self.live.readers, self.edge.unread

        async def changed(payload: bytes) -> None:
            unread.heard(payload)
            await readers.changed(payload)

        async def missed() -> None:
            unread.forget()
            await readers.reload_all()

        await listen(self.edge.broadcast, "readers", changed, missed)

    async def _sessions(self) -> None:
        await listen(self.edge.broadcast, ENDED, lambda payload: self._cut(payload.decode()), self._judge)

    async def _cut(self, person_id: str) -> None:
        """Close somebody's streams, which come again as who they are now."""
        await self.edge.sessions.forget(person_id)
        self.edge.alerts.end([person_id, *self.live.picked.keys_of(person_id)])
        self.edge.feed.end([key for key in self.edge.feed.readers if key.startswith(feed_key(person_id))])
        self.progress.end(person_id)
        with suppress(Problem):
            if not (await self.edge.sessions.principal_of(person_id)).signed_in:
                await self.edge.sessions.end_others(person_id)  # erased: nor does a session keep the name

    async def _judge_now_and_then(self) -> None:
        """A broadcast is a hint: who lost what a stream needs is found without it, too."""
        while True:
            await asyncio.sleep(JUDGE_SECONDS)
            await self._judge()

    async def _judge(self) -> None:
        """End the feeds of those who may not hear them any more; the alerts' readers follow notifications."""
        for key in list(self.edge.feed.readers):
            person_id, _, body = key.partition(":")
            try:
                may = may_hear(await self.edge.sessions.principal_of(person_id), body)
            except Problem:
                continue
            if not may:
                self.edge.feed.end([key])

    def _keep(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        self._tasks.append(asyncio.create_task(_again(work, name), name=name))


async def unmatched(_request: Request, error: Exception) -> Response:
    """What no route takes, as a problem document: an address that none can have, or a method that it does not take."""
    assert isinstance(error, HTTPException)
    return answer(WrongMethod((error.headers or {}).get("Allow", "")) if error.status_code == 405 else NotFound())


async def _again(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    """Run *work* for ever; when it fails, say so and begin again after a pause."""
    while True:
        try:
            await work()
        except Exception as error:
            log.exception("gateway_task_failed", task=name, reason=str(error))
        await asyncio.sleep(AGAIN_SECONDS)


def gateway(settings: Settings, *, broadcast: Broadcast, store: Store, clients: Mapping[str, Service]) -> Gateway:
    """The application on these parts. *clients*: service → where it answers (see `clients_for`)."""
    asked = Clients(settings, clients)
    assets = Assets(settings.name)
    sessions = Sessions(settings, store, asked)
    renderer = Renderer(assets.base, settings.name, secure=sessions.secure, folder=settings.data / "templates")
    tellings = Tellings(asked)
    alerts = Hub("alerts", sources.alerts_after(asked), told=tellings.note)
    feed = Hub("feed", sources.feed_after(asked), told=tellings.note)
    step = SecondStep(settings, store, asked, sessions)
    parts = Edge(
        settings, asked, store, broadcast, sessions, step, Provider(settings, store), renderer, assets, alerts, feed,
        tellings, Unread(asked, alerts),
    )  # fmt: skip
    return Gateway(parts)
