"""The code after the password, and the authenticator app that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import segno
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import error_of, text
from services.gateway.signing_in.second_step import TICKET_SECONDS, Ticket, TooLate, WrongCode
from services.gateway.signing_in.session import Session
from services.gateway.signing_in.throttle import TooManyTries
from services.gateway.visit import Visit, local, page
from shared.errors import Problem

CODE_TITLE, SET_UP_TITLE = "Enter the code of your app", "Set up an authenticator app"
OWN = "/account/second-factor"


async def after_password(visit: Visit, found: Mapping[str, Any], there: str) -> Response:
    """Go on after a right password: signed in, or to the code."""
    step = await visit.edge.second_step.after(found, visit.origin)
    if isinstance(step, Session):
        await visit.signed_in_as(step, found["email"])
        return visit.back(there)
    return _asked(visit, step, there)


def _asked(visit: Visit, ticket: Ticket, there: str, problem: Problem | None = None) -> Response:
    """The page that asks for the code; for who has no app yet, with what an app needs."""
    shown = {"ticket": ticket.id, "next": there, "action": "/sign-in/set-up" if ticket.secret else "/sign-in/code"}
    return _code_page(visit, shown, ticket.secret, ticket.uri, problem)


def _code_page(visit: Visit, hidden: dict[str, str], secret: str, uri: str, problem: Problem | None) -> Response:
    errors = [{"text": problem.detail, "href": "#code"}] if problem else []
    response = visit.page(
        "account/set_up.html" if secret else "account/code.html", SET_UP_TITLE if secret else CODE_TITLE,
        status=problem.status if problem else 200, hidden=hidden, secret=" ".join(_fours(secret)), uri=uri,
        picture=picture_of(uri) if uri else "", errors=errors, error_of=error_of,
    )  # fmt: skip
    response.headers["cache-control"] = "no-store"
    if problem and (wait := problem.extra.get("retry_after")):
        response.headers["retry-after"] = str(wait)
    return response


async def sign_in_with_code(visit: Visit) -> Response:
    """Check the code and begin a session."""
    form = await visit.form()
    there = local(text(form, "next") or "/")
    try:
        ticket = await visit.edge.second_step.ticket(text(form, "ticket"))
        session = await visit.edge.second_step.check(ticket, text(form, "code"), visit.origin)
    except TooLate:
        return visit.back("/sign-in")
    except (WrongCode, TooManyTries) as problem:
        return _asked(visit, ticket, there, problem)
    await visit.signed_in_as(session, ticket.email)
    return visit.back(there)


async def sign_in_with_new_app(visit: Visit) -> Response:
    """The first code of an app that had to be set up: a session, and the recovery codes."""
    form = await visit.form()
    there = local(text(form, "next") or "/")
    try:
        ticket = await visit.edge.second_step.ticket(text(form, "ticket"))
        session, codes = await visit.edge.second_step.set_up(ticket, text(form, "code"), visit.origin)
    except TooLate:
        return visit.back("/sign-in")
    except (WrongCode, TooManyTries) as problem:
        return _asked(visit, ticket, there, problem)
    await visit.signed_in_as(session, ticket.email)
    return _codes_page(visit, codes, there)


def _codes_page(visit: Visit, codes: list[str], there: str) -> Response:
    response = visit.page("account/recovery_codes.html", "Keep your recovery codes", codes=codes, next=there)
    response.headers["cache-control"] = "no-store"
    return response


# Signed in: one's own app


async def own_app(visit: Visit) -> Response:
    """Whether signing in takes a code, and how to change that."""
    return await _own_page(visit)


async def _own_page(visit: Visit, problem: Problem | None = None, field: str = "") -> Response:
    visit.require_signed_in()
    standing = await visit.ask("membership", "/me/second-factor")
    errors = [{"text": problem.detail, "href": f"#{field}"}] if problem else []
    return visit.page(
        "account/second_factor.html", "Signing in with a code", status=problem.status if problem else 200,
        standing=standing, errors=errors, error_of=error_of,
    )  # fmt: skip


async def begin_app(visit: Visit) -> Response:
    """Show what an app needs, against the password."""
    form = await visit.form()
    visit.require_signed_in()
    body = {"password": str(form.get("password", ""))}
    try:
        key = await visit.change("membership", "POST", "/me/second-factor", body)
    except Refused as refused:
        return await _own_page(visit, refused, "password")
    await visit.edge.store.set(_being_set_up(visit), orjson.dumps(key), TICKET_SECONDS)
    return _code_page(visit, {"action": f"{OWN}/confirm"}, key["secret"], key["uri"], None)


async def confirm_app(visit: Visit) -> Response:
    """Take the first code; show the recovery codes."""
    form = await visit.form()
    visit.require_signed_in()
    try:
        found = await _sent(visit, "confirm", form)
    except Refused as refused:
        kept = await visit.edge.store.get(_being_set_up(visit))
        if kept is None:
            return visit.back(OWN)
        key = orjson.loads(kept)
        return _code_page(visit, {"action": f"{OWN}/confirm"}, key["secret"], key["uri"], refused)
    await visit.edge.store.delete(_being_set_up(visit))
    await _renewed(visit)
    return _codes_page(visit, found["codes"], OWN)


async def remove_app(visit: Visit) -> Response:
    """Let the password alone do again, against a code."""
    form = await visit.form()
    visit.require_signed_in()
    try:
        await _sent(visit, "remove", form)
    except Refused as refused:
        return await _own_page(visit, refused, "code")
    await _renewed(visit)
    return visit.back(f"{OWN}?done=saved")


async def _renewed(visit: Visit) -> None:
    """What guards the account has changed, so the session has a new id from here on."""
    if visit.session:
        await visit.signed_in_as(await visit.edge.sessions.renewed(visit.session))


async def _sent(visit: Visit, step: str, form: FormData) -> Any:
    return await visit.change("membership", "POST", f"/me/second-factor/{step}", {"code": text(form, "code")})


def _being_set_up(visit: Visit) -> str:
    return f"app:{visit.principal.person_id}"


def picture_of(uri: str) -> Markup:
    """The address as a QR code, an SVG to stand in the page; dark on light whatever the reader's colours."""
    drawn = segno.make(uri, error="m").svg_inline(border=3, light="#ffffff", dark="#000000", omitsize=True)
    return Markup(drawn)  # noqa: S704 (drawn by us: squares, none of it text)


def _fours(secret: str) -> list[str]:
    """A secret in groups of four, to be typed."""
    return [secret[place : place + 4] for place in range(0, len(secret), 4)]


ROUTES = [
    page("/sign-in/code", sign_in_with_code, "POST"),
    page("/sign-in/set-up", sign_in_with_new_app, "POST"),
    page(OWN, own_app),
    page(OWN, begin_app, "POST"),
    page(f"{OWN}/confirm", confirm_app, "POST"),
    page(f"{OWN}/remove", remove_app, "POST"),
]
