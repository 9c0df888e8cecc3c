"""The directory: networks by words, by a question, by facets; as it stood on a date; and what of each is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import bodies
from services.gateway.pages.history import wrong_day
from services.gateway.rendering import day as shown_day
from services.gateway.rendering import words
from services.gateway.visit import Visit, local, page
from shared import clock

FACETS = (
    ("care_group", "Care group"), ("sha", "Area"), ("level", "Level"), ("type", "Type"), ("stage", "Stage"),
    ("health", "Health"), ("purpose", "Purpose"), ("side", "Side"),
)  # fmt: skip
ASKED = ("q", *(name for name, _ in FACETS))
SAVED = tuple(name for name in ASKED if name != "health")
"""What a saved search keeps: of a health that turned, the standards tell already."""
COMPARED = ("q", "care_group", "sha", "type", "level", "purpose", "side", "stage")
"""What two dates of the list can be narrowed down to: the health of a date is not compared."""
COLUMNS = (
    ("leads", "Who leads"), ("areas", "Areas"), ("aims", "Aims"), ("contact", "Contact"), ("host", "Host organisation"),
    ("population", "People served"), ("started_on", "Start date"),
)  # fmt: skip
USUAL = ("leads", "areas")
PAGE = 25
SAVED_SHOWN = 5
NONE: dict[str, Any] = {"items": [], "next": None, "total": 0}


async def directory(visit: Visit) -> Response:
    """Networks by words and facets; htmx asks for the results alone."""
    chosen = {name: visit.query.get(name, "") for name, _ in FACETS}
    sought, cursor, day = (visit.query.get(name, "") for name in ("q", "cursor", "as_of"))
    is_piece = visit.is_fragment and visit.request.headers.get("hx-target", "").endswith("results")
    (found, errors), names, saved, own = await asyncio.gather(
        _found(visit, q=sought[:200], cursor=cursor, as_of=day, **chosen),
        bodies(visit),
        visit.ask_or(NONE, "registry", "/searches") if visit.principal.signed_in and not is_piece else _nothing(),
        own_columns(visit),
    )
    asked = {name: value for name, value in {"q": sought, **chosen}.items() if value}
    answer = _answer(found, names)
    columns = shown_columns(visit, own)
    kept = asked | ({"as_of": day} if day else {}) | ({"show": ["name", *columns]} if columns != own else {})
    context = {
        "found": found, "names": names, "errors": errors, "past": _past(day, kept) if day and not errors else None,
        "day": day, "today": clock.today().isoformat(), "q": sought,
        "chosen": chosen | (answer or {}).get("chosen", {}),
        "facets": _facets(found, chosen, names),
        "next": _address({**kept, "cursor": found["next"]}) if found["next"] else "",
        "first": _address(kept) if cursor else "",
        "taken": [
            (label, shown(name, chosen[name], names), _address({k: v for k, v in kept.items() if k != name}))
            for name, label in FACETS if chosen[name]
        ],
        "corrected": _corrected(found), "answer": answer, "columns": COLUMNS, "shown": columns,
        "keep": columns != own and visit.principal.signed_in,
        "here_after": _address(asked | ({"as_of": day} if day else {})),
        "together": f"/networks/together?{urlencode(asked)}" if visit.principal.is_staff and asked and not day else "",
        "may_tick": visit.principal.is_staff and not day,
        "save": f"/searches/new?{urlencode(asked)}" if _may_save(visit, asked) and not day else "",
    }  # fmt: skip
    if is_piece:
        piece = visit.fragment("network/results.html", **context)
        piece.headers["hx-replace-url"] = _address(kept | ({"cursor": cursor} if cursor else {}))
        return piece
    links = [(search["name"], address_of(search)) for search in saved["items"][:SAVED_SHOWN]]
    status = 422 if errors else 200
    return visit.page("network/directory.html", "Networks", status=status, saved=links, **context)


async def _found(visit: Visit, **asked: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What is found, or why the date that was asked for is none."""
    try:
        return await visit.ask("registry", "/networks", limit=PAGE, facets="true", **asked), []
    except Refused as refused:
        if refused.status != 422 or not asked["as_of"]:
            raise
        return dict(NONE), [wrong_day(refused, "as_of")]


def _past(day: str, kept: Mapping[str, Any]) -> dict[str, str]:
    """The date in words, and the ways to today: the same list, and what differs since."""
    now = {name: value for name, value in kept.items() if name != "as_of"}
    compared = {name: value for name, value in now.items() if name in COMPARED}
    return {
        "day": shown_day(day), "now": _address(now),
        "compare": f"/networks/compare?{urlencode({'from': day[:10], **compared})}",
    }  # fmt: skip


async def _nothing() -> dict[str, Any]:
    return dict(NONE)


def address_of(search: Mapping[str, Any]) -> str:
    """The directory as a saved search asks for it."""
    return _address({name: search[name] for name in ASKED if search.get(name)})


async def own_columns(visit: Visit) -> list[str]:
    """What the visitor chose to see of each network wherever they sign in; the usual where they never chose."""
    usual = {"shown": list(USUAL)}
    found = await visit.ask_or(usual, "registry", "/columns") if visit.principal.signed_in else usual
    return [name for name, _ in COLUMNS if name in found["shown"]]


def shown_columns(visit: Visit, own: list[str]) -> list[str]:
    """What the address asks to be shown of each network; the visitor's *own* choice where it does not say."""
    wanted = visit.request.query_params.getlist("show")
    return [name for name, _ in COLUMNS if name in wanted] if wanted else own


async def keep_columns(visit: Visit) -> Response:
    """Show the visitor what is shown now from now on, wherever they sign in."""
    form = await visit.form()
    visit.require_signed_in()
    wanted = str(form.get("columns", "")).split(",")
    body = {"shown": [name for name, _ in COLUMNS if name in wanted]}
    await visit.change("registry", "PUT", "/columns", body)
    there = local(str(form.get("back", "")), "/networks")
    return visit.back(f"{there}{'&' if '?' in there else '?'}done=columns")


def _address(query: Mapping[str, Any]) -> str:
    return f"/networks?{urlencode(query, doseq=True)}" if query else "/networks"


def _facets(found: Mapping[str, Any], chosen: Mapping[str, str], names: Mapping[str, str]) -> list[dict[str, Any]]:
    counted = found.get("facets") or {}
    return [
        {
            "name": name,
            "label": label,
            "open": bool(chosen[name]) or name in ("care_group", "sha"),
            "values": [
                {**entry, "text": shown(name, entry["value"], names)}
                for entry in counted.get(name, [])
                if entry["count"] or entry["value"] == chosen[name]
            ],
        }
        for name, label in FACETS
    ]


def shown(facet: str, value: str, names: Mapping[str, str]) -> str:
    """A facet's value as people say it; a care group is written as the register has it."""
    return names.get(value, value) if facet == "sha" else words(value)


def _may_save(visit: Visit, asked: Mapping[str, str]) -> bool:
    """Whether a search can be kept: by somebody, of something, and not of a health, which the standards tell of."""
    return visit.principal.signed_in and bool(asked) and "health" not in asked


def _corrected(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what was typed, what was taken for it)."""
    return [(typed, " or ".join(meant)) for typed, meant in (found.get("corrected") or {}).items()]


def _answer(found: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any] | None:
    """The answer to a question who leads something, and how it was understood."""
    question = found.get("question")
    if not question:
        return None
    role = question["role"]
    what = question["words"] or "every network"
    where = f" in {names.get(question['sha'], question['sha'])}" if question["sha"] else ""
    return {
        "asked": f"{f'Who is {words(role).lower()} of' if role else 'Who leads'} {what}{where}?",
        "rows": [
            {**network, "leads": [lead for lead in network["leads"] if lead["role"] == role or not role]}
            for network in found["items"]
        ],
        "area": names.get(question["sha"], ""), "chosen": {"sha": question["sha"]} if question["sha"] else {},
    }  # fmt: skip


ROUTES = [page("/networks", directory), page("/networks/columns", keep_columns, "POST")]
