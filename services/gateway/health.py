"""Whether the gateway and each service are ready, with the reason where one is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.auth import ANYBODY
from shared.errors import Problem

if TYPE_CHECKING:
    from services.gateway.edge import Edge

READY_SECONDS = 5


async def live(_request: Request) -> Response:
    """The process runs."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """200 when every service answers that it is ready, else 503 with each reason."""
    edge: Edge = request.app.state.edge
    names = edge.clients.names()
    found = await asyncio.gather(*(_reading(edge, name) for name in names))
    away: dict[str, Any] = {name: reasons for name, reasons in zip(names, found, strict=True) if reasons}
    streams = {f"stream of {hub.kind}": hub.away for hub in (edge.alerts, edge.feed) if hub.away}
    parts = {"broadcast": getattr(edge.broadcast, "away", None), "store": getattr(edge.store, "away", None), **streams}
    if mine := {part: reason for part, reason in parts.items() if reason}:
        away["gateway"] = mine
    return JSONResponse({"status": "red" if away else "ok", "away": away}, 503 if away else 200)


async def _reading(edge: Edge, name: str) -> dict[str, str]:
    try:
        async with asyncio.timeout(READY_SECONDS):
            answered = await edge.clients.raw(name, "GET", "/health/ready", principal=ANYBODY)
        return dict(orjson.loads(answered.content).get("away") or {})
    except TimeoutError:
        return {name: f"'{name}' does not answer within {READY_SECONDS} seconds."}
    except (Problem, ValueError) as error:
        return {name: str(error)}


async def metrics(_request: Request) -> Response:
    """Prometheus's text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def routes() -> list[Route]:
    """The three addresses."""
    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]
