"""Challenges between networks: the lists, raising one, its thread and the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import bodies, may_edit
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.pages.networks import EMPTY
from services.gateway.visit import Visit, page
from shared.errors import Forbidden

PAGE = 25
FOUND_SHOWN = 10
THREAD = 100
LABELS = {"provider": "Network", "subject": "Subject", "text": "Text", "answer_by": "Answer by", "until": "Date"}
STATUSES = {
    "open": "Waiting for an answer", "answered": "Answered", "closed": "Closed", "withdrawn": "Withdrawn"
}  # fmt: skip
CHOICES = {
    "answer": ("Answer", "It goes to the network that asked, which accepts it or asks again"),
    "ask_time": ("Ask for more time", "Until the date below; the present one holds until they agree"),
    "give_time": ("Give more time", "Until the date below; the reminders begin anew"),
    "refuse_time": ("Give no more time", "The date stays as it is"),
    "accept": ("Accept the answer", "This closes the challenge"),
    "ask_again": ("Ask again", "The answer does not do: say why, and by which date below you want another"),
    "comment": ("Only write something", "Nothing else changes"),
    "close": ("Close without agreement", "Say how it ends"),
    "withdraw": ("Withdraw the challenge", "No answer is wanted any more"),
}
"""Kind of reply → what the button says, and what it means."""
DATED = frozenset({"ask_time", "give_time", "ask_again"})


async def all_challenges(visit: Visit) -> Response:
    """The challenges that the visitor may see, of everybody or of one area."""
    sha, status, late, cursor = (visit.query.get(name, "") for name in ("sha", "status", "overdue", "cursor"))
    asked = {"sha": sha, "status": status, "overdue": "true" if late else ""}
    found, names = await asyncio.gather(
        visit.ask("registry", "/challenges", limit=PAGE, cursor=cursor, **asked), bodies(visit)
    )
    here = {name: value for name, value in asked.items() if value}
    return visit.page(
        "challenges/all.html", "Challenges", found=found, names=names, sha=sha, chosen=status, late=late,
        statuses=STATUSES, **_pages("/challenges", here, found, cursor),
    )  # fmt: skip


async def of_network(visit: Visit) -> Response:
    """The challenges that a network raised or received."""
    cursor, part = visit.query.get("cursor", ""), visit.query.get("part", "")
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    found, edits = await asyncio.gather(
        visit.ask("registry", f"/networks/{record['id']}/challenges", limit=PAGE, cursor=cursor, part=part),
        may_edit(visit),
    )
    there = f"/networks/{record['slug']}/challenges"
    may_raise = record["side"] in ("commissioner", "both") and edits(record["id"])
    return visit.page(
        "challenges/network.html", "Challenges", network=record, found=found, part=part,
        may_raise=may_raise and not record["archived"], statuses=STATUSES,
        **_pages(there, {"part": part} if part else {}, found, cursor),
    )  # fmt: skip


def _pages(there: str, asked: Mapping[str, str], found: Mapping[str, Any], cursor: str) -> dict[str, Any]:
    following = f"{there}?{urlencode({**asked, 'cursor': found['next']})}" if found["next"] else ""
    return {"next": following, "first": f"{there}?{urlencode(asked)}" if cursor else ""}


async def new(visit: Visit) -> Response:
    """First find the network that is challenged, then say what it is to answer."""
    visit.require_signed_in()
    return await _form(visit, {"provider": visit.query.get("provider", ""), "visibility": "public"})


async def create(visit: Visit) -> Response:
    """Raise a challenge."""
    form = await visit.form()
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    body = {name: text(form, name) for name in ("provider", "subject", "text", "answer_by", "visibility")}
    try:
        made = await visit.change("registry", "POST", f"/networks/{record['id']}/challenges", body)
    except Refused as refused:
        if refused.status not in (400, 404, 409, 422):
            raise
        return await _form(visit, entered(form), errors=error_list(refused, LABELS), status=refused.status)
    return visit.back(f"/challenges/{made['id']}?done=raised")


async def _form(visit: Visit, values: Mapping[str, Any], *, errors: Any = (), status: int = 200) -> Response:
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    if not (await may_edit(visit))(record["id"]):
        raise Forbidden("A challenge is raised by those who lead, chair, manage or co-ordinate the network.")
    sought = visit.query.get("q", "")
    chosen = quote(str(values.get("provider", "")), safe="")
    provider = await visit.ask_or(None, "registry", f"/networks/{chosen}") if chosen else None
    found = [] if provider else await _providers(visit, record, sought)
    return visit.page(
        "challenges/form.html", "Raise a challenge", status=status, network=record, provider=provider, found=found,
        q=sought, values=values, errors=list(errors), error_of=error_of,
    )  # fmt: skip


async def _providers(visit: Visit, record: Mapping[str, Any], sought: str) -> list[dict[str, Any]]:
    """Provider networks of that name; where none is sought, those of the same area."""
    area = "" if sought or not record["bodies"] else record["bodies"][0]
    sides = ("provider", "both")
    answers = await asyncio.gather(
        *(visit.ask_or(EMPTY, "registry", "/networks", q=sought, sha=area, side=s, limit=FOUND_SHOWN) for s in sides)
    )
    found = [network for answer in answers for network in answer["items"] if network["id"] != record["id"]]
    return sorted(found, key=lambda network: str(network["name"]))[:FOUND_SHOWN]


async def challenge(visit: Visit) -> Response:
    """One challenge with its thread."""
    return await _page(visit, {"kind": "", "text": ""})


async def reply(visit: Visit) -> Response:
    """Write the next entry of the thread."""
    form = await visit.form()
    visit.require_signed_in()
    kind, there = text(form, "kind"), f"/challenges/{visit.path['id']}"
    if kind not in CHOICES:
        errors = [{"text": "Choose what you want to do", "href": "#kind"}]
        return await _page(visit, entered(form), errors=errors, status=422)
    body = {"kind": kind, "text": text(form, "text"), "until": text(form, "until") or None}
    try:
        await visit.change("registry", "POST", f"{there}/replies", body, if_match=_revision(form))
    except Refused as refused:
        if refused.status not in (400, 409, 412, 422):
            raise
        errors = error_list(refused, LABELS)
        return await _page(visit, entered(form), errors=errors, status=refused.status)
    return visit.back(f"{there}?done=replied#reply")


def _revision(form: FormData) -> str:
    return f'"{text(form, "read_revision")}"' if text(form, "read_revision").isdigit() else ""


async def _page(visit: Visit, values: Mapping[str, Any], *, errors: Any = (), status: int = 200) -> Response:
    there, cursor = f"/challenges/{visit.path['id']}", visit.query.get("cursor", "0")
    found, thread = await asyncio.gather(
        visit.ask("registry", there), visit.ask("registry", f"{there}/replies", limit=THREAD, cursor=cursor)
    )
    choices = [(kind, *CHOICES[kind]) for kind in CHOICES if kind in found["may"]]
    return visit.page(
        "challenges/challenge.html", found["subject"], status=status, challenge=found, thread=thread, choices=choices,
        dated=not DATED.isdisjoint(found["may"]), values=values, errors=list(errors), error_of=error_of,
        statuses=STATUSES,
        next=f"{there}?cursor={thread['next']}" if thread["next"] else "", first=there if cursor != "0" else "",
    )  # fmt: skip


ROUTES = [
    page("/challenges", all_challenges),
    page("/challenges/{id}", challenge),
    page("/challenges/{id}", reply, "POST"),
    page("/networks/{slug}/challenges", of_network),
    page("/networks/{slug}/challenges/new", new),
    page("/networks/{slug}/challenges/new", create, "POST"),
]
