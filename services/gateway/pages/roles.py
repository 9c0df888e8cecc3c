"""Who does what in a network: see it, change it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import ROLES
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.visit import Visit, page
from shared import clock

LABELS = {"person_id": "Person", "role": "Role", "from": "From", "reason": "Reason"}
FOUND_SHOWN = 15
EMPTY = {"items": [], "total": 0}


async def roles(visit: Visit) -> Response:
    """Who holds which role, and the form that gives one: first find the person, then choose."""
    visit.require_signed_in()
    return await _page(visit, {"role": visit.query.get("role", "lead_manager"), "from": clock.today().isoformat()})


async def give(visit: Visit) -> Response:
    """Give a role to a person; a lead's predecessor ends the day before."""
    form = await visit.form()
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    body: dict[str, Any] = {name: text(form, name) for name in ("person_id", "role", "from", "reason")}
    body["minor"] = text(form, "minor") == "yes"
    if not body["person_id"]:
        errors = [{"text": "Person: choose who takes the role", "href": "#q"}]
        return await _page(visit, entered(form), errors=errors, status=422)
    try:
        await visit.change("membership", "POST", f"/networks/{record['id']}/roles", _filled(body))
    except Refused as refused:
        if refused.status not in (400, 409, 422):
            raise
        return await _page(visit, entered(form), errors=error_list(refused, LABELS), status=refused.status)
    return visit.back(f"/networks/{record['slug']}?done=role")


async def end(visit: Visit) -> Response:
    """End a role today."""
    form = await visit.form()
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    there = f"/networks/{record['id']}/roles/{visit.path['role_id']}/end"
    await visit.change("membership", "POST", there, _filled({"reason": text(form, "reason")}))
    return visit.back(f"/networks/{record['slug']}/roles?done=ended")


def _filled(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value != ""}


async def _page(visit: Visit, values: Mapping[str, Any], *, errors: Any = (), status: int = 200) -> Response:
    sought = visit.query.get("q", "") or str(values.get("q", ""))
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    found, people = await asyncio.gather(
        visit.ask("membership", f"/networks/{record['id']}/roles"),
        visit.ask("membership", "/people", q=sought, limit=FOUND_SHOWN) if sought else _nobody(),
    )
    return visit.page(
        "network/roles.html", f"Roles in {record['name']}", status=status, network=record, found=found, people=people,
        q=sought, values=values, roles=ROLES, errors=list(errors), error_of=error_of,
    )  # fmt: skip


async def _nobody() -> dict[str, Any]:
    return dict(EMPTY)


ROUTES = [
    page("/networks/{slug}/roles", roles),
    page("/networks/{slug}/roles", give, "POST"),
    page("/networks/{slug}/roles/{role_id}/end", end, "POST"),
]
