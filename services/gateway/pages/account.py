"""Signing in and out."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.pages.second_step import after_password
from services.gateway.signing_in.session import WrongPassword
from services.gateway.signing_in.throttle import TooManyTries
from services.gateway.visit import Visit, local, page
from shared.errors import Problem

LABELS = {"email": "E-mail address", "password": "Password", "name": "Your name"}


async def signing_in(visit: Visit) -> Response:
    """The form."""
    if visit.principal.signed_in:
        return visit.back(local(visit.query.get("next", "/")))
    return visit.page("account/sign_in.html", "Sign in", next=local(visit.query.get("next", "/")), values={})


async def sign_in(visit: Visit) -> Response:
    """Check the password and begin a session."""
    form = await visit.form()
    there = local(text(form, "next") or "/")
    try:
        password = str(form.get("password", ""))
        found = await visit.edge.sessions.checked(text(form, "email"), password, visit.origin)
    except (WrongPassword, TooManyTries) as problem:
        return _wrong(visit, problem, text(form, "email"), there)
    return await after_password(visit, found, there)


def _wrong(visit: Visit, problem: Problem, email: str, there: str) -> Response:
    errors = [{"text": problem.detail, "href": "#email"}]
    response = visit.page(
        "account/sign_in.html", "Sign in", status=problem.status, next=there, values={"email": email}, errors=errors,
        error_of=error_of,
    )  # fmt: skip
    if wait := problem.extra.get("retry_after"):
        response.headers["retry-after"] = str(wait)
    return response


async def signing_out(visit: Visit) -> Response:
    """The button alone: a link that signs out could be followed by a program."""
    return visit.page("account/sign_out.html", "Sign out")


async def sign_out(visit: Visit) -> Response:
    """End the session and take the cookie."""
    await visit.form()
    if visit.session:
        await visit.edge.sessions.sign_out(visit.session)
        await visit.edge.ended(visit.session.person_id)
    visit.given.append(visit.edge.sessions.set_cookie("", 0))
    return visit.back("/signed-out" if visit.edge.provider.is_set else "/?done=signed-out")


async def signed_out(visit: Visit) -> Response:
    """Signed out here; there is a way to sign out of the provider, too. A form may lead to no other site by itself."""
    provider = visit.edge.provider
    return visit.page("account/signed_out.html", "You are signed out", address=await provider.sign_out_address())


async def first_account(visit: Visit) -> Response:
    """The one-time link of the first member of staff."""
    return visit.page("account/first.html", "Make the first staff account", values={})


async def make_first(visit: Visit) -> Response:
    """Make it, and sign in with it."""
    form = await visit.form()
    values = entered(form) | {"password": str(form.get("password", ""))}
    body = {"link": visit.path["link"]} | {name: values.get(name, "") for name in ("email", "name", "password")}
    try:
        await visit.edge.clients.change("membership", "POST", "/internal/accounts/first", body)
    except Refused as refused:
        errors = error_list(refused, LABELS)
        title = "Make the first staff account"
        return visit.page(
            "account/first.html", title, status=refused.status, values=values, errors=errors, error_of=error_of
        )
    found = await visit.edge.sessions.checked(body["email"], body["password"], visit.origin)
    return await after_password(visit, found, "/staff")


ROUTES = [
    page("/sign-in", signing_in),
    page("/sign-in", sign_in, "POST"),
    page("/sign-out", signing_out),
    page("/sign-out", sign_out, "POST"),
    page("/signed-out", signed_out),
    page("/first-account/{link}", first_account),
    page("/first-account/{link}", make_first, "POST"),
]
