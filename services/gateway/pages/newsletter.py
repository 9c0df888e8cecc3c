"""The newsletter as its readers see it: the archive, one issue, and leaving the list."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.clients import Refused
from services.gateway.pages.choices import care_groups
from services.gateway.pages.forms import text, texts
from services.gateway.visit import Visit, page
from shared.auth import ANYBODY
from shared.errors import Problem, TooMany

PAGE = 26
"""Half a year of issues."""
SIGN_UPS, SIGN_UP_SECONDS = 20, 3600


class TooManySignUps(TooMany):
    """Many have signed up from here within the hour; wait an hour and try again."""


async def archive(visit: Visit) -> Response:
    """Issues that were sent, newest first."""
    cursor = visit.query.get("cursor", "")
    found = await visit.ask("notifications", "/newsletter/archive", limit=PAGE, cursor=cursor)
    return visit.page(
        "newsletter/archive.html", "Newsletter", found=found, first="/newsletter" if cursor else "",
        next=f"/newsletter?cursor={found['next']}" if found["next"] else "",
    )  # fmt: skip


async def issue(visit: Visit) -> Response:
    """One issue, as it was sent, without anybody's name; or the edition of one network."""
    network = visit.query.get("network", "")
    there = f"/newsletter/archive/{visit.path['number']}"
    whole = await visit.ask("notifications", there)
    found = await visit.ask("notifications", there, network=network) if network else whole
    networks = {item["network_id"]: item["network_name"] for item in whole["items"] if item["network_name"]}
    return visit.page(
        "newsletter/issue.html", found["title"] or f"Issue {found['number']}", issue=found, network=network,
        networks=sorted(networks.items(), key=lambda pair: pair[1]), network_name=networks.get(network, ""),
    )  # fmt: skip


async def signing_up(visit: Visit) -> Response:
    """The form for those without an account."""
    return await _sign_up(visit)


async def _sign_up(visit: Visit, *, errors: Any = (), status: int = 200, **more: Any) -> Response:
    return visit.page(
        "newsletter/sign_up.html", "Get the newsletter by mail", status=status, errors=list(errors),
        groups=await care_groups(visit), **more,
    )  # fmt: skip


async def sign_up(visit: Visit) -> Response:
    """Ask for it; the answer is the same for every address."""
    form = await visit.form()
    body = {"email": text(form, "email"), "name": text(form, "name"), "care_groups": texts(form, "care_group")}
    await _require_patience(visit)
    try:
        said = await visit.change("notifications", "POST", "/newsletter/sign-ups", body)
    except Refused as refused:
        if refused.status != 422:
            raise
        errors = [{"text": "Enter an e-mail address such as name@organisation.example", "href": "#email"}]
        return await _sign_up(visit, errors=errors, status=422, entered=body)
    return visit.page("newsletter/asked.html", "Look into your mail", said=said)


async def _require_patience(visit: Visit) -> None:
    """Raise TooManySignUps where one address of the net has asked for many."""
    client = visit.request.client
    asked = await visit.edge.store.increment(f"sign-ups:{client.host if client else ''}", SIGN_UP_SECONDS)
    if asked > SIGN_UPS:
        raise TooManySignUps(retry_after=SIGN_UP_SECONDS)


async def confirming(visit: Visit) -> Response:
    """What the link in the mail would do; nothing happens before the button is pressed."""
    found = await visit.ask("notifications", f"/newsletter/confirmations/{visit.path['token']}")
    return visit.page("newsletter/confirm.html", "Confirm the newsletter", found=found, done=False)


async def confirm(visit: Visit) -> Response:
    """The button was pressed."""
    await visit.form()
    found = await visit.change("notifications", "POST", f"/newsletter/confirmations/{visit.path['token']}")
    return visit.page("newsletter/confirm.html", "You get the newsletter", found=found, done=True)


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
    page("/newsletter/sign-up", signing_up),
    page("/newsletter/sign-up", sign_up, "POST"),
    page("/newsletter/confirm/{token}", confirming),
    page("/newsletter/confirm/{token}", confirm, "POST"),
    page("/newsletter/{number}", issue),
    page("/unsubscribe/{token}", unsubscribing),
    Route("/unsubscribe/{token}", unsubscribe, methods=["POST"]),
]
