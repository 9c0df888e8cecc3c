"""The rows of a workforce impact in a form: read, shown again, and what is wrong with them said beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData

from services.gateway.clients import Refused
from services.gateway.pages.forms import plain, text

FIELDS = ("staff_group", "wte", "training", "people", "from_on")
NAMES = {"staff_group": "staff group", "wte": "whole-time equivalents", "people": "people", "from_on": "from"}
MOST_ROWS = 50
EMPTY_ROWS = 2
"""Shown on a new form."""


def impacts_in(form: FormData) -> list[tuple[int, dict[str, Any]]]:
    """The rows that were filled in, as the register takes them, with their place on the form."""
    found = []
    for place in range(MOST_ROWS):
        row = {name: text(form, f"{name}-{place}") for name in FIELDS}
        if any(row.values()):
            found.append((place, _sent(row)))
    return found


def _sent(row: Mapping[str, str]) -> dict[str, Any]:
    """What was left empty says nothing; a comma or a proper minus is as good as a point or a hyphen."""
    sent: dict[str, Any] = {name: value for name, value in row.items() if value}
    if "wte" in sent:
        sent["wte"] = sent["wte"].replace(",", ".").replace("−", "-").removeprefix("+")
    return {"staff_group": "", **sent}


def as_fields(impacts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows of a stored impact as the form's fields."""
    return {
        f"{name}-{place}": "" if impact[name] in (0, None) else impact[name]
        for place, impact in enumerate(impacts)
        for name in FIELDS
    }


def rows_shown(values: Mapping[str, Any], more: int = 0) -> range:
    """The places of the rows that the form shows: those there were, and *more*."""
    places = [int(name.removeprefix("staff_group-")) for name in values if name.startswith("staff_group-")]
    return range(min(MOST_ROWS, max(max(places, default=-1) + 1 + more, EMPTY_ROWS)))


def impact_errors(refused: Refused, form: FormData) -> list[dict[str, str]]:
    """The error summary's lines about rows, each linked to its field."""
    places = [place for place, _ in impacts_in(form)]
    return [_line(error, places) for error in refused.errors if str(error["field"]).startswith("impacts")]


def _line(error: Mapping[str, str], places: Sequence[int]) -> dict[str, str]:
    _, index, field = [*error["field"].split("."), "", ""][:3]
    if not index.isdigit():
        return {"text": f"Workforce impact: {error['message']}", "href": "#staff_group-0"}
    place, known = places[int(index)], field if field in FIELDS else "staff_group"
    named = f", {NAMES[field]}" if field in NAMES else ""
    return {"text": f"Row {place + 1}{named}: {plain(error['message'])}", "href": f"#{known}-{place}"}
