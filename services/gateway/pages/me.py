"""My page: my alerts, networks, bookings and choices, and who can see what of me."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from services.gateway.pages.called import organisation
from services.gateway.visit import Visit, page
from shared import clock

SHOWN = 5
EMPTY: dict[str, Any] = {"items": [], "total": 0, "unread": 0}


async def me(visit: Visit) -> Response:
    """What concerns me, the newest and the next first; a part that is away leaves the others."""
    visit.require_signed_in()
    found, alerts, bookings, searches = await asyncio.gather(
        visit.ask("membership", "/me"),
        visit.ask_or(EMPTY, "notifications", "/alerts", limit=SHOWN, unread="true"),
        visit.ask_or(EMPTY, "events", "/bookings"),
        visit.ask_or(EMPTY, "registry", "/searches"),
    )
    person, now = found["person"], clock.now().isoformat()
    coming = [booking for booking in bookings["items"] if str(booking["ends_at"]) >= now]
    return visit.page(
        "me.html", "Your page", person=person, networks=found["networks"], bodies=found["bodies"], alerts=alerts,
        bookings=sorted(coming, key=lambda booking: str(booking["starts_at"]))[:SHOWN], coming=len(coming),
        searches=searches["items"][:SHOWN],
        organisation=await organisation(visit, person["organisation"]) if person["organisation"] else "",
    )  # fmt: skip


ROUTES = [page("/me", me)]
