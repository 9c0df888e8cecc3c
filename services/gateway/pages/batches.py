"""What was done with many networks together: how far it is, what became of each, and the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.pages.choices import bodies
from services.gateway.pages.forms import text
from services.gateway.pages.links import SENTENCES
from services.gateway.pages.together import FIELDS
from services.gateway.rendering import count, words
from services.gateway.visit import Visit, page

PAGE = 100
WORKING = ("changing", "undoing")
PRESSED = {"stop": "", "resume": "", "undo": "together-undone"}
OUTCOMES = {
    "changed": "Changed", "back": "As before", "same": "It was so already", "refused": "Left as it is",
    "waiting": "Not done yet",
}  # fmt: skip
SAID = FIELDS | {
    "archived": "Taken off the register", "add_bodies": "Area added", "remove_bodies": "Area taken away",
    "bodies": "Areas", "headline": "Headline", "text": "Text", "link": "Linked", "end_link": "No longer linked",
}  # fmt: skip


async def batch(visit: Visit) -> Response:
    """What was changed of which networks, for whoever is told of it; for staff its progress and the way back."""
    there = f"/batches/{visit.path['batch_id']}"
    found, names = await asyncio.gather(visit.ask("registry", there), bodies(visit))
    is_word, listed = found["status"] == "told", await _listed(visit, found)
    said = {} if is_word else _said(found["change"], names | await _other(visit, found["change"]))
    return visit.page(
        "network/batch.html", found["change"]["headline"] if is_word else "Networks changed together", batch=found,
        is_word=is_word, is_working=found["status"] in WORKING, said=said, outcomes=OUTCOMES, **listed,
        before={network["id"]: _said(network["before"], names) for network in listed["found"]["items"]},
    )  # fmt: skip


async def _listed(visit: Visit, found: Mapping[str, Any]) -> dict[str, Any]:
    """The networks of a batch: all of one that was made at once, a page of one that is made one by one."""
    here, outcome = f"/networks/together/{found['id']}", visit.query.get("outcome", "")
    if not found["total"]:
        networks = found["networks"]
        return {"found": {"items": networks, "total": len(networks)}, "first": "", "next": "", "outcome": ""}
    asked = {"outcome": outcome} if outcome in OUTCOMES else {}
    cursor = visit.query.get("cursor", "")
    listed = await visit.ask("registry", f"/batches/{found['id']}/networks", limit=PAGE, cursor=cursor, **asked)
    following = f"{here}?{urlencode({**asked, 'cursor': listed['next']})}" if listed["next"] else ""
    first = f"{here}?{urlencode(asked)}" if cursor else ""
    return {"found": listed, "next": following, "first": first, "outcome": asked.get("outcome", "")}


async def _other(visit: Visit, change: Mapping[str, Any]) -> dict[str, str]:
    """Id → name of the network at the other end, where it is about links."""
    ids = [value["other_id"] for value in change.values() if isinstance(value, Mapping)]
    found = [await visit.ask_or({"name": one}, "registry", f"/networks/{one}") for one in ids]
    return {one: network["name"] for one, network in zip(ids, found, strict=True)}


def _said(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Field → value, both in words; that a link was made or ended stands above all of them already."""
    return {SAID.get(name, name): _value(name, value, names) for name, value in fields.items() if name != "links"}


def _value(name: str, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        group = f" for {words(value['care_group'])}" if value.get("care_group") else ""
        return f"Each {SENTENCES[value['kind']]} {names.get(value['other_id'], value['other_id'])}{group}"
    if isinstance(value, list):
        return ", ".join(names.get(code, code) for code in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (str(value) if name == "aims" else words(value)) or "nothing"


async def progress(visit: Visit) -> Response:
    """How far it is, for htmx; once it is over, the page is loaded anew."""
    found = await visit.ask("registry", f"/batches/{visit.path['batch_id']}")
    piece = visit.fragment("network/batch_progress.html", batch=found)
    if found["status"] not in WORKING:
        piece.headers["hx-refresh"] = "true"
    return piece


async def press(visit: Visit) -> Response:
    """Stop it, go on with it, or give the networks back what they had."""
    form = await visit.form()
    visit.require_staff()
    what, here = visit.path["what"], f"/networks/together/{visit.path['batch_id']}"
    if what not in PRESSED:
        return visit.back(here)
    there = f"/batches/{visit.path['batch_id']}/{what}"
    made = await visit.change("registry", "POST", there, {"reason": text(form, "reason")})
    done = f"?done={PRESSED[what]}" if PRESSED[what] and made["status"] not in WORKING else ""
    return visit.back(here + done)


async def role_batch(visit: Visit) -> Response:
    """The role that somebody was given, or gave up, in which networks, and who had it before."""
    found = await visit.ask("membership", f"/role-batches/{visit.path['batch_id']}")
    is_lead = f"{'no longer ' if found['ends'] else ''}{words(found['role']).lower()}"
    title = f"{found['name']}: {is_lead} of {count(found['changed'], 'network')}"
    return visit.page("network/role_batch.html", title, batch=found)


async def undo_role_batch(visit: Visit) -> Response:
    """Let the role stand as before."""
    form = await visit.form()
    visit.require_staff()
    there = f"/role-batches/{visit.path['batch_id']}/undo"
    await visit.change("membership", "POST", there, {"reason": text(form, "reason")})
    return visit.back(f"/networks/together/roles/{visit.path['batch_id']}?done=together-undone")


ROUTES = [
    page("/networks/together/{batch_id}", batch),
    page("/networks/together/{batch_id}/progress", progress),
    page("/networks/together/roles/{batch_id}", role_batch),
    page("/networks/together/roles/{batch_id}/undo", undo_role_batch, "POST"),
    page("/networks/together/{batch_id}/{what}", press, "POST"),
]
