"""What became of a network's record: its changes, how it stood on a date, and what two dates differ in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.called import names_for, sides
from services.gateway.pages.choices import staff_groups
from services.gateway.pages.told import is_of_the_record, told
from services.gateway.pages.values import label, rows, said
from services.gateway.rendering import day as shown_day
from services.gateway.visit import Visit, page
from shared import clock

PAGE = 25
USUAL = timedelta(days=30)
"""Before today: where a comparison begins for who chose no date."""
EMPTY: dict[str, Any] = {"items": [], "total": 0}


async def history(visit: Visit) -> Response:
    """Every change of a network, each with the way to follow it; the way to any date; who changed each field last."""
    record = await visit.network()
    return await _page(visit, record)


async def _page(visit: Visit, record: Mapping[str, Any], errors: Any = (), values: Any = None) -> Response:
    cursor = visit.query.get("cursor", "")
    found, fields, groups = await asyncio.gather(
        visit.ask("registry", f"/networks/{record['id']}/history", limit=PAGE, cursor=cursor),
        visit.ask_or(EMPTY, "registry", f"/networks/{record['id']}/fields"),
        staff_groups(visit),
    )
    changes = [entry["changes"] for entry in found["items"] if is_of_the_record(entry)]
    names = await names_for(visit, record, *sides(changes))
    there = f"/networks/{record['slug']}/history"
    return visit.page(
        "network/history.html", "History", status=422 if errors else 200, network=record,
        found=found, differences={entry["id"]: told(entry, names, groups) for entry in found["items"]},
        versions={entry["id"] for entry in found["items"] if _is_version(entry, record)},
        fields=[_shown(field, names) for field in fields["items"]],
        today=clock.today().isoformat(), errors=list(errors), values=values or {},
        next=f"{there}?cursor={found['next']}" if found["next"] else "", first=there if cursor else "",
    )  # fmt: skip


def _is_version(entry: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    return bool(entry["subject"] == record["id"]) and is_of_the_record(entry)


def _shown(field: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {**field, "label": label(field["field"]), "said": said(field["field"], field["value"], names)}


async def stood(visit: Visit, record: Mapping[str, Any]) -> Response:
    """A network as it stood on a date."""
    day = visit.query["as_of"]
    try:
        then = await visit.ask("registry", f"/networks/{record['id']}", as_of=day)
    except Refused as refused:
        if refused.status not in (404, 422):
            raise
        return await _page(visit, record, [wrong_day(refused, "as_of")], {"as_of": day})
    names = await names_for(visit, then)
    shown = {**then, "slug": record["slug"]}
    return visit.page(
        "network/past.html", f"As it stood on {shown_day(then['as_of'])}", network=shown, names=names, now=record,
        day=day,
    )  # fmt: skip


async def compare(visit: Visit) -> Response:
    """What a network differs in between two dates."""
    record = await visit.network()
    days = two_days(visit)
    try:
        found = await visit.ask("registry", f"/networks/{record['id']}/difference", from_=days["from"], to=days["to"])
    except Refused as refused:
        if refused.status not in (404, 422):
            raise
        return await _page(visit, record, [wrong_day(refused, "from")], days)
    names = await names_for(visit, *sides([found["changes"]]))
    return visit.page(
        "network/compare.html", "What changed", network=record, found=found, days=days,
        rows=rows(found["changes"], names), today=clock.today().isoformat(),
    )  # fmt: skip


def two_days(visit: Visit) -> dict[str, str]:
    """The two dates to be compared; the last month where none are chosen."""
    today = clock.today()
    return {
        "from": visit.query.get("from", "") or (today - USUAL).isoformat(),
        "to": visit.query.get("to", "") or today.isoformat(),
    }


def wrong_day(refused: Refused, field: str) -> dict[str, str]:
    """The message for the date that was refused, beside its field."""
    first = next(iter(refused.errors), {"field": field, "message": refused.detail})
    name = str(first["field"]).rpartition(".")[2]
    message = str(first["message"]).removeprefix("Value error, ")
    sentence = f"The date {message}" if refused.errors else message
    return {"text": sentence, "href": f"#{name if name in ('as_of', 'from', 'to') else field}"}


ROUTES = [page("/networks/{slug}/history", history), page("/networks/{slug}/compare", compare)]
