"""Light or dark: as the device says, unless a visitor chose for this browser. A cookie remembers it, also of nobody."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.responses import Response

from services.gateway.pages.forms import text
from services.gateway.visit import COLOURS, Visit, local, page

OWN = "/colours"
YEAR_SECONDS = 365 * 24 * 3600


async def colours(visit: Visit) -> Response:
    """The choice, and the way back to where the visitor was."""
    came_from = local(urlsplit(visit.request.headers.get("referer", "/")).path)
    return visit.page("colours.html", "Light or dark", came_from="/" if came_from == OWN else came_from)


async def choose(visit: Visit) -> Response:
    """Remember the choice; as the device says needs no cookie, so there is none."""
    form = await visit.form()
    chosen = text(form, "colours")
    known = chosen in COLOURS
    visit.given.append(
        visit.edge.sessions.set_cookie(chosen if known else "", YEAR_SECONDS if known else 0, "-colours")
    )
    return visit.back(local(text(form, "next")))


ROUTES = [page(OWN, colours), page(OWN, choose, "POST")]
