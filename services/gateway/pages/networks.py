"""A network's page, its history, and the buttons on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from services.gateway.pages.called import names_for
from services.gateway.pages.choices import EDITING_ROLES
from services.gateway.pages.history import stood
from services.gateway.visit import Moved, Visit, page
from shared import clock

PAGE = 25
CHANGES_SHOWN = 8
NO_ROLES: dict[str, Any] = {"items": [], "vacancies": [], "total": 0}
EMPTY: dict[str, Any] = {"items": [], "next": None, "total": 0}


async def network(visit: Visit) -> Response:
    """One network: what it is, who leads it, what changed, what is missing."""
    record = await visit.network()
    if visit.query.get("as_of"):
        return await stood(visit, record)
    if record["merged_into"]:
        whole = await visit.ask("registry", f"/networks/{record['merged_into']}")
        raise Moved(f"/networks/{whole['slug']}?was={record['slug']}")
    about = await _about(visit, record)
    hub = visit.edge.alerts
    return visit.page(
        "network/network.html", record["name"], network=record, **about,
        may_edit=may_edit(visit, record, about["me_there"]), position=f"{hub.epoch}-{hub.position}",
        part=await _part(visit, record), gone=await _gone(visit, record),
    )  # fmt: skip


async def _part(visit: Visit, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The network that became part of this one and at whose address the visitor looked for it."""
    was = visit.query.get("was", "")
    found = await visit.ask_or({}, "registry", f"/networks/{quote(was, safe='')}") if was else {}
    return found if found.get("merged_into") == record["id"] else None


async def _gone(visit: Visit, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """When and why the network was taken off the register, where it was."""
    if not record["archived"]:
        return None
    fields = await visit.ask_or(EMPTY, "registry", f"/networks/{record['id']}/fields")
    return next((field for field in fields["items"] if field["field"] == "archived"), None)


async def _about(visit: Visit, record: Mapping[str, Any]) -> dict[str, Any]:
    network_id, signed_in = record["id"], visit.principal.signed_in
    roles, events, history, me, chosen, names = await asyncio.gather(
        visit.ask_or(NO_ROLES, "membership", f"/networks/{network_id}/roles"),
        visit.ask_or(EMPTY, "events", "/events", network=network_id, from_=clock.today().isoformat(), limit=5),
        visit.ask_or(EMPTY, "registry", f"/networks/{network_id}/history", limit=6),
        visit.ask_or({}, "membership", "/me") if signed_in else _none(),
        visit.ask_or({}, "notifications", f"/networks/{network_id}/chosen") if signed_in else _none(),
        names_for(visit, record),
    )
    told = [wire.item for wire in visit.edge.alerts.recent if f"public:network:{network_id}" in wire.audiences]
    mine = [entry["role"] for entry in me.get("networks", []) if entry["id"] == network_id]
    return {
        "roles": roles, "members": roles.get("members") if signed_in else None, "events": events["items"],
        "changed": newest(told, history["items"]), "me_there": mine, "names": names,
        "muted": chosen.get("muted", False), "follows": chosen.get("follows", False),
    }  # fmt: skip


def newest(told: list[dict[str, Any]], recorded: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was told of a network lately, by whichever service, and what its record's history holds; each once."""
    changes = {entry["id"]: entry for entry in [*({**item, "id": item["message_id"]} for item in told), *recorded]}
    return sorted(changes.values(), key=lambda entry: str(entry["time"]), reverse=True)[:CHANGES_SHOWN]


async def _none() -> dict[str, Any]:
    return {}


def may_edit(visit: Visit, record: Mapping[str, Any], mine: list[str]) -> bool:
    """Whether to show the link to edit; the register decides for itself."""
    leads = {lead["person_id"] for lead in record.get("leads", [])}
    return visit.principal.is_staff or visit.principal.person_id in leads or not EDITING_ROLES.isdisjoint(mine)


async def act(visit: Visit) -> Response:
    """Follow, join, leave, mute: one button each, from the network's page."""
    await visit.form()
    visit.require_signed_in()
    slug, what = visit.path["slug"], visit.path["what"]
    record = await visit.ask("registry", f"/networks/{slug}")
    service = "membership" if what in ("join", "leave") else "notifications"
    await visit.change(service, "POST", f"/networks/{record['id']}/{what}")
    return visit.back(f"/networks/{record['slug']}?done={what}")


ROUTES = [
    page("/networks/{slug}/do/{what}", act, "POST"),
]
LAST = [page("/networks/{slug}", network)]
