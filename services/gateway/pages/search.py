"""One search box over everything: as a page, and as the lines under the box while somebody types."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from services.gateway.searching import LONGEST, Search, asked, everything, said
from services.gateway.visit import Visit, page


async def search(visit: Visit) -> Response:
    """What was found, by kind; htmx asks for the results alone."""
    q = asked(visit.query.get("q", ""))[:LONGEST]
    groups = await everything(Search(visit.edge.clients, visit.principal, q))
    context: dict[str, Any] = {"q": q, "groups": groups, "sentence": said(groups, q) if q else ""}
    if visit.is_fragment:
        return visit.fragment("search/found.html", **context)
    return visit.page("search/page.html", "Search everything", **context)


ROUTES = [page("/search", search)]
