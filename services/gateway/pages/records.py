"""Making and editing a network's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages import networks
from services.gateway.pages.called import organisation
from services.gateway.pages.choices import BEGINNINGS, LEVELS, PURPOSES, SIDES, TYPES, reference
from services.gateway.pages.forms import entered, error_list, error_of, text, texts
from services.gateway.pages.hosts import UnclearHost, host_code
from services.gateway.pages.values import LABELS
from services.gateway.visit import Visit, page
from shared.errors import Forbidden

PLAIN_FIELDS = (
    "name", "type", "care_group", "level", "purpose", "side", "host", "web", "email", "aims", "stage",
)  # fmt: skip


async def new(visit: Visit) -> Response:
    """The empty form."""
    visit.require_staff()
    blank = {"level": "local", "purpose": "clinical", "side": "provider", "stage": "informal", "bodies": []}
    return await _form(visit, blank, None)


async def create(visit: Visit) -> Response:
    """Put a network on the register."""
    form = await visit.form()
    try:
        body = _body(form) | {"host": await host_code(visit, text(form, "host"))}
        made = await visit.change("registry", "POST", "/networks", body)
    except Refused as refused:
        return await _again(visit, refused, form, None)
    return visit.back(f"/networks/{made['slug']}?done=created")


async def edit(visit: Visit) -> Response:
    """The form with what is there now."""
    visit.require_signed_in()
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    host = await organisation(visit, record["host"]) if record["host"] else ""
    return await _form(visit, {**_shown(record), "host": host}, record)


async def save(visit: Visit) -> Response:
    """Save what was changed, unless somebody else was quicker: then show both."""
    form = await visit.form()
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    read = f'"{text(form, "read_revision")}"'
    try:
        host = {"host": await host_code(visit, text(form, "host"), record["host"])}
        body = _changed(_body(form) | host, record, text(form, "read_revision"))
        saved = await visit.change("registry", "PATCH", f"/networks/{record['id']}", body, if_match=read)
    except Refused as refused:
        if refused.status == 412:
            return await _conflict(visit, form, _body(form) | host, record, refused)
        return await _again(visit, refused, form, record)
    return visit.back(f"/networks/{saved['slug']}?done=saved")


def _body(form: FormData) -> dict[str, Any]:
    body: dict[str, Any] = {name: text(form, name) for name in PLAIN_FIELDS if text(form, name) or name not in _CHOSEN}
    body["aliases"] = [line for line in text(form, "aliases").split("\n") if line.strip()]
    body["bodies"] = texts(form, "bodies")
    population = text(form, "population").replace(",", "").replace(" ", "")
    body["population"] = int(population) if population.isdigit() else population or None
    body["started_on"] = text(form, "started_on") or None
    return body | {"reason": text(form, "reason"), "minor": text(form, "minor") == "yes"}


_CHOSEN = frozenset({"type", "care_group", "level", "purpose", "side", "stage"})


def _changed(body: dict[str, Any], record: Mapping[str, Any], revision: str) -> dict[str, Any]:
    """Only what differs from the record that was read: the history then says what was changed, and no more."""
    if str(record["revision"]) != revision:
        return body
    return {name: value for name, value in body.items() if name in ("reason", "minor") or record.get(name) != value}


def _shown(record: Mapping[str, Any]) -> dict[str, Any]:
    return {**record, "aliases": "\n".join(record["aliases"]), "read_revision": record["revision"]}


async def _again(visit: Visit, refused: Refused, form: FormData, record: Mapping[str, Any] | None) -> Response:
    if refused.status not in (400, 409, 422):
        raise refused
    values = {**entered(form), "bodies": texts(form, "bodies")}
    hosts = refused.offered if isinstance(refused, UnclearHost) else []
    return await _form(visit, values, record, errors=error_list(refused, LABELS), status=refused.status, hosts=hosts)


async def _form(
    visit: Visit, values: Mapping[str, Any], record: Mapping[str, Any] | None, *, errors: Any = (), status: int = 200,
    hosts: Any = (),
) -> Response:  # fmt: skip
    names, groups = await reference(visit)
    if record is not None and not visit.principal.is_staff:
        me = await visit.ask("membership", "/me")
        mine = [entry["role"] for entry in me["networks"] if entry["id"] == record["id"]]
        if not networks.may_edit(visit, record, mine):
            raise Forbidden("This network can be edited by its leads and managers, and by staff.")
    title = f"Edit {record['name']}" if record else "Add a network"
    fixed = {"types": TYPES, "levels": LEVELS, "purposes": PURPOSES, "sides": SIDES, "stages": BEGINNINGS}
    return visit.page(
        "network/form.html", title, status=status, values=values, network=record, names=names, groups=groups,
        errors=list(errors), error_of=error_of, labels=LABELS, hosts=hosts, **fixed,
    )  # fmt: skip


async def _conflict(
    visit: Visit, form: FormData, yours: Mapping[str, Any], record: Mapping[str, Any], refused: Refused
) -> Response:
    """Both versions side by side, and the form to save again on top of the present one."""
    present = _body_of(record)
    last = await visit.ask_or({"items": []}, "registry", f"/networks/{record['id']}/history", limit=1)
    differences = [
        (LABELS[name], present.get(name), yours.get(name)) for name in LABELS
        if name not in ("reason", "stage") and present.get(name) != yours.get(name)
    ]  # fmt: skip
    names, _ = await reference(visit)
    return visit.page(
        "network/conflict.html", "Somebody else changed this network first", status=412, network=record,
        differences=differences, values={**entered(form), "bodies": texts(form, "bodies")}, problem=refused,
        last=next(iter(last["items"]), None), names=names,
    )  # fmt: skip


def _body_of(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record.get(name) for name in LABELS}


ROUTES = [
    page("/networks/new", new),
    page("/networks/new", create, "POST"),
    page("/networks/{slug}/edit", edit),
    page("/networks/{slug}/edit", save, "POST"),
    *networks.LAST,
]
