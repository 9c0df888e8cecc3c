"""Another e-mail address to sign in with: asked for against the password, confirmed behind a mailed link."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.visit import Visit, page

TITLE, CONFIRM = "Change your e-mail address", "Use this address?"
LABELS = {"email": "New e-mail address", "present": "Your password", "code": "Code"}
FIELDS = {
    "wrong-present-password": "present",
    "no-password": "present",
    "wrong-code": "code",
    "too-many-tries": "present",
}
"""What a refusal is called → the field that it is about; any other is about the address."""


async def changing(visit: Visit) -> Response:
    """The form, and the address that waits to be confirmed."""
    visit.require_signed_in()
    return await _page(visit, {})


async def _page(visit: Visit, values: dict[str, Any], refused: Refused | None = None) -> Response:
    me = await visit.ask("membership", "/me")
    factor = await visit.ask("membership", "/me/second-factor")
    waiting = await visit.ask_or(None, "membership", "/me/email-change")
    errors = _errors(refused) if refused else []
    response = visit.page(
        "account/email.html", TITLE, status=refused.status if refused else 200, person=me["person"], factor=factor,
        waiting=waiting, values=values, labels=LABELS, errors=errors, error_of=error_of,
    )  # fmt: skip
    if refused and (wait := refused.sent.get("retry_after")):
        response.headers["retry-after"] = str(wait)
    return response


def _errors(refused: Refused) -> list[dict[str, str]]:
    called = str(refused.sent.get("type", "")).removeprefix("/problems/")
    return error_list(refused, LABELS, FIELDS.get(called, "email"))


async def change(visit: Visit) -> Response:
    """Ask for it, or leave the address as it is."""
    form = await visit.form()
    visit.require_signed_in()
    try:
        if text(form, "do") == "withdraw":
            await visit.change("membership", "DELETE", "/me/email-change")
            return visit.back("/account/email?done=email-withdrawn")
        body = {name: str(form.get(name, "")) for name in ("email", "present")} | {"code": text(form, "code")}
        await visit.change("membership", "POST", "/me/email-change", body)
    except Refused as refused:
        if refused.status == 404:
            return visit.back("/account/email")
        return await _page(visit, {"email": entered(form).get("email", "")}, refused)
    return visit.back("/account/email?done=email-asked")


# Behind the link


async def confirming(visit: Visit) -> Response:
    """Which address the link confirms. Nothing is used up by looking: mail programs look at links by themselves."""
    try:
        key = {"key": visit.path["key"]}
        found = await visit.edge.clients.question("membership", "/email-changes/look", key, principal=visit.principal)
    except Refused as refused:
        return _over(visit, refused)
    return visit.page("account/confirm_address.html", CONFIRM, found=found)


async def confirm(visit: Visit) -> Response:
    """Confirm it."""
    await visit.form()
    try:
        await visit.change("membership", "POST", "/email-changes/confirm", {"key": visit.path["key"]})
    except Refused as refused:
        return _over(visit, refused)
    there = "/account" if visit.principal.signed_in else "/sign-in"
    return visit.back(f"{there}?done=email-changed")


def _over(visit: Visit, refused: Refused) -> Response:
    if refused.status not in (401, 422):
        raise refused
    return visit.page("account/link_over.html", "This link is over", status=404, again="/account/email")


ROUTES = [
    page("/account/email", changing),
    page("/account/email", change, "POST"),
    page("/confirm-address/{key}", confirming),
    page("/confirm-address/{key}", confirm, "POST"),
]
