"""The home page: find a network, find who leads, see what changed today."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.choices import reference
from services.gateway.visit import Visit, page
from shared import clock

CHANGES_SHOWN = 8
EMPTY = {"items": [], "total": 0, "next": None}


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
    """Who leads the networks of a care group in an area."""
    group, sha = visit.query.get("care_group", ""), visit.query.get("sha", "")
    asked = bool(group or sha)
    found = visit.ask("registry", "/leads", care_group=group, sha=sha) if asked else _nothing()
    (bodies, groups), answer = await asyncio.gather(reference(visit), found)
    title = "Who leads the networks in an area?"
    return visit.page(
        "leads.html", title, bodies=bodies, groups=groups, group=group, sha=sha, asked=asked, found=answer
    )


async def _nothing() -> dict[str, object]:
    return dict(EMPTY)


ROUTES = [page("/", home), page("/leads", leads)]
