"""Splitting a network: what the new one is called, who goes, and what will happen, before it does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import LEVELS, bodies
from services.gateway.pages.forms import entered, error_list, error_of, text, texts
from services.gateway.pages.values import LABELS
from services.gateway.visit import Visit, page

MOST_LISTED = 1_000
"""People on one page; for larger networks the API takes the ids."""
AT_ONCE = 100


async def split(visit: Visit) -> Response:
    """The form: what the new network is, and who goes there."""
    visit.require_staff()
    record = await visit.network()
    return await _form(visit, record, {"level": record["level"], "bodies": record["bodies"]})


async def check(visit: Visit) -> Response:
    """Say what will happen; do it when that was seen."""
    form, record = await visit.form(), await visit.network()
    values = {**entered(form), "bodies": texts(form, "bodies")}
    if errors := _missing(form):
        return await _form(visit, record, values, errors=errors, chosen=_chosen(form))
    if text(form, "step") != "go":
        return await _summary(visit, record, values, _chosen(form))
    moved, copied = _chosen(form)
    fields = {name: text(form, name) for name in ("name", "aims", "level", "reason")}
    body = {**fields, "bodies": values["bodies"], "minor": text(form, "minor") == "yes"}
    body |= {"moved": moved, "copied": copied}
    read = f'"{text(form, "read_revision")}"'
    try:
        part = await visit.change("registry", "POST", f"/networks/{record['id']}/split", body, if_match=read)
    except Refused as refused:
        if refused.status not in (409, 412, 422):
            raise
        return await _form(visit, record, values, errors=error_list(refused, LABELS), chosen=(moved, copied))
    return visit.back(f"/networks/{part['slug']}?done=split")


def _missing(form: FormData) -> list[dict[str, str]]:
    wanted = (
        ("name", "Name: enter what the new network is called"),
        ("reason", "Reason: enter why, for those who ask later"),
    )
    return [{"text": said, "href": f"#{name}"} for name, said in wanted if not text(form, name)]


def _chosen(form: FormData) -> tuple[list[str], list[str]]:
    """(the roles that go, the roles that are held in both)."""
    goes, stays = texts(form, "goes"), set(texts(form, "stays"))
    return [role for role in goes if role not in stays], [role for role in goes if role in stays]


async def _form(
    visit: Visit, record: Mapping[str, Any], values: Mapping[str, Any], *, errors: Any = (),
    chosen: tuple[list[str], list[str]] = ([], []),
) -> Response:  # fmt: skip
    names, (people, total) = await asyncio.gather(bodies(visit), _people(visit, record["id"]))
    return visit.page(
        "network/split.html", f"Split {record['name']}", status=422 if errors else 200, network=record, values=values,
        names=names, levels=LEVELS, people=people, total=total, goes={*chosen[0], *chosen[1]}, stays=set(chosen[1]),
        errors=list(errors), error_of=error_of, labels=LABELS, step="form",
    )  # fmt: skip


async def _summary(
    visit: Visit, record: Mapping[str, Any], values: Mapping[str, Any], chosen: tuple[list[str], list[str]]
) -> Response:
    names, (people, total) = await asyncio.gather(bodies(visit), _people(visit, record["id"]))
    moved, copied = ([role for role in people if role["id"] in set(ids)] for ids in chosen)
    return visit.page(
        "network/split.html", f"Split {record['name']}", network=record, values=values, names=names, moved=moved,
        copied=copied, total=total, error_of=error_of, labels=LABELS, step="check",
    )  # fmt: skip


async def _people(visit: Visit, network_id: str) -> tuple[list[dict[str, Any]], int]:
    """(the roles that people have in a network, the leading ones first; how many there are in all)."""
    found: list[dict[str, Any]] = []
    cursor, total = "", 0
    while cursor is not None and len(found) < MOST_LISTED:
        answer = await visit.ask("membership", f"/networks/{network_id}/members", limit=AT_ONCE, cursor=cursor)
        found, cursor, total = [*found, *answer["items"]], answer["next"], answer["total"]
    return sorted(found, key=lambda role: (role["role"] == "member", role["role"], role["name"])), total


ROUTES = [page("/networks/{slug}/split", split), page("/networks/{slug}/split", check, "POST")]
