"""My data: where I am signed in, and ending that."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from starlette.responses import Response

from services.gateway.pages.forms import text
from services.gateway.signing_in.new_browsers import PATH, browser, ended_by
from services.gateway.signing_in.session import NoSuchSession
from services.gateway.visit import Visit, page

OWN = "/account/sessions"
ASKED, ENDED = "Was it you who signed in?", "That session has ended"


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


async def by_mail(visit: Visit) -> Response:
    """The page behind the link of a mail about a new browser. Looking ends nothing: mail programs look at links."""
    person_id, key = ended_by(visit.edge.settings, visit.path["made"])
    found = [one for one in await visit.edge.sessions.of_person(person_id) if one.key == key]
    shown = {"browser": browser(found[0].agent), "began": datetime.fromtimestamp(found[0].began, UTC)} if found else {}
    address = found[0].address if found else ""
    return visit.page("account/end_session.html", ASKED if found else ENDED, found=shown, address=address)


async def end_by_mail(visit: Visit) -> Response:
    """End the session that the link names; one that is over already is over."""
    await visit.form()
    person_id, key = ended_by(visit.edge.settings, visit.path["made"])
    with suppress(NoSuchSession):
        await visit.edge.sessions.end(person_id, key)
    await visit.edge.ended(person_id)
    return visit.back(visit.request.url.path)


def lasting(seconds: int) -> str:
    """90 minutes, 12 hours, 3 days."""
    for unit, size in (("day", 86400), ("hour", 3600)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'s' * (seconds != size)}"
    return f"{seconds // 60} minutes"


ROUTES = [
    page(OWN, sessions),
    page(OWN, end, "POST"),
    page(f"{PATH}/{{made}}", by_mail),
    page(f"{PATH}/{{made}}", end_by_mail, "POST"),
]
