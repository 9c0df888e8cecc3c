"""The form of a webhook: where to, what of, and in which form."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import bodies, care_groups
from services.gateway.pages.forms import entered, error_list, error_of, text, texts
from services.gateway.pages.subscriptions import named_networks
from services.gateway.rendering import words
from services.gateway.visit import Visit, page
from shared.contracts import CONTRACTS
from shared.outside.addresses import WrongUrl, target_of

LABELS = {
    "name": "Name", "url": "Address", "form": "Form", "owner": "Whose it is", "networks": "Networks",
    "types": "Types of message", "care_groups": "Care groups", "bodies": "Areas", "categories": "Kinds of change",
}  # fmt: skip
CATEGORIES = ("governance", "events", "news", "discussion", "resources", "workforce")
LISTS = ("categories", "care_groups", "bodies")
MOST_NETWORKS = 50


async def new(visit: Visit) -> Response:
    """The empty form; a network's page links here with itself."""
    visit.require_signed_in()
    chosen = await named_networks(visit, [visit.query["network"]] if visit.query.get("network") else [])
    values = {"form": "signal", "owner": "me", "networks": "\n".join(n["name"] for n in chosen)}
    return await _form(visit, "Add a webhook", values)


async def add(visit: Visit) -> Response:
    """Add it, and show its secret this once."""
    form = await visit.form()
    visit.require_signed_in()
    body, errors = await _body(visit, form)
    try:
        if errors:
            return await _form(visit, "Add a webhook", _values(form), errors=errors, status=422)
        body["owner"] = text(form, "owner") or "me"
        made = await visit.change("notifications", "POST", "/subscriptions", body)
    except Refused as refused:
        return await _again(visit, "Add a webhook", form, refused)
    return visit.page("subscriptions/added.html", "Your webhook is added", hook=made)


async def edit(visit: Visit) -> Response:
    """The form with what it holds."""
    visit.require_signed_in()
    found = await visit.ask("notifications", f"/subscriptions/{visit.path['id']}")
    networks = await named_networks(visit, found["networks"])
    values = {**found, "networks": "\n".join(n["name"] for n in networks), "types": "\n".join(found["types"])}
    return await _form(visit, f"Change {found['name']}", values, hook=found)


async def save(visit: Visit) -> Response:
    """Change it, unless somebody else did meanwhile."""
    form = await visit.form()
    visit.require_signed_in()
    there = f"/subscriptions/{visit.path['id']}"
    found = await visit.ask("notifications", there)
    title = f"Change {found['name']}"
    body, errors = await _body(visit, form)
    try:
        if errors:
            return await _form(visit, title, _values(form), hook=found, errors=errors, status=422)
        await visit.change("notifications", "PATCH", there, body, if_match=f'"{text(form, "read_revision")}"')
    except Refused as refused:
        return await _again(visit, title, form, refused, hook=found)
    return visit.back(f"{there}?done=saved")


async def _again(visit: Visit, title: str, form: FormData, refused: Refused, hook: Any = None) -> Response:
    if refused.status not in (400, 403, 409, 412, 422):
        raise refused
    errors = error_list(refused, LABELS)
    return await _form(visit, title, _values(form), hook=hook, errors=errors, status=refused.status)


async def _form(
    visit: Visit, title: str, values: Mapping[str, Any], *, hook: Any = None, errors: Any = (), status: int = 200
) -> Response:
    names, groups = await asyncio.gather(bodies(visit), care_groups(visit))
    return visit.page(
        "subscriptions/form.html", title, status=status, values=values, hook=hook, names=names,
        groups=[(group, words(group)) for group in groups], categories=[(kind, words(kind)) for kind in CATEGORIES],
        labels=LABELS, types=sorted(CONTRACTS), errors=list(errors), error_of=error_of,
    )  # fmt: skip


def _values(form: FormData) -> dict[str, Any]:
    return {**entered(form), **{name: texts(form, name) for name in LISTS}}


async def _body(visit: Visit, form: FormData) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What to send to the service, and what could not be understood."""
    lines = [line.strip() for line in text(form, "networks").splitlines() if line.strip()][: MOST_NETWORKS + 1]
    found = await asyncio.gather(*(_network(visit, line) for line in lines[:MOST_NETWORKS]))
    unknown = [line for line, identity in zip(lines, found, strict=False) if identity is None]
    errors = []
    if len(lines) > MOST_NETWORKS:
        errors = [_wrong("networks", f"At most {MOST_NETWORKS}; leave the field empty for all of them")]
    elif unknown:
        there = "is not on the register; copy its name, or the address of its page"
        errors = [_wrong("networks", f"“{unknown[0][:80]}” {there}")]
    body: dict[str, Any] = {name: text(form, name) for name in ("name", "url", "form")}
    errors = [*([] if body["name"] else [_wrong("name", "Enter something")]), *_wrong_url(body["url"]), *errors]
    body |= {name: texts(form, name) for name in LISTS}
    body["networks"] = list(dict.fromkeys(identity for identity in found if identity))
    body["types"] = [line.strip() for line in text(form, "types").splitlines() if line.strip()]
    return body, errors


def _wrong(name: str, message: str) -> dict[str, str]:
    return {"text": f"{LABELS[name]}: {message}", "href": f"#{name}"}


def _wrong_url(url: str) -> list[dict[str, str]]:
    """Said here too, so that all that is wrong with a form is said at once."""
    try:
        target_of(url)
    except WrongUrl as error:
        return [_wrong("url", str(error.extra["errors"][0]["message"]))]
    return []


async def _network(visit: Visit, line: str) -> str | None:
    """The id of a network that is named, or whose page's address is given."""
    slug = urlsplit(line).path.partition("/networks/")[2].partition("/")[0]
    if slug:
        record = await visit.ask_or(None, "registry", f"/networks/{slug}")
        return str(record["id"]) if record else None
    found = await visit.ask_or({"items": []}, "registry", "/networks", q=line, limit=10)
    named = [n for n in found["items"] if n["name"].casefold() == line.casefold()]
    return str(named[0]["id"]) if named else None


ROUTES = [
    page("/subscriptions/new", new),
    page("/subscriptions/new", add, "POST"),
    page("/subscriptions/{id}/edit", edit),
    page("/subscriptions/{id}/edit", save, "POST"),
]
