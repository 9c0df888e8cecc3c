"""`tidings serve`: everything in one process, or one service, or the gateway alone."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp

from services.cli.composition import Composition
from shared.config import SERVICES, Settings, WrongSetting
from shared.heap import keep_heap_small
from shared.logging import configure_logging
from shared.process import listen, serve


def run(settings: Settings, name: str | None) -> None:
    """Serve until told to stop. Raises WrongSetting for an unknown service or a port in use."""
    if name is not None and name not in (*SERVICES, "gateway"):
        raise WrongSetting(f"There is no service {name!r}; choose one of {', '.join(SERVICES)}, gateway.")
    if name == "gateway" and (missing := sorted(set(SERVICES) - set(settings.services))):
        raise WrongSetting(f"TIDINGS_SERVICES does not say where to find {', '.join(missing)}.")
    if name in SERVICES and not settings.knows_gateway:
        raise WrongSetting("TIDINGS_GATEWAY_KEY is not set, so nobody would be believed; `tidings keys` prints it.")
    configure_logging(settings.log_level, as_json=not sys.stderr.isatty())
    listener = listen(settings)
    if not settings.base_url and settings.port == 0:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    import uvloop

    keep_heap_small()
    gc.disable()  # what is loaded now stays: looking for garbage in it is a sixth of loading; `serve` enables it
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, name, listener))


async def _serve(settings: Settings, name: str | None, listener: socket.socket) -> None:
    if name == "gateway":
        await _serve_gateway(settings, listener)
    elif name is not None:
        composition = Composition(settings, [name])
        await serve(composition.apps[name], listener, composition.running(), _say(settings, name))
    else:
        await _serve_all(settings, listener)


async def _serve_gateway(settings: Settings, listener: socket.socket) -> None:
    from services.gateway.app import gateway
    from services.gateway.clients import clients_for
    from shared.service import shared_parts

    common = shared_parts(settings)
    app = gateway(settings, broadcast=common.broadcast, store=common.store, clients=clients_for(settings, None))

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        await common.broadcast.start()
        await common.store.start()
        await app.start()
        try:
            yield
        finally:
            await app.stop()
            await common.store.stop()
            await common.broadcast.stop()

    await serve(app, listener, running(), _say(settings, "gateway"))


async def _serve_all(settings: Settings, listener: socket.socket) -> None:
    from services.gateway.app import gateway
    from services.gateway.clients import clients_for

    composition = Composition(settings)
    clients = clients_for(settings, composition.apps)
    common = composition.common
    app = gateway(settings, broadcast=common.broadcast, store=common.store, clients=clients)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with composition.running():
            await _first_start(settings, composition)
            await app.start()
            try:
                yield
            finally:
                await app.stop()

    await serve(_as_app(app), listener, running(), _say(settings, None))


async def _first_start(settings: Settings, composition: Composition) -> None:
    from services.cli import seed

    if settings.demo:
        await seed.once(settings, composition)
    else:
        await seed.first_account(settings, composition)


def _as_app(app: Any) -> ASGIApp:
    asgi: ASGIApp = app
    return asgi


def _say(settings: Settings, name: str | None) -> Any:
    def say() -> None:
        what = f"{settings.name} ({name})" if name else settings.name
        print(f"{what} answers on http://{settings.host}:{settings.port}", flush=True)

    return say
