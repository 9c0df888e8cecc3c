"""Signing in with an identity provider: there, and back."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import error_of
from services.gateway.pages.second_step import after_password
from services.gateway.signing_in.provider import BACK, Known
from services.gateway.visit import Visit, local, page
from shared.errors import NotFound, NotSignedIn, Problem, Unavailable


async def there(visit: Visit) -> Response:
    """Send the visitor to the provider."""
    provider = visit.edge.provider
    if not provider.is_set:
        raise NotFound
    wanted = local(visit.query.get("next", "/"))
    visit.form_token()  # which gives a visitor without a cookie one, for the way back to be bound to
    try:
        return visit.back(await provider.begin(visit.cookie, wanted))
    except Unavailable as problem:
        return _refused(visit, problem, wanted)


async def back(visit: Visit) -> Response:
    """Who comes back is signed in, by way of the second step where that is needed."""
    provider = visit.edge.provider
    if not provider.is_set:
        raise NotFound
    try:
        known = await provider.back(visit.query, visit.cookie)
        found = await visit.edge.clients.change("membership", "POST", "/internal/sign-in/provider", _body(visit, known))
    except (NotSignedIn, Unavailable, Refused) as problem:
        return _refused(visit, problem, "/")
    await visit.edge.sessions.forget(found["person_id"])
    return await after_password(visit, found, known.there)


def _body(visit: Visit, known: Known) -> dict[str, object]:
    fields = ("issuer", "subject", "email", "name", "standing")
    return {name: getattr(known, name) for name in fields} | {"add": visit.edge.settings.oidc_new_people}


def _refused(visit: Visit, problem: Problem, wanted: str) -> Response:
    return visit.page(
        "account/sign_in.html", "Sign in", status=problem.status, next=wanted, values={}, error_of=error_of,
        errors=[{"text": problem.detail, "href": "#provider"}],
    )  # fmt: skip


ROUTES = [page("/sign-in/provider", there), page(BACK, back)]
