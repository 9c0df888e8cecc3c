"""Changing many networks together: choose them from a search, say what is to be changed, see whom it reaches, undo."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import LEVELS, PURPOSES, SIDES, TYPES, bodies, care_groups
from services.gateway.pages.directory import ASKED, FACETS, shown
from services.gateway.pages.forms import entered, error_list, error_of, text, texts
from services.gateway.visit import Visit, page

MOST = 100
FIELDS = {
    "care_group": "Care group", "type": "Type", "level": "Level", "purpose": "Purpose", "side": "Side", "aims": "Aims",
}  # fmt: skip
CHOICES = {"type": TYPES, "level": LEVELS, "purpose": PURPOSES, "side": SIDES}
EMPTY: dict[str, Any] = {"items": [], "total": 0, "next": None}


async def choose(visit: Visit) -> Response:
    """The networks that a search finds, all of them ticked, and what can be changed."""
    visit.require_staff()
    return await _form(visit, {name: visit.query.get(name, "")[:200] for name in ASKED})


async def _form(visit: Visit, asked: Mapping[str, str], refused: Refused | None = None) -> Response:
    names, groups, found, recent = await asyncio.gather(
        bodies(visit), care_groups(visit), visit.ask("registry", "/networks", limit=MOST, **asked),
        visit.ask_or(EMPTY, "registry", "/batches", limit=5),
    )  # fmt: skip
    sent = visit.sent
    looks_for = [f"“{asked['q']}”"] if asked["q"] else []
    looks_for += [f"{label}: {shown(name, asked[name], names)}" for name, label in FACETS if asked[name]]
    return visit.page(
        "network/together.html", "Change networks together", status=refused.status if refused and sent else 200,
        found=found, asked={name: value for name, value in asked.items() if value}, looks_for=looks_for,
        chosen=texts(sent, "networks") if sent else [network["id"] for network in found["items"]],
        values=entered(sent) if sent else {}, fields=FIELDS, choices={**CHOICES, "care_group": groups},
        recent=recent["items"], errors=error_list(refused, {"networks": "Networks", "change": "What to change"})
        if refused else [], error_of=error_of, back=f"/networks?{urlencode({k: v for k, v in asked.items() if v})}",
    )  # fmt: skip


async def change(visit: Visit) -> Response:
    """Change those that are ticked; what is left empty stays as it is."""
    form = await visit.form()
    visit.require_staff()
    asked = {name: text(form, f"asked_{name}") for name in ASKED}
    change = {name: value for name in FIELDS if (value := text(form, name))}
    body = {
        "networks": texts(form, "networks"), "change": change, "reason": text(form, "reason"),
        "minor": bool(form.get("minor")),
    }  # fmt: skip
    try:
        made = await visit.change("registry", "POST", "/batches", body)
    except Refused as refused:
        if refused.status not in (404, 409, 422):
            raise
        return await _form(visit, asked, refused)
    return visit.back(f"/networks/together/{made['id']}?done=together")


async def batch(visit: Visit) -> Response:
    """What was changed of which networks, for whoever is told of it; and for staff the way back."""
    found = await visit.ask("registry", f"/batches/{visit.path['batch_id']}")
    return visit.page(
        "network/batch.html", "Networks changed together", batch=found, fields=FIELDS,
        said={FIELDS.get(name, name): value for name, value in found["change"].items()},
    )  # fmt: skip


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
    page("/networks/together/{batch_id}", batch),
    page("/networks/together/{batch_id}/undo", undo, "POST"),
]
