"""Running a process: one address, one event loop, a clean stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import structlog
import uvicorn
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.config import Settings, WrongSetting
from shared.errors import Unavailable
from shared.http import BoundedHttp
from shared.problems import MEDIA_TYPE

log = structlog.get_logger()
KEEP_SECONDS = 75
"""An idle connection is kept longer than any client of ours keeps it: else one that is just reused is just closed."""
SETTLED_SECONDS = 1.0
"""After the gate has opened: who waited for that has been answered."""
STOP_SECONDS = 5
HANDOVER_SECONDS = 0.0001
"""How long a thread that has done its work waits for the interpreter while the loop is busy. A change goes to a
database's thread and back a dozen times, and Python's own five milliseconds would be waited for each time.
"""


class StillStarting(Unavailable):
    """This is still starting: a part that it needs is away or is being prepared. Try again in a few seconds."""


class Gate:
    """Answers 503 until opened, so that a process that waits for a part says so rather than being silent."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before *app*."""
        self._app = app
        self.is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on when open; else alive, but not ready."""
        if self.is_open or scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == "/health/live":
            await JSONResponse({"status": "ok"})(scope, receive, send)
        else:
            problem = StillStarting()
            headers = {"retry-after": "2"}
            await JSONResponse(problem.document(), 503, headers, media_type=MEDIA_TYPE)(scope, receive, send)


def listen(settings: Settings) -> socket.socket:
    """A socket on the address of *settings*. Raises WrongSetting where the port is taken or the address is not ours."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        raise WrongSetting(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Stop the program that uses the port, or set TIDINGS_PORT to a free one (0 chooses)."
        ) from None
    listener.listen(4096)
    return listener


async def serve(
    app: ASGIApp, listener: socket.socket, running: AbstractAsyncContextManager[Any], ready: Callable[[], Any]
) -> None:
    """Serve *app* while *running* is entered; call *ready* when it is. SIGINT and SIGTERM stop it cleanly.

    Garbage is collected from here on, whatever was so while the process loaded; that of loading itself later.
    """
    gc.freeze()
    gc.enable()
    sys.setswitchinterval(HANDOVER_SECONDS)
    gate = Gate(app)
    server = _server(gate)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    working = asyncio.create_task(_work(running, gate, ready, stop), name="parts")
    try:
        await asyncio.wait([serving, working], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        server.should_exit = True
        await asyncio.wait([serving, working], timeout=4 * STOP_SECONDS)
    if working.done() and working.exception():
        raise working.exception()  # type: ignore[misc]


async def _work(
    running: AbstractAsyncContextManager[Any], gate: Gate, ready: Callable[[], Any], stop: asyncio.Event
) -> None:
    """Enter *running*, open the gate, wait for the stop. A stop while something is still awaited ends the wait."""
    entering = asyncio.ensure_future(running.__aenter__())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([entering, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not entering.done():
        entering.cancel()
        await asyncio.wait([entering], timeout=STOP_SECONDS)
        return
    entering.result()
    try:
        gate.is_open = True
        asyncio.get_running_loop().call_later(SETTLED_SECONDS, leave_alone_what_stays)
        result = ready()
        if asyncio.iscoroutine(result):
            await result
        await stop.wait()
    finally:
        await running.__aexit__(None, None, None)


def leave_alone_what_stays() -> None:
    """What is loaded by now stays for the life of the process: the collector need not walk it again and again.

    To look once through all of it takes 0.2 s, so whoever waits for the first page is answered before.

    Nor need it walk ten thousand open streams while it is writing to them: with Python's own thresholds that was two
    fifths of the time. The youngest are looked at more often than the others are: a request leaves some hundred objects
    that only a collection frees, and 5,000 of them take 3 ms in which nobody is answered, 50,000 took 30.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 100, 100)


def _server(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app, loop="none", http=BoundedHttp, ws="none", lifespan="off", access_log=False, log_level="warning",
        server_header=False, timeout_graceful_shutdown=STOP_SECONDS, backlog=4096, proxy_headers=False,
        timeout_keep_alive=KEEP_SECONDS,
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    return server
