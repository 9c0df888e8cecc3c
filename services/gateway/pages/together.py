"""Many networks together: tick them in the directory or take what a search finds; change them, link them to another,
give somebody a role in them, or tell their people something; see first whom it reaches and what would be refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import LEVELS, PURPOSES, ROLES, SIDES, STAGES, TYPES, bodies, care_groups
from services.gateway.pages.directory import ASKED, FACETS, shown
from services.gateway.pages.forms import entered, error_list, error_of, text, texts
from services.gateway.pages.links import RELATIONS, SENTENCES
from services.gateway.pages.meant import Unclear, meant
from services.gateway.visit import Visit, page

MOST = 200
"""Networks that one change takes at once, and that the register shows at a time."""
MOST_ONE_BY_ONE = 5_000
FIELDS = {
    "care_group": "Care group", "type": "Type", "level": "Level", "purpose": "Purpose", "side": "Side",
    "stage": "Stage", "aims": "Aims",
}  # fmt: skip
AREAS = {"add_bodies": "Cover this area too", "remove_bodies": "Cover this area no longer"}
CHOICES = {"type": TYPES, "level": LEVELS, "purpose": PURPOSES, "side": SIDES, "stage": STAGES}
LABELS = {
    "networks": "Networks", "change": "What to change", "headline": "Headline", "text": "Text", "role": "Role",
    "person_id": "Person",
}  # fmt: skip
EMPTY: dict[str, Any] = {"items": [], "total": 0, "next": None}


async def choose(visit: Visit) -> Response:
    """The networks that were ticked in the directory, or all that a search finds, and what can be done with them."""
    visit.require_staff()
    ticked = [one for one in visit.request.query_params.getlist("networks") if one][:MOST]
    return await _form(visit, {name: visit.query.get(name, "")[:200] for name in ASKED}, ticked)


async def _form(
    visit: Visit, asked: Mapping[str, str], ticked: Sequence[str] = (), refused: Refused | None = None,
    unclear: Unclear | None = None,
) -> Response:  # fmt: skip
    names, groups, found, recent, roles = await asyncio.gather(
        bodies(visit), care_groups(visit), _listed(visit, asked, ticked),
        visit.ask_or(EMPTY, "registry", "/batches", limit=5),
        visit.ask_or(EMPTY, "membership", "/role-batches", limit=5),
    )  # fmt: skip
    sent = visit.sent
    looks_for = [f"“{asked['q']}”"] if asked["q"] else []
    looks_for += [f"{label}: {shown(name, asked[name], names)}" for name, label in FACETS if asked[name]]
    out = _refused_of(refused, found["items"])
    narrowed = {name: value for name, value in asked.items() if value}
    chosen = set(texts(sent, "networks") if sent else [network["id"] for network in found["items"]])
    if sent and "leave_out" in sent:
        chosen -= set(text(sent, "leave_out").split(","))
    status = refused.status if refused and sent else 422 if unclear else 200
    return visit.page(
        "network/together.html", "Change networks together", status=status, roles=ROLES, recent_roles=roles["items"],
        found=found, asked=narrowed, ticked=ticked, looks_for=looks_for, offers=unclear.offers if unclear else {},
        chosen=chosen, values=entered(sent) if sent else {}, fields=FIELDS | AREAS, names=names, out=out,
        choices={**CHOICES, "care_group": groups}, recent=recent["items"], error_of=error_of, relations=RELATIONS,
        sentences=SENTENCES, errors=unclear.errors if unclear else _errors(refused, found["items"], out),
        most=MOST, most_one_by_one=MOST_ONE_BY_ONE, back=f"/networks?{urlencode(narrowed)}",
    )  # fmt: skip


async def _listed(visit: Visit, asked: Mapping[str, str], ticked: Sequence[str]) -> dict[str, Any]:
    """The networks that can be ticked: those that were, or the first MOST that a search finds."""
    if ticked:
        found = dict(await visit.ask("registry", "/network-names", limit=MOST, ids=",".join(ticked)))
        return {"items": found["items"], "total": len(found["items"])}
    return await _first(visit, asked, MOST)


async def _first(visit: Visit, asked: Mapping[str, str], most: int) -> dict[str, Any]:
    """The first *most* networks that a search finds."""
    found = dict(await visit.ask("registry", "/network-names", limit=MOST, **asked))
    while found["next"] and len(found["items"]) < most:
        more = await visit.ask("registry", "/network-names", limit=MOST, cursor=found["next"], **asked)
        found = {**found, "items": [*found["items"], *more["items"]], "next": more["next"]}
    return found


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
    return await _sent(visit, "/batches", {"change": change, **_why(form)}, "together")


async def link(visit: Visit) -> Response:
    """Link those that are ticked to one other network, or end that link."""
    form = await visit.form()
    visit.require_staff()
    try:
        other_id = await meant(visit, form, "other", "registry", "/networks", "the other network")
    except Unclear as unclear:
        return await _again(visit, form, unclear)
    wanted = {"kind": text(form, "kind"), "other_id": other_id}
    if wanted["kind"] == "shares_pathway_with" and text(form, "pathway"):
        wanted["care_group"] = text(form, "pathway")
    how = "end_link" if text(form, "how") == "end_link" else "link"
    return await _sent(visit, "/batches", {"change": {how: wanted}, **_why(form)}, "together")


async def role(visit: Visit) -> Response:
    """Give one person a role in those that are ticked, or end it."""
    form = await visit.form()
    visit.require_staff()
    try:
        person_id = await meant(visit, form, "person", "membership", "/people", "the person")
    except Unclear as unclear:
        return await _again(visit, form, unclear)
    body = {"person_id": person_id, "role": text(form, "role"), "ends": text(form, "ends") == "yes", **_why(form)}
    return await _sent(visit, "/role-batches", body, "together-role", service="membership", there="roles/")


async def tell(visit: Visit) -> Response:
    """Tell something to all who hear of those that are ticked."""
    form = await visit.form()
    body = {"headline": text(form, "headline"), "text": text(form, "text")}
    return await _sent(visit, "/batches/words", body, "together-told")


def _why(form: FormData) -> dict[str, Any]:
    return {"reason": text(form, "reason"), "minor": bool(form.get("minor"))}


async def _again(visit: Visit, form: FormData, unclear: Unclear) -> Response:
    return await _form(visit, _asked(form), _ticked(form), unclear=unclear)


async def _sent(
    visit: Visit, path: str, body: Mapping[str, Any], done: str, *, service: str = "registry", there: str = ""
) -> Response:
    """Do it and show what was done; the form again where it is refused, or some are to be left out."""
    visit.require_staff()
    form = visit.sent or FormData()
    if "leave_out" in form:
        return await _form(visit, _asked(form), _ticked(form))
    try:
        which = await _networks(visit, form, may_be_many=path == "/batches")
        made = await visit.change(service, "POST", path, {**which, **body})
    except Unclear as unclear:
        return await _again(visit, form, unclear)
    except Refused as refused:
        if refused.status not in (404, 409, 422):
            raise
        return await _form(visit, _asked(form), _ticked(form), refused)
    said = "" if made["status"] == "changing" else f"?done={done}"
    return visit.back(f"/networks/together/{there}{made['id']}{said}")


async def _networks(visit: Visit, form: FormData, *, may_be_many: bool) -> dict[str, Any]:
    """Which networks: those that are ticked, or all that the search finds. Raises Unclear where it finds others now."""
    one_by_one = {"one_by_one": True} if may_be_many and (form.get("all") or form.get("one_by_one")) else {}
    if not form.get("all"):
        return {"networks": texts(form, "networks"), **one_by_one}
    if not may_be_many:
        raise Unclear(f"This is done for up to {MOST} networks at once; narrow them down and tick them", "all")
    ids = [network["id"] for network in (await _first(visit, _asked(form), MOST_ONE_BY_ONE))["items"]]
    if str(len(ids)) != text(form, "all"):
        raise Unclear(f"The search finds {len(ids):,} networks now; look again and choose all of them anew", "all")
    return {"networks": ids, **one_by_one}


def _asked(form: FormData) -> dict[str, str]:
    return {name: text(form, f"asked_{name}") for name in ASKED}


def _ticked(form: FormData) -> list[str]:
    return [one for one in text(form, "ticked").split(",") if one][:MOST]


ROUTES = [
    page("/networks/together", choose),
    page("/networks/together", change, "POST"),
    page("/networks/together/link", link, "POST"),
    page("/networks/together/role", role, "POST"),
    page("/networks/together/tell", tell, "POST"),
]
