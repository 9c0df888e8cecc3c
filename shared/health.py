"""Liveness and readiness: the process runs; the parts it needs answer. A red reading says which does not, and why."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from shared.service import Parts

router = APIRouter(include_in_schema=False)


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/health/ready")
async def ready(request: Request) -> Response:
    """200 when every part that is needed answers, else 503 with a sentence for each that does not."""
    away = await what_is_away(request.app.state.parts)
    body: dict[str, Any] = {"status": "red" if away else "ok", "away": away}
    return JSONResponse(body, status_code=503 if away else 200)


@router.get("/metrics")
async def metrics() -> Response:
    """Prometheus's text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def what_is_away(parts: Parts) -> dict[str, str]:
    """Part → reason, for the parts of a service that do not answer."""
    try:
        database = await asyncio.wait_for(parts.database.ping(), 3)
    except TimeoutError:
        database = f"The {parts.database.name} database does not answer within 3 seconds."
    return {**what_lags(parts), **({"database": database} if database else {})}


def what_lags(parts: Parts) -> dict[str, str]:
    """The same beside the database, for whoever has asked that just now."""
    found: dict[str, str | None] = {
        "broadcast": getattr(parts.broadcast, "away", None),
        "relay": parts.relay.away,
        "consumer": parts.consumer.away if parts.consumer else None,
    }
    return {part: reason for part, reason in found.items() if reason}
