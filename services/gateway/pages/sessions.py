"""My data: where I am signed in, and ending that."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from starlette.responses import Response

from services.gateway.pages.forms import text
from services.gateway.visit import Visit, page

OWN = "/account/sessions"
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS|Chromium", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X|Macintosh", "a Mac"), ("Linux", "Linux"),
)  # fmt: skip


async def sessions(visit: Visit) -> Response:
    """Every session, this one marked."""
    visit.require_signed_in()
    found = await visit.edge.sessions.of_person(visit.principal.person_id)
    here = visit.session.key if visit.session else ""
    rows = [
        {"session": one, "browser": browser(one.agent), "is_here": one.key == here,
         "began": datetime.fromtimestamp(one.began, UTC), "seen": datetime.fromtimestamp(one.seen, UTC)}
        for one in sorted(found, key=lambda one: one.key != here)
    ]  # fmt: skip
    limits = visit.edge.sessions
    return visit.page(
        "account/sessions.html", "Where you are signed in", rows=rows, idle=lasting(limits.idle),
        longest=lasting(limits.longest),
    )  # fmt: skip


async def end(visit: Visit) -> Response:
    """End one, or all others."""
    form = await visit.form()
    visit.require_signed_in()
    person_id, here = visit.principal.person_id, visit.session.key if visit.session else ""
    key = text(form, "key")
    if key:
        await visit.edge.sessions.end(person_id, key)
    else:
        await visit.edge.sessions.end_others(person_id, here)
    await visit.edge.ended(person_id)
    return visit.back(f"{OWN}?done={'session-ended' if key else 'sessions-ended'}")


def browser(agent: str) -> str:
    """Firefox on Windows, of what a browser calls itself; as well as that can be known."""
    name = next((shown for pattern, shown in BROWSERS if re.search(pattern, agent)), "A browser")
    system = next((shown for pattern, shown in SYSTEMS if re.search(pattern, agent)), "")
    return f"{name} on {system}" if system else name


def lasting(seconds: int) -> str:
    """90 minutes, 12 hours, 3 days."""
    for unit, size in (("day", 86400), ("hour", 3600)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'s' * (seconds != size)}"
    return f"{seconds // 60} minutes"


ROUTES = [page(OWN, sessions), page(OWN, end, "POST")]
