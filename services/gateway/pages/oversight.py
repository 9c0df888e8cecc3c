"""The oversight bodies' dashboards and feeds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from services.gateway.pages.charts import bars, heat
from services.gateway.pages.choices import bodies
from services.gateway.pages.forms import text
from services.gateway.visit import Visit, page

FEED_PAGE = 25
CATEGORIES = ("governance", "events", "news", "discussion", "resources", "workforce")


async def country(visit: Visit) -> Response:
    """The national view for staff; an officer goes to their own body."""
    visit.require_signed_in()
    if not visit.principal.is_staff and visit.principal.bodies:
        return visit.back(f"/oversight/{sorted(visit.principal.bodies)[0]}")
    found, feed, names = await asyncio.gather(
        visit.ask("oversight", "/oversight"),
        visit.ask("oversight", "/oversight/national/feed", limit=FEED_PAGE),
        bodies(visit),
    )
    return visit.page(
        "oversight/country.html", "Oversight: the country", found=found, feed=feed, counts=found["counts"],
        heat=heat(found["coverage"], names), names=names, body={"code": "national", "name": "the country"},
        categories=CATEGORIES, category="", **_charts(found["counts"]),
    )  # fmt: skip


async def body(visit: Visit) -> Response:
    """One body's area at a glance, and its feed."""
    visit.require_signed_in()
    code, cursor = visit.path["body"], visit.query.get("cursor", "")
    category = visit.query.get("category", "")
    found, feed, names = await asyncio.gather(
        visit.ask("oversight", f"/oversight/{code}"),
        visit.ask("oversight", f"/oversight/{code}/feed", limit=FEED_PAGE, cursor=cursor, category=category),
        bodies(visit),
    )
    gaps = [group for group, number in found["coverage"].items() if not number]
    return visit.page(
        "oversight/body.html", f"Oversight: {found['body']['name']}", found=found, feed=feed, body=found["body"],
        counts=found["counts"], coverage=bars("Networks by care group", found["coverage"]), gaps=gaps, names=names,
        categories=CATEGORIES, category=category, cursor=cursor, **_charts(found["counts"]),
    )  # fmt: skip


def _charts(counts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "by_stage": bars("Networks by stage", counts["by_stage"]),
        "by_level": bars("Networks by level", counts["by_level"]),
    }


async def seen(visit: Visit) -> Response:
    """Say that the feed was read up to what the page showed."""
    form = await visit.form()
    code = visit.path["body"]
    await visit.change("oversight", "POST", f"/oversight/{code}/feed/seen", {"up_to": text(form, "up_to")})
    return visit.back("/oversight?done=seen" if code == "national" else f"/oversight/{code}?done=seen")


ROUTES = [
    page("/oversight", country),
    page("/oversight/{body}", body),
    page("/oversight/{body}/seen", seen, "POST"),
]
