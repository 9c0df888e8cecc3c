"""Changes of services: the lists, proposing one, and deciding on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.charts import balance
from services.gateway.pages.choices import bodies, may_edit, staff_groups
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.pages.impacts import as_fields, impact_errors, impacts_in, rows_shown
from services.gateway.visit import Visit, page
from shared.errors import Forbidden

PAGE = 25
LABELS = {"title": "Title", "description": "Description", "from_on": "From", "reason": "Reason"}
STATUSES = {
    "proposed": "Waits for approval", "declined": "Declined", "approved": "Approved", "in_force": "In force",
    "withdrawn": "Withdrawn",
}  # fmt: skip
DONE = {"approve": "change-approved", "decline": "change-declined", "withdraw": "change-withdrawn"}
"""What the page says when it is done."""


async def all_changes(visit: Visit) -> Response:
    """Service changes of every network, or of an area."""
    cursor = visit.query.get("cursor", "")
    asked = {name: visit.query.get(name, "") for name in ("sha", "care_group", "staff_group", "status")}
    found, names, groups = await asyncio.gather(
        visit.ask("registry", "/service-changes", limit=PAGE, cursor=cursor, **asked),
        bodies(visit),
        staff_groups(visit),
    )
    taken = {name: value for name, value in asked.items() if value}
    return visit.page(
        "service-changes/all.html", "Service changes", found=found, names=names, groups=groups, asked=asked,
        statuses=STATUSES, **_pages("/service-changes", taken, found, cursor),
    )  # fmt: skip


async def of_network(visit: Visit) -> Response:
    """The service changes of one network."""
    cursor = visit.query.get("cursor", "")
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    found, edits = await asyncio.gather(
        visit.ask("registry", f"/networks/{record['id']}/service-changes", limit=PAGE, cursor=cursor), may_edit(visit)
    )
    there = f"/networks/{record['slug']}/service-changes"
    may_propose = edits(record["id"]) and not record["archived"]
    return visit.page(
        "service-changes/network.html", "Service changes", network=record, found=found, may_propose=may_propose,
        statuses=STATUSES, **_pages(there, {}, found, cursor),
    )  # fmt: skip


def _pages(there: str, asked: Mapping[str, str], found: Mapping[str, Any], cursor: str) -> dict[str, Any]:
    following = f"{there}?{urlencode({**asked, 'cursor': found['next']})}" if found["next"] else ""
    return {"next": following, "first": f"{there}?{urlencode(asked)}" if cursor else ""}


async def one(visit: Visit) -> Response:
    """One service change: what it is, what it means for the workforce, who approved it."""
    return await _one(visit)


async def _one(visit: Visit, *, errors: Any = (), status: int = 200) -> Response:
    found = await visit.ask("registry", f"/service-changes/{visit.path['id']}")
    numbers: dict[str, float] = {}
    for impact in found["impacts"]:
        numbers[impact["staff_group_name"]] = round(numbers.get(impact["staff_group_name"], 0) + impact["wte"], 1)
    return visit.page(
        "service-changes/change.html", found["title"], status=status, change=found, statuses=STATUSES,
        chart=balance("Whole-time equivalents by staff group", numbers), errors=list(errors), error_of=error_of,
    )  # fmt: skip


async def decide(visit: Visit) -> Response:
    """Approve, decline or withdraw, as the button says; the version that was read goes with it."""
    form = await visit.form()
    visit.require_signed_in()
    there, what = f"/service-changes/{visit.path['id']}", text(form, "what")
    if what not in DONE:
        return visit.back(there)
    revision = text(form, "read_revision")
    try:
        await visit.change(
            "registry", "POST", f"{there}/{what}", {"reason": text(form, "reason")},
            if_match=f'"{revision}"' if revision.isdigit() else "",
        )  # fmt: skip
    except Refused as refused:
        if refused.status not in (409, 412, 422):
            raise
        return await _one(visit, errors=error_list(refused, LABELS), status=refused.status)
    return visit.back(f"{there}?done={DONE[what]}")


async def new(visit: Visit) -> Response:
    """The empty form."""
    visit.require_signed_in()
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    return await _form(visit, record, {})


async def create(visit: Visit) -> Response:
    """Propose a service change, or show one more row."""
    form = await visit.form()
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    if text(form, "press") == "row":
        return await _form(visit, record, entered(form), more=1)
    try:
        made = await visit.change("registry", "POST", f"/networks/{record['id']}/service-changes", _body(form))
    except Refused as refused:
        return await _again(visit, record, form, refused)
    return visit.back(f"/service-changes/{made['id']}?done=change-proposed")


async def edit(visit: Visit) -> Response:
    """The form with the proposal as it stands."""
    visit.require_signed_in()
    found = await visit.ask("registry", f"/service-changes/{visit.path['id']}")
    record = await visit.ask("registry", f"/networks/{found['network']['id']}")
    values = {**found, "read_revision": found["revision"], **as_fields(found["impacts"])}
    return await _form(visit, record, values, found)


async def save(visit: Visit) -> Response:
    """Save the proposal, or show one more row."""
    form = await visit.form()
    found = await visit.ask("registry", f"/service-changes/{visit.path['id']}")
    record = await visit.ask("registry", f"/networks/{found['network']['id']}")
    if text(form, "press") == "row":
        return await _form(visit, record, entered(form), found, more=1)
    there, revision = f"/service-changes/{found['id']}", text(form, "read_revision")
    try:
        await visit.change("registry", "PATCH", there, _body(form), if_match=f'"{revision}"')
    except Refused as refused:
        return await _again(visit, record, form, refused, found)
    return visit.back(f"{there}?done=saved")


def _body(form: FormData) -> dict[str, Any]:
    fields: dict[str, Any] = {name: text(form, name) for name in ("title", "description", "from_on")}
    return {**fields, "impacts": [row for _, row in impacts_in(form)]}


async def _again(
    visit: Visit, record: Mapping[str, Any], form: FormData, refused: Refused, found: Mapping[str, Any] | None = None
) -> Response:
    if refused.status not in (400, 409, 412, 422):
        raise refused
    others = [error for error in error_list(refused, LABELS) if error["href"] != "#impacts"]
    errors = others + impact_errors(refused, form)
    return await _form(visit, record, entered(form), found, errors=errors, status=refused.status)


async def _form(
    visit: Visit, record: Mapping[str, Any], values: Mapping[str, Any], found: Mapping[str, Any] | None = None, *,
    more: int = 0, errors: Any = (), status: int = 200,
) -> Response:  # fmt: skip
    if not (await may_edit(visit))(record["id"]):
        raise Forbidden("Service changes are proposed by those who lead, chair, manage or co-ordinate the network.")
    title = "Change the proposal" if found else "Propose a service change"
    return visit.page(
        "service-changes/form.html", title, status=status, network=record, change=found, values=values,
        groups=await staff_groups(visit), rows=rows_shown(values, more), labels=LABELS, errors=list(errors),
        error_of=error_of,
    )  # fmt: skip


ROUTES = [
    page("/service-changes", all_changes),
    page("/service-changes/{id}", one),
    page("/service-changes/{id}", decide, "POST"),
    page("/service-changes/{id}/edit", edit),
    page("/service-changes/{id}/edit", save, "POST"),
    page("/networks/{slug}/service-changes", of_network),
    page("/networks/{slug}/service-changes/new", new),
    page("/networks/{slug}/service-changes/new", create, "POST"),
]
