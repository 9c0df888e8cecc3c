"""The home page: find a network, find who leads, see what changed today."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.pages.choices import reference
from services.gateway.visit import Visit, page
from shared import clock

CHANGES_SHOWN = 8
PAGE = 50
EMPTY: dict[str, Any] = {"items": [], "total": 0, "next": None}


async def home(visit: Visit) -> Response:
    """Search first; then who leads, what changed, what is on, the newsletter."""
    today = clock.today().isoformat()
    (bodies, groups), networks, events, archive = await asyncio.gather(
        reference(visit),
        visit.ask_or(EMPTY, "registry", "/networks", limit=1),
        visit.ask_or(EMPTY, "events", "/events", from_=today, limit=4),
        visit.ask_or(EMPTY, "notifications", "/newsletter/archive", limit=1),
    )
    hub = visit.edge.alerts
    changes = [wire.item for wire in reversed(hub.recent) if "public" in wire.audiences][:CHANGES_SHOWN]
    return visit.page(
        "home.html", "Find a network", bodies=bodies, groups=groups, total=networks["total"], changes=changes,
        position=f"{hub.epoch}-{hub.position}", events=events["items"], issues=archive["items"][:1],
    )  # fmt: skip


async def leads(visit: Visit) -> Response:
    """Who leads the networks of a care group in an area, or those that a question asks for."""
    asked = {name: value for name in ("q", "care_group", "sha") if (value := visit.query.get(name, "")[:200])}
    cursor = visit.query.get("cursor", "")
    found = visit.ask("registry", "/leads", **asked, limit=PAGE, cursor=cursor) if asked else _nothing()
    (bodies, groups), answer = await asyncio.gather(reference(visit), found)
    meant = answer.get("understood") or {}
    return visit.page(
        "leads.html", "Who leads the networks in an area?", bodies=bodies, groups=groups, q=asked.get("q", ""),
        group=asked.get("care_group", ""), sha=meant.get("sha", ""), words=meant.get("words", ""),
        role=meant.get("role", ""), asked=bool(asked), found=answer,
        next=f"/leads?{urlencode({**asked, 'cursor': answer['next']})}" if answer["next"] else "",
        first=f"/leads?{urlencode(asked)}" if cursor else "",
    )  # fmt: skip


async def _nothing() -> dict[str, Any]:
    return dict(EMPTY)


ROUTES = [page("/", home), page("/leads", leads)]
