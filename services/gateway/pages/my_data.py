"""My data: what is kept of me, who sees it, and what guards it; changed, taken along or erased here."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.called import organisation
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.signing_in.new_browsers import forgotten
from services.gateway.visit import Visit, page
from shared import clock

TITLE = "My data"
LABELS = {
    "name": "Name", "professions": "Professions", "interests": "Interests",
    "organisation": "Organisation", "present": "Present password", "password": "New password", "sure": "Erase",
}  # fmt: skip
WANTED_LIST = 100


async def my_data(visit: Visit) -> Response:
    """Everything at a glance, each with the way to change it."""
    visit.require_signed_in()
    person_id = visit.principal.person_id
    me, factor, tokens, sessions = await asyncio.gather(
        visit.ask("membership", "/me"), visit.ask("membership", "/me/second-factor"),
        visit.ask("membership", "/tokens"), visit.edge.sessions.of_person(person_id),
    )  # fmt: skip
    code = me["person"]["organisation"]
    return visit.page(
        "account/my_data.html", TITLE, found=me, factor=factor, tokens=tokens["total"], sessions=len(sessions),
        organisation=await organisation(visit, code) if code else "",
    )  # fmt: skip


# What is kept


async def record(visit: Visit) -> Response:
    """The record, as a form."""
    visit.require_signed_in()
    person = (await visit.ask("membership", "/me"))["person"]
    values = {**person, **{name: "\n".join(person[name]) for name in ("professions", "interests")}}
    return visit.page("account/record.html", "Your record", values=values, revision=person["revision"], labels=LABELS)


async def save_record(visit: Visit) -> Response:
    """Change it."""
    form = await visit.form()
    visit.require_signed_in()
    body: dict[str, Any] = {name: text(form, name) for name in ("name", "organisation")}
    body |= {name: _lines(text(form, name)) for name in ("professions", "interests")}
    path, revision = f"/people/{visit.principal.person_id}", text(form, "revision")
    try:
        await visit.change("membership", "PATCH", path, body, if_match=f'"{revision}"')
    except Refused as refused:
        return visit.page(
            "account/record.html", "Your record", status=refused.status, values=entered(form), revision=revision,
            labels=LABELS, errors=error_list(refused, LABELS), error_of=error_of,
        )  # fmt: skip
    return visit.back("/account?done=record")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


async def download(visit: Visit) -> Response:
    """Everything that the services keep of the visitor, as one JSON file."""
    visit.require_signed_in()
    person_id = visit.principal.person_id
    wanted = {
        "me": ("membership", "/me"), "second_factor": ("membership", "/me/second-factor"),
        "tokens": ("membership", "/tokens"), "preferences": ("notifications", "/preferences"),
        "browsers": ("notifications", "/browsers"), "alerts": ("notifications", "/alerts"),
        "webhooks": ("notifications", "/subscriptions"), "bookings": ("events", "/bookings"),
        "saved_searches": ("registry", "/searches"),
    }  # fmt: skip
    answers = await asyncio.gather(*(_whole(visit, service, path) for service, path in wanted.values()))
    sessions = await visit.edge.sessions.of_person(person_id)
    kept: dict[str, Any] = {"made_at": clock.now().isoformat(), **dict(zip(wanted, answers, strict=True))}
    kept["sessions"] = [{"address": s.address, "agent": s.agent, "began": s.began, "seen": s.seen} for s in sessions]
    headers = {"content-disposition": 'attachment; filename="my-data.json"', "cache-control": "no-store"}
    return Response(orjson.dumps(kept, option=orjson.OPT_INDENT_2), media_type="application/json", headers=headers)


async def _whole(visit: Visit, service: str, path: str) -> Any:
    """What a service answers; of a list every page."""
    answer = await visit.ask(service, path, limit=WANTED_LIST)
    following = answer.get("next")
    while following:
        more = await visit.ask(service, path, limit=WANTED_LIST, cursor=following)
        answer["items"] += more["items"]
        following = more["next"]
    return answer


async def who_sees_me(visit: Visit) -> Response:
    """Who sees what of the visitor, as things are today."""
    visit.require_signed_in()
    me = await visit.ask("membership", "/me")
    public = [network for network in me["networks"] if network["role"] != "member"]
    return visit.page("account/who_sees_me.html", "Who can see me", found=me, public=public)


async def erasing(visit: Visit) -> Response:
    """What erasing means, and the button."""
    return await _erase_page(visit)


async def _erase_page(visit: Visit, errors: list[dict[str, str]] | None = None) -> Response:
    visit.require_signed_in()
    me = await visit.ask("membership", "/me")
    return visit.page(
        "account/erase.html", "Erase everything about you", status=422 if errors else 200, found=me,
        errors=errors or [], error_of=error_of,
    )  # fmt: skip


async def erase(visit: Visit) -> Response:
    """Erase the visitor, once they said that they are sure."""
    form = await visit.form()
    visit.require_signed_in()
    if text(form, "sure") != "yes":
        return await _erase_page(visit, [{"text": "Say that you are sure", "href": "#sure"}])
    person_id = visit.principal.person_id
    email = (await visit.ask("membership", "/me"))["person"]["email"]
    await visit.change("membership", "DELETE", f"/people/{person_id}")
    await visit.edge.sessions.forget(person_id)
    await visit.edge.sessions.end_others(person_id)
    visit.given.append(visit.edge.sessions.set_cookie("", 0))
    visit.given.append(forgotten(visit.edge, email, visit.origin.device))
    return visit.back("/?done=erased")


# What guards it


async def new_password(visit: Visit) -> Response:
    """The form."""
    visit.require_signed_in()
    return visit.page("account/password.html", "Change your password")


async def save_password(visit: Visit) -> Response:
    """Change it: every other session ends, and this one goes on under a new id."""
    form = await visit.form()
    visit.require_signed_in()
    person_id = visit.principal.person_id
    body = {name: str(form.get(name, "")) for name in ("present", "password")}
    try:
        await visit.change("membership", "POST", f"/people/{person_id}/password", body)
    except Refused as refused:
        field = "present" if refused.status in (403, 429) else "password"
        status = 429 if refused.status == 429 else 422
        errors = error_list(refused, LABELS, field)
        title = "Change your password"
        return visit.page("account/password.html", title, status=status, errors=errors, error_of=error_of)
    if visit.session:
        await visit.signed_in_as(await visit.edge.sessions.renewed(visit.session))
    return visit.back("/account?done=password")


ROUTES = [
    page("/account", my_data),
    page("/account/record", record),
    page("/account/record", save_record, "POST"),
    page("/account/password", new_password),
    page("/account/password", save_password, "POST"),
    page("/account/who-sees-me", who_sees_me),
    page("/account/my-data.json", download),
    page("/account/erase", erasing),
    page("/account/erase", erase, "POST"),
]
