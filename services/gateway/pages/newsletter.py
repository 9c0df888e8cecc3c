"""The newsletter as its readers see it: the archive, one issue, and leaving the list."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.visit import Visit, page
from shared.auth import ANYBODY
from shared.errors import Problem


async def archive(visit: Visit) -> Response:
    """Issues that were sent, newest first."""
    found = await visit.ask("notifications", "/newsletter/archive", limit=50)
    return visit.page("newsletter/archive.html", "Newsletter", found=found)


async def issue(visit: Visit) -> Response:
    """One issue, as it was sent, without anybody's name."""
    found = await visit.ask("notifications", f"/newsletter/archive/{visit.path['number']}")
    return visit.page("newsletter/issue.html", found["title"] or f"Issue {found['number']}", issue=found)


async def unsubscribing(visit: Visit) -> Response:
    """What the link in a mail would do; nothing happens before the button is pressed."""
    found = await visit.ask("notifications", f"/unsubscribe/{visit.path['token']}")
    return visit.page("newsletter/unsubscribe.html", "Stop these mails", found=found, done=False)


async def unsubscribe(request: Request) -> Response:
    """One click (RFC 8058): no cookie, no form token, and no sign-in, because mail programs press it too."""
    edge = request.app.state.edge
    visit = Visit(request, edge, None, ANYBODY)
    try:
        found = await visit.change("notifications", "POST", f"/unsubscribe/{request.path_params['token']}")
    except Problem as problem:
        return visit.page("problem.html", problem.title, status=problem.status, problem=problem)
    return visit.page("newsletter/unsubscribe.html", "Stopped", found=found, done=True)


ROUTES = [
    page("/newsletter", archive),
    page("/newsletter/{number}", issue),
    page("/unsubscribe/{token}", unsubscribing),
    Route("/unsubscribe/{token}", unsubscribe, methods=["POST"]),
]
