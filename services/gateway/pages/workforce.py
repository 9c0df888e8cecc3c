"""What service changes mean for the workforce, added up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from services.gateway.pages.charts import balance
from services.gateway.pages.choices import bodies, care_groups, staff_groups
from services.gateway.rendering import month, words
from services.gateway.visit import Visit, page

ASKED = ("sha", "care_group", "staff_group", "from", "to")


async def workforce(visit: Visit) -> Response:
    """The totals by care group and area, by staff group and month; an officer begins with their own area."""
    visit.require_signed_in()
    asked = {name: visit.query.get(name, "") for name in ASKED}
    if not visit.query and not visit.principal.is_staff:
        asked["sha"] = min(visit.principal.bodies, default="")
    proposed = visit.query.get("proposed", "")
    named = {**{name: value for name, value in asked.items() if name != "from"}, "from_": asked["from"]}
    found, names, groups, staff = await asyncio.gather(
        visit.ask("registry", "/workforce", proposed="true" if proposed else "", **named), bodies(visit),
        care_groups(visit), staff_groups(visit),
    )  # fmt: skip
    return visit.page(
        "workforce.html", "Workforce", found=found, names=names, groups=groups, staff=staff, asked=asked,
        proposed=proposed, by_staff=_chart("by staff group", found["by_staff_group"], "name"),
        by_month=_chart("by month", found["by_month"], "value", in_order=True),
        areas=table(found["care_groups_and_bodies"], found["by_care_group"], found["by_body"], names),
        months=table(found["staff_groups_and_months"], found["by_staff_group"], found["by_month"], {}),
    )  # fmt: skip


def _chart(what: str, sums: Iterable[Mapping[str, Any]], label: str, *, in_order: bool = False) -> dict[str, Any]:
    named = {month(sum_[label]) if in_order else str(sum_[label]): sum_["net"] for sum_ in sums}
    return balance(f"Whole-time equivalents {what}", named, in_order=in_order)


def table(
    cells: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """A table of sums: a row for each of *rows*, a column for each of *columns*, and the sum of each."""
    known = {(cell["row"], cell["column"]): cell for cell in cells}
    return {
        "columns": [
            {"name": names.get(column["value"]) or month(column["value"]) or column["name"], "sum": column}
            for column in columns
        ],
        "rows": [
            {
                "name": words(row["name"]),
                "cells": [known.get((row["value"], column["value"])) for column in columns],
                "sum": row,
            }
            for row in rows
        ],
    }


ROUTES = [page("/workforce", workforce)]
