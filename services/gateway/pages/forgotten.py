"""A lost password: a link by mail, and a new one."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import error_list, error_of, text
from services.gateway.visit import Visit, page

ASK, CHOOSE = "Get a link to choose a new password", "Choose a new password"
LABELS = {"email": "E-mail address", "password": "New password"}


async def forgotten(visit: Visit) -> Response:
    """Which address?"""
    return visit.page("account/forgotten.html", ASK, email="")


async def send_link(visit: Visit) -> Response:
    """Ask for the mail. The answer is the same whether or not anybody has the address."""
    form = await visit.form()
    email = text(form, "email")
    try:
        await visit.change("membership", "POST", "/password-resets", {"email": email})
    except Refused as refused:
        errors = error_list(refused, LABELS, "email")
        response = visit.page(
            "account/forgotten.html", ASK, status=refused.status, email=email, errors=errors, error_of=error_of
        )
        if wait := refused.sent.get("retry_after"):
            response.headers["retry-after"] = str(wait)
        return response
    return visit.page("account/link_sent.html", "Look at your mail", email=email)


async def choosing(visit: Visit) -> Response:
    """The form behind the link. Nothing is used up by looking: mail programs look at links by themselves."""
    return visit.page("account/new_password.html", CHOOSE)


async def choose(visit: Visit) -> Response:
    """Choose it; who has an app signs in with its code, too."""
    form = await visit.form()
    body = {"key": visit.path["key"], "password": str(form.get("password", ""))}
    try:
        await visit.change("membership", "POST", "/password-resets/use", body)
    except Refused as refused:
        if refused.status == 401:
            return visit.page("account/link_over.html", "This link is over", status=404, again="/sign-in/forgotten")
        errors = error_list(refused, LABELS, "password")
        return visit.page("account/new_password.html", CHOOSE, status=refused.status, errors=errors, error_of=error_of)
    return visit.back("/sign-in?done=password-chosen")


ROUTES = [
    page("/sign-in/forgotten", forgotten),
    page("/sign-in/forgotten", send_link, "POST"),
    page("/sign-in/new-password/{key}", choosing),
    page("/sign-in/new-password/{key}", choose, "POST"),
]
