"""Many networks together: tick them in the directory or take what a search finds; change them, or tell their people
something; see first whom it reaches and what would be refused; undo it as one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import LEVELS, PURPOSES, SIDES, STAGES, TYPES, bodies, care_groups
from services.gateway.pages.directory import ASKED, FACETS, shown
from services.gateway.pages.forms import entered, error_list, error_of, text, texts
from services.gateway.rendering import words
from services.gateway.visit import Visit, page

MOST = 200
"""Networks that one change takes."""
AT_ONCE = 100
FIELDS = {
    "care_group": "Care group", "type": "Type", "level": "Level", "purpose": "Purpose", "side": "Side",
    "stage": "Stage", "aims": "Aims",
}  # fmt: skip
AREAS = {"add_bodies": "Cover this area too", "remove_bodies": "Cover this area no longer"}
SAID = FIELDS | {
    "archived": "Taken off the register", "add_bodies": "Area added", "remove_bodies": "Area taken away",
    "bodies": "Areas", "headline": "Headline", "text": "Text",
}  # fmt: skip
CHOICES = {"type": TYPES, "level": LEVELS, "purpose": PURPOSES, "side": SIDES, "stage": STAGES}
LABELS = {"networks": "Networks", "change": "What to change", "headline": "Headline", "text": "Text"}
EMPTY: dict[str, Any] = {"items": [], "total": 0, "next": None}


async def choose(visit: Visit) -> Response:
    """The networks that were ticked in the directory, or all that a search finds, and what can be done with them."""
    visit.require_staff()
    ticked = [one for one in visit.request.query_params.getlist("networks") if one][:MOST]
    return await _form(visit, {name: visit.query.get(name, "")[:200] for name in ASKED}, ticked)


async def _form(
    visit: Visit, asked: Mapping[str, str], ticked: Sequence[str] = (), refused: Refused | None = None
) -> Response:
    names, groups, found, recent = await asyncio.gather(
        bodies(visit), care_groups(visit), _listed(visit, asked, ticked),
        visit.ask_or(EMPTY, "registry", "/batches", limit=5),
    )  # fmt: skip
    sent = visit.sent
    looks_for = [f"“{asked['q']}”"] if asked["q"] else []
    looks_for += [f"{label}: {shown(name, asked[name], names)}" for name, label in FACETS if asked[name]]
    out = _refused_of(refused, found["items"])
    narrowed = {name: value for name, value in asked.items() if value}
    chosen = texts(sent, "networks") if sent else [network["id"] for network in found["items"]]
    if sent and "leave_out" in sent:
        chosen = [one for one in chosen if one not in text(sent, "leave_out").split(",")]
    return visit.page(
        "network/together.html", "Change networks together", status=refused.status if refused and sent else 200,
        found=found, asked=narrowed, ticked=ticked, looks_for=looks_for,
        chosen=chosen, values=entered(sent) if sent else {}, fields=SAID | AREAS, names=names, out=out,
        choices={**CHOICES, "care_group": groups}, recent=recent["items"], error_of=error_of,
        errors=_errors(refused, found["items"], out), back=f"/networks?{urlencode(narrowed)}",
    )  # fmt: skip


async def _listed(visit: Visit, asked: Mapping[str, str], ticked: Sequence[str]) -> dict[str, Any]:
    """The networks that can be ticked: those that were, or the first MOST that a search finds."""
    if ticked:
        pieces = [ticked[first : first + AT_ONCE] for first in range(0, len(ticked), AT_ONCE)]
        pages = await asyncio.gather(
            *(visit.ask("registry", "/networks", limit=AT_ONCE, ids=",".join(piece)) for piece in pieces)
        )
        items = [network for page in pages for network in page["items"]]
        return {"items": items, "total": len(items)}
    first = await visit.ask("registry", "/networks", limit=AT_ONCE, **asked)
    if not first["next"]:
        return dict(first)
    second = await visit.ask("registry", "/networks", limit=MOST - AT_ONCE, cursor=first["next"], **asked)
    return {**first, "items": [*first["items"], *second["items"]]}


def _refused_of(refused: Refused | None, items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Network → why it cannot be changed so."""
    said = {str(error["field"]): str(error["message"]) for error in refused.errors} if refused else {}
    return {network["id"]: said[network["id"]] for network in items if network["id"] in said}


def _errors(
    refused: Refused | None, items: Sequence[Mapping[str, Any]], out: Mapping[str, str]
) -> list[dict[str, str]]:
    """What was refused: of a network, beside its box; else beside its field."""
    of_networks = [
        {"text": out[network["id"]], "href": f"#network-{number}"}
        for number, network in enumerate(items, 1) if network["id"] in out
    ]  # fmt: skip
    return of_networks or (error_list(refused, LABELS) if refused else [])


async def change(visit: Visit) -> Response:
    """Change those that are ticked; what is left empty stays as it is."""
    form = await visit.form()
    change: dict[str, Any] = {name: value for name in FIELDS if (value := text(form, name))}
    change |= {name: [value] for name in AREAS if (value := text(form, name))}
    change |= {"archived": True} if form.get("archived") else {}
    body = {
        "networks": texts(form, "networks"), "change": change, "reason": text(form, "reason"),
        "minor": bool(form.get("minor")),
    }  # fmt: skip
    return await _done(visit, "/batches", body, "together")


async def tell(visit: Visit) -> Response:
    """Tell something to all who hear of those that are ticked."""
    form = await visit.form()
    body = {"networks": texts(form, "networks"), "headline": text(form, "headline"), "text": text(form, "text")}
    return await _done(visit, "/batches/words", body, "together-told")


async def _done(visit: Visit, path: str, body: Mapping[str, Any], done: str) -> Response:
    """Do it and show what was done; the form again where it is refused, or some are to be left out."""
    visit.require_staff()
    form = visit.sent or FormData()
    asked, ticked = {name: text(form, f"asked_{name}") for name in ASKED}, text(form, "ticked").split(",")
    listed = [one for one in ticked if one][:MOST]
    if "leave_out" in form:
        return await _form(visit, asked, listed)
    try:
        made = await visit.change("registry", "POST", path, body)
    except Refused as refused:
        if refused.status not in (404, 409, 422):
            raise
        return await _form(visit, asked, listed, refused)
    return visit.back(f"/networks/together/{made['id']}?done={done}")


async def batch(visit: Visit) -> Response:
    """What was changed of which networks, for whoever is told of it; and for staff the way back."""
    found, names = await asyncio.gather(
        visit.ask("registry", f"/batches/{visit.path['batch_id']}"), bodies(visit)
    )  # fmt: skip
    is_word = found["status"] == "told"
    return visit.page(
        "network/batch.html", found["change"]["headline"] if is_word else "Networks changed together", batch=found,
        is_word=is_word, said={} if is_word else _said(found["change"], names),
        before={network["id"]: _said(network["before"], names) for network in found["networks"]},
    )  # fmt: skip


def _said(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Field → value, both in words."""
    return {SAID.get(name, name): _value(name, value, names) for name, value in fields.items()}


def _value(name: str, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return ", ".join(names.get(code, code) for code in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (str(value) if name == "aims" else words(value)) or "nothing"


async def undo(visit: Visit) -> Response:
    """Give the networks back what they had."""
    form = await visit.form()
    visit.require_staff()
    there = f"/batches/{visit.path['batch_id']}/undo"
    await visit.change("registry", "POST", there, {"reason": text(form, "reason")})
    return visit.back(f"/networks/together/{visit.path['batch_id']}?done=together-undone")


ROUTES = [
    page("/networks/together", choose),
    page("/networks/together", change, "POST"),
    page("/networks/together/tell", tell, "POST"),
    page("/networks/together/{batch_id}", batch),
    page("/networks/together/{batch_id}/undo", undo, "POST"),
]
