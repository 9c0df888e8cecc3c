"""Following one message through a service, and one request through its logs."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router
from shared.dead_letters import dead_letters
from shared.envelope import new_id
from shared.history import history
from shared.inbox import arrival_of
from shared.logging import causation, correlation
from shared.telemetry import HTTP_SECONDS, continue_trace

router: APIRouter = Router(include_in_schema=False)


class Bind:
    """Binds the correlation id and the trace of a request, and times it. Pure ASGI: streams pass untouched."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        """Wrap *app*, the application of *service*."""
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bind, pass on, observe."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        correlation.set(headers.get(b"x-correlation-id", b"").decode("latin-1")[:64] or new_id())
        causation.set("")
        continue_trace(headers.get(b"traceparent", b"").decode("latin-1"))
        started, status = time.perf_counter(), 0

        async def observed(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            labels = (self._service, scope["method"], route, str(status))
            HTTP_SECONDS.labels(*labels).observe(time.perf_counter() - started)


@router.get("/trace/{message_id}")
async def trace(
    message_id: str, request: Request, session: Session, _principal: Principal = may(anyone, "operations:read")
) -> dict[str, Any]:
    """What this service knows of one message: whether it said it, when it took it, and what it did then.

    Holds ids, times and counts; no names, addresses or contents.
    """
    service = request.app.state.service
    arrival = await arrival_of(session, message_id)
    effects = await service.effects(session, message_id) if service.effects else []
    return {
        "service": service.name,
        "said": await _said(session, message_id),
        "taken": arrival,
        "failure": await _failure(session, message_id),
        "effects": effects,
    }


async def _said(session: AsyncSession, message_id: str) -> dict[str, Any] | None:
    columns = ("id", "type", "key", "subject", "revision", "time", "actor", "headline")
    query = select(*(history.c[name] for name in columns)).where(history.c.id == message_id)
    row = (await session.execute(query)).mappings().first()
    return dict(row) if row else None


async def _failure(session: AsyncSession, message_id: str) -> dict[str, Any] | None:
    columns = ("topic", "reason", "attempts", "state", "since")
    query = select(*(dead_letters.c[name] for name in columns)).where(dead_letters.c.message_id == message_id)
    row = (await session.execute(query)).mappings().first()
    return dict(row) if row else None
