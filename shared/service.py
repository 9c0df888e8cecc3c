"""A service: what one declares, the parts it runs on, and how a process runs one or all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession

from shared import failures, health, needs, reach, trace
from shared.auth import Principal
from shared.boundary import forget_old_answers
from shared.config import Settings
from shared.consumer import Consumer, Subscription
from shared.contracts import TOPICS
from shared.db import Database
from shared.envelope import Envelope
from shared.errors import Unavailable
from shared.log import EventLog
from shared.migrations import migrate
from shared.problems import add_problem_handlers
from shared.relay import Relay

if TYPE_CHECKING:
    from shared.broadcast import Broadcast
    from shared.mailer import Mailer
    from shared.store import Store

log = structlog.get_logger()
LINGER_SECONDS = 0.2
"""A `linger` that nobody notices, and that saves a busy service most of its transactions."""
PACE_SECONDS = 0.1
"""A `pace` at which what is shown still follows at once, and that lets a busy service take ten batches a second."""
START_PAUSES = (0.5, 1, 2, 4, 5)
"""Seconds between tries while a part is away at start; the last is repeated."""


@dataclass
class Parts:
    """What a service runs on. Which implementation each part has, no service can tell."""

    settings: Settings
    database: Database
    log: EventLog
    broadcast: Broadcast
    store: Store
    mailer: Mailer
    relay: Relay
    consumer: Consumer | None = None


Worker = Callable[[Parts], Awaitable[None]]
Effects = Callable[[AsyncSession, str], Awaitable[list[dict[str, Any]]]]
Needs = Callable[[AsyncSession, Principal], Awaitable[dict[str, Any]]]
Foresight = Callable[[AsyncSession, Sequence[Envelope]], Awaitable[list[reach.Reach]]]


@dataclass(frozen=True)
class Service:
    """One service, as its `app.py` declares it.

    `workers` run for the life of the process and are started again when they fail; `effects` tells, for the page
    that follows a change, what this service did because of a message, and `reach` what it would do because of messages
    that nobody has said yet; `needs` tells what of it waits for the staff; `reference` loads the data that the product
    ships, at every start, and must do nothing when it is there. `linger`: for how many seconds its consumer waits for
    company when a message came; for a service that shows nobody anything, so that those who do are not kept waiting.
    `pace`: how many seconds it leaves between two batches; the first message after a pause is taken at once, what
    follows it closely is taken together.
    `secrets`: the settings whose values it must know, beside those that all must (`shared.config.OF_SERVICES`).
    """

    name: str
    routers: Sequence[APIRouter]
    metadata: MetaData
    migrations: ModuleType
    subscriptions: Sequence[Subscription] = ()
    workers: Sequence[Worker] = ()
    effects: Effects | None = None
    reach: Foresight | None = None
    needs: Needs | None = None
    reference: Callable[[AsyncSession], Awaitable[None]] | None = None
    linger: float = 0.0
    pace: float = 0.0
    secrets: frozenset[str] = frozenset()


@dataclass
class Shared:
    """The parts that all services of one process use together."""

    settings: Settings
    log: EventLog
    broadcast: Broadcast
    store: Store
    mailer: Mailer
    started: list[Any] = field(default_factory=list)

    async def start(self) -> None:
        """Open each; a log that is away is waited for, with a stated pause."""
        for part in (self.broadcast, self.store, self.mailer, self.log):
            await until_there(part.start, type(part).__name__)
            self.started.append(part)
        await until_there(lambda: self.log.create_topics(list(TOPICS.values())), "topics")

    async def stop(self) -> None:
        """Close each, last opened first."""
        while self.started:
            await self.started.pop().stop()


def shared_parts(settings: Settings) -> Shared:
    """The parts that *settings* choose; imported only when chosen, because memory matters on a small machine."""
    from shared.broadcast import open_broadcast
    from shared.log import open_log
    from shared.mailer import open_mailer
    from shared.store import open_store

    return Shared(settings, open_log(settings), open_broadcast(settings), open_store(settings), open_mailer(settings))


async def until_there(attempt: Callable[[], Awaitable[Any]], what: str) -> None:
    """Call *attempt* until it succeeds; while a part is away, say so and wait a stated time."""
    for number in range(1_000_000):
        try:
            await attempt()
            return
        except (Unavailable, ConnectionError, TimeoutError) as error:
            pause = START_PAUSES[min(number, len(START_PAUSES) - 1)]
            log.warning("waiting_for_part", part=what, reason=str(error), seconds=pause)
            await asyncio.sleep(pause)


def parts_of(service: Service, common: Shared) -> Parts:
    """The parts of one service: its own database, relay and consumer, and what the process shares.

    Raises WrongSetting where the process was not told a key that the service needs.
    """
    if common.settings.gateway_key and "services_secret" in service.secrets:
        _ = common.settings.services_key
    database = Database(common.settings, service.name)
    relay = Relay(database, common.log)
    database.wake_relay = relay.wake
    database.broadcast = common.broadcast
    consumer = None
    if service.subscriptions:
        consumer = Consumer(
            database, common.log, service.name, service.subscriptions, linger=service.linger, pace=service.pace
        )
    return Parts(common.settings, database, common.log, common.broadcast, common.store, common.mailer, relay, consumer)


def application(service: Service, parts: Parts) -> FastAPI:
    """The service's HTTP side. Raises UndeclaredRoute when a route does not say who may call it."""
    app = FastAPI(title=service.name, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.parts = parts
    app.state.service = service
    for router in service.routers:
        require_rules(router)
        _say_rules(router)
    for router in (*service.routers, health.router, trace.router, reach.router, failures.router, needs.router):
        app.router.routes.extend(router.routes)  # `include_router` would look for the route twice at every request
    add_problem_handlers(app)
    app.add_middleware(trace.Bind, service=service.name)
    _say_topics(app, service)
    return app


def _say_topics(app: FastAPI, service: Service) -> None:
    """Say in the service's OpenAPI document which topics it takes; `*` is every topic that there is."""
    made, taken = app.openapi, sorted({each.topic or "*" for each in service.subscriptions})
    app.openapi = lambda: {**made(), "x-takes": taken}  # type: ignore[method-assign]


class UndeclaredRoute(RuntimeError):
    """A route does not declare who may call it; give it a principal with `may(...)`."""


def require_rules(router: APIRouter) -> None:
    """Default deny: raise UndeclaredRoute unless every route of *router* has a rule."""
    for route in router.routes:
        if not rules_of(route):
            raise UndeclaredRoute(f"{getattr(route, 'path', route)} declares no rule.")


def _say_rules(router: APIRouter) -> None:
    """Say of each route, in the service's OpenAPI document, who may call it and the scope that a token needs."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            rule = rules_of(route)[0]
            said = {"x-allowed-for": rule.rule.sentence, "x-scope": rule.scope}
            route.openapi_extra = {**(route.openapi_extra or {}), **said}


def rules_of(route: Any) -> list[Any]:
    """The `may(...)` dependencies of a route."""
    dependencies = getattr(getattr(route, "dependant", None), "dependencies", [])
    return [d.call for d in dependencies if hasattr(d.call, "rule")]


@asynccontextmanager
async def running(service: Service, parts: Parts) -> AsyncIterator[None]:
    """Migrate, then run the relay, the consumer and the workers until the block ends."""

    async def prepare() -> None:
        await parts.database.create()
        await migrate(parts.database, service.metadata, service.migrations)
        if service.reference:
            async with parts.database.transaction() as session:
                await service.reference(session)

    await until_there(prepare, f"{service.name} database")
    tasks = [asyncio.create_task(parts.relay.run(), name=f"{service.name}-relay")]
    if parts.consumer:
        tasks.append(asyncio.create_task(parts.consumer.run(), name=f"{service.name}-consumer"))
    workers = (*service.workers, _forget_old_answers)
    tasks += [asyncio.create_task(_kept_alive(worker, parts), name=worker.__name__) for worker in workers]
    try:
        yield
    finally:
        await _stop(tasks)
        await parts.database.dispose()


async def _forget_old_answers(parts: Parts) -> None:
    await forget_old_answers(parts.database)


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    _, late = await asyncio.wait(tasks, timeout=10)
    for task in late:
        log.error("task_did_not_stop", task=task.get_name())


async def _kept_alive(worker: Worker, parts: Parts) -> None:
    """Run *worker* again when it fails, after a growing pause; a long good run resets it."""
    pause = 0.5
    while True:
        began = time.monotonic()
        try:
            await worker(parts)
            return
        except Exception as error:
            pause = 0.5 if time.monotonic() - began > 60 else min(pause * 2, 10)
            say = log.warning if isinstance(error, Unavailable) else log.exception
            say("worker_failed", worker=worker.__name__, reason=str(error), seconds=pause)
            await asyncio.sleep(pause)


@asynccontextmanager
async def running_all(services: Sequence[tuple[Service, Parts]], common: Shared) -> AsyncIterator[None]:
    """Run several services on the same shared parts until the block ends."""
    async with AsyncExitStack() as stack:
        await common.start()
        stack.push_async_callback(common.stop)
        for service, parts in services:
            await stack.enter_async_context(running(service, parts))
        yield
