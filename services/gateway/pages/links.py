"""Links between networks: a network's own, and each link's page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import bodies, care_groups, may_edit
from services.gateway.pages.drawing import areas, around, reach, rows_of
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.visit import Visit, page
from shared import clock

LABELS = {
    "kind": "How they are linked", "other_id": "The other network", "care_group": "Care group", "from": "From",
    "to": "Last day", "note": "Note", "reason": "Reason",
}  # fmt: skip
RELATIONS = (
    "works_with", "shares_pathway_with", "parent_of", "part_of", "scrutinises", "scrutinised_by", "succeeds",
    "succeeded_by",
)  # fmt: skip
SENTENCES = {
    "works_with": "works with", "shares_pathway_with": "shares a pathway with", "parent_of": "is the parent of",
    "part_of": "is part of", "scrutinises": "scrutinises", "scrutinised_by": "is scrutinised by",
    "succeeds": "succeeds", "succeeded_by": "is succeeded by",
}  # fmt: skip
ALL = 500
FOUND_SHOWN = 15
SUGGESTIONS_SHOWN = 3
EMPTY: dict[str, Any] = {"items": [], "next": None, "total": 0}
SHOWN_CHANGES = frozenset({"status", "since", "until", "note"})


async def links(visit: Visit) -> Response:
    """The links of a network, what waits for an answer, and the picture of what is around it."""
    asked = {"kind": visit.query.get("kind", "works_with"), "from": clock.today().isoformat()}
    return await _page(visit, {**asked, "other_id": visit.query.get("other", "")})


async def add(visit: Visit) -> Response:
    """Link the network to another, or propose it."""
    form = await visit.form()
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    body = _body(form, ("kind", "other_id", "care_group", "from", "note", "reason"))
    if "other_id" not in body:
        errors = [{"text": "The other network: choose one", "href": "#q"}]
        return await _page(visit, entered(form), errors=errors, status=422)
    try:
        made = await visit.change("registry", "POST", f"/networks/{record['id']}/links", body)
    except Refused as refused:
        if refused.status not in (400, 404, 409, 422):
            raise
        return await _page(visit, entered(form), errors=error_list(refused, LABELS), status=refused.status)
    done = "linked" if made["status"] == "confirmed" else "proposed"
    return visit.back(f"/networks/{record['slug']}/links?done={done}")


def _body(form: FormData, names: Sequence[str]) -> dict[str, Any]:
    """What was filled in of the fields called *names*, and whether the change is minor."""
    filled: dict[str, Any] = {name: text(form, name) for name in names if text(form, name)}
    if filled.get("kind", "shares_pathway_with") != "shares_pathway_with":
        filled.pop("care_group", None)
    return {**filled, "minor": text(form, "minor") == "yes"}


async def _page(visit: Visit, values: Mapping[str, Any], *, errors: Any = (), status: int = 200) -> Response:
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    sought = visit.query.get("q", "") or str(values.get("q", ""))
    found, graph, names, groups, edits, networks = await asyncio.gather(
        visit.ask("registry", f"/networks/{record['id']}/links", limit=ALL),
        visit.ask("registry", f"/networks/{record['id']}/graph"),
        bodies(visit),
        care_groups(visit),
        may_edit(visit),
        _choices(visit, sought, str(values.get("other_id", ""))),
    )
    is_mine = edits(record["id"])
    suggested = await _suggested(visit, record["id"]) if is_mine and not record["archived"] else EMPTY
    for node in graph["nodes"]:
        node["is_main"] = node["id"] == record["id"]
    return visit.page(
        "network/links.html", "Links", status=status, network=record, names=names, groups=groups, areas=areas,
        linked=in_order(found["items"], record["id"]), waiting=_with(found["items"], "proposed"),
        over=_with(found["items"], "ended"), more=found["total"] - len(found["items"]), may_edit=is_mine,
        picture=around(graph, names), rows=rows_of(graph), finding=reach(graph), left_out=graph["left_out"],
        q=sought, choices=networks, values=values, relations=RELATIONS, sentence=sentence,
        sentences=SENTENCES, suggested=suggested, errors=list(errors),
        error_of=error_of, labels=LABELS,
    )  # fmt: skip


async def _suggested(visit: Visit, network_id: str) -> Any:
    """The strongest of what the network overlaps with."""
    return await visit.ask_or(EMPTY, "registry", f"/networks/{network_id}/overlaps", limit=SUGGESTIONS_SHOWN)


async def _choices(visit: Visit, sought: str, chosen: str) -> list[dict[str, Any]]:
    """The networks to choose from: those that were looked for, or the one that a link named."""
    if sought:
        found = await visit.ask("registry", "/network-names", q=sought, limit=FOUND_SHOWN)
        return list(found["items"])
    return [await visit.ask("registry", f"/networks/{chosen}")] if chosen else []


def in_order(items: Sequence[Mapping[str, Any]], network_id: str) -> list[dict[str, Any]]:
    """The confirmed links by what they say of this network, each with the network at its other end."""
    found = [
        {**link, "far": link["other"] if link["network"]["id"] == network_id else link["network"]}
        for link in _with(items, "confirmed")
    ]
    return sorted(found, key=lambda link: (RELATIONS.index(link["relation"]), link["far"]["name"]))


def _with(items: Sequence[Mapping[str, Any]], status: str) -> list[Mapping[str, Any]]:
    return [link for link in items if link["status"] == status]


def sentence(link: Mapping[str, Any]) -> str:
    """What a link says, from left to right."""
    said = f"{link['network']['name']} {SENTENCES[link['kind']]} {link['other']['name']}"
    return f"{said} for {link['care_group']}" if link["care_group"] else said


async def link(visit: Visit) -> Response:
    """One link: what it says, since when, and what became of it."""
    return await _link(visit, {})


async def _link(visit: Visit, values: Mapping[str, Any], *, errors: Any = (), status: int = 200) -> Response:
    there = f"/links/{visit.path['id']}"
    found, history, edits, names = await asyncio.gather(
        visit.ask("registry", there),
        visit.ask_or(EMPTY, "registry", f"{there}/history", limit=100),
        may_edit(visit),
        bodies(visit),
    )
    asked = found["other"]["id"] if found["proposed_by"] == found["network"]["id"] else found["network"]["id"]
    for entry in history["items"]:
        entry["changes"] = {name: pair for name, pair in entry["changes"].items() if name in SHOWN_CHANGES}
    return visit.page(
        "link.html", sentence(found), status=status, link=found, found=history, names=names, areas=areas,
        may_edit=edits(found["network"]["id"]) or edits(found["other"]["id"]),
        may_confirm=edits(asked), values={**found, "reason": "", **values},
        today=clock.today().isoformat(), errors=list(errors), error_of=error_of, labels=LABELS, sentences=SENTENCES,
    )  # fmt: skip


async def answer(visit: Visit) -> Response:
    """Confirm, decline or withdraw what was proposed."""
    form = await visit.form()
    what = "confirm" if visit.path["what"] == "confirm" else "decline"
    try:
        answered = await visit.change(
            "registry", "POST", f"/links/{visit.path['id']}/{what}", _body(form, ("reason",)), if_match=_read(form)
        )
    except Refused as refused:
        return await _again(visit, refused, form)
    return visit.back(f"/links/{answered['id']}?done=link-{answered['status']}")


async def change(visit: Visit) -> Response:
    """Change a link's first day or note, or end it."""
    form = await visit.form()
    body = _body(form, ("from", "to", "reason"))
    if "note" in form:
        body["note"] = text(form, "note")
    try:
        changed = await visit.change("registry", "PATCH", f"/links/{visit.path['id']}", body, if_match=_read(form))
    except Refused as refused:
        return await _again(visit, refused, form)
    return visit.back(f"/links/{changed['id']}?done=link-{'ended' if changed['status'] == 'ended' else 'changed'}")


def _read(form: FormData) -> str:
    """The revision that the form was made from, as an ETag."""
    return f'"{text(form, "read_revision")}"'


async def _again(visit: Visit, refused: Refused, form: FormData) -> Response:
    if refused.status not in (400, 409, 412, 422):
        raise refused
    return await _link(visit, entered(form), errors=error_list(refused, LABELS), status=refused.status)


ROUTES = [
    page("/networks/{slug}/links", links),
    page("/networks/{slug}/links", add, "POST"),
    page("/links/{id}", link),
    page("/links/{id}", change, "POST"),
    page("/links/{id}/{what}", answer, "POST"),
]
