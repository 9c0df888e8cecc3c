"""The staff home: what needs me today."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.responses import Response

from services.gateway.visit import Visit, page
from shared.auth import ANYBODY
from shared.errors import Problem

EMPTY: dict[str, Any] = {"items": [], "total": 0, "vacancies": []}


async def staff(visit: Visit) -> Response:
    """Drafts, failures, vacancies, and the newest changes."""
    visit.require_staff()
    issues, country, readings = await asyncio.gather(
        visit.ask_or(EMPTY, "notifications", "/newsletter/issues"),
        visit.ask_or(EMPTY, "oversight", "/oversight"),
        asyncio.gather(*(_reading(visit, name) for name in visit.edge.clients.names())),
    )
    waiting = [issue for issue in issues["items"] if issue["status"] != "sent"]
    hub = visit.edge.alerts
    return visit.page(
        "staff.html", "What needs you today", issues=waiting, vacancies=country["vacancies"],
        readings=[reading for reading in readings if reading["away"]],
        changes=[wire.item for wire in reversed(hub.recent)][:10], position=f"{hub.epoch}-{hub.position}",
    )  # fmt: skip


async def _reading(visit: Visit, name: str) -> dict[str, Any]:
    try:
        answered = await visit.edge.clients.raw(name, "GET", "/health/ready", principal=ANYBODY)
        return {"name": name, "away": orjson.loads(answered.content).get("away") or {}}
    except (Problem, ValueError) as error:
        return {"name": name, "away": {name: str(error)}}


ROUTES = [page("/staff", staff)]
