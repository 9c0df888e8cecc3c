"""What needs somebody of the staff today, of one service in one answer: the staff home asks each service once.

A service says its own kinds by `Service.needs`: kind → how many there are in all, and the first SHOWN of them. What
every service has (parts that do not answer, messages that it could not take) the kernel says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from shared.auth import Principal, Session, may, staff
from shared.boundary import Router
from shared.failures import failures_page
from shared.health import what_lags

router: APIRouter = Router(include_in_schema=False)
SHOWN = 3


def need(total: int, items: Iterable[Any]) -> dict[str, Any]:
    """How many of a kind there are, and the first of them."""
    return {"total": total, "items": [_plain(item) for item in items]}


def _plain(item: Any) -> dict[str, Any]:
    return {str(name): value for name, value in (item if isinstance(item, dict) else item._asdict()).items()}


@router.get("/internal/needs")
async def needs(request: Request, session: Session, by: Principal = may(staff, "operations:read")) -> Response:
    """Kind → need."""
    parts, service = request.app.state.parts, request.app.state.service
    found = await service.needs(session, by) if service.needs else {}
    failures = await failures_page(session, limit=SHOWN)
    found["failures"] = failures.model_dump()
    found["away"] = list(what_lags(parts).values())
    return Response(orjson.dumps(found), media_type="application/json")
