"""Charts as numbers for inline SVG: sizes are attributes, because the content policy forbids inline styles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.rendering import words

ROW = 30
LABEL = 190
WIDTH = 480
TIMELINE = 760
CELL = 44
SHADES = ("#ffffff", "#d2e2f1", "#9ec4e6", "#5a97cd", "#005eb8")


def bars(title: str, counted: Mapping[str, int]) -> dict[str, Any]:
    """A bar chart, longest first, each bar labelled with its value."""
    most = max(counted.values(), default=0) or 1
    rows = [
        {"label": words(name), "value": number, "y": place * ROW, "width": round(number / most * (WIDTH - LABEL - 50))}
        for place, (name, number) in enumerate(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))
    ]
    largest = rows[0] if rows else None
    said = (
        f"{title}: most are {str(largest['label']).lower()} ({largest['value']})" if largest else f"{title}: none yet"
    )
    return {"title": said, "rows": rows, "height": max(ROW, len(rows) * ROW), "width": WIDTH, "label": LABEL}


def heat(coverage: Mapping[str, Mapping[str, int]], names: Mapping[str, str]) -> dict[str, Any]:
    """The coverage matrix: a row for each care group, a column for each body, darker where there are more networks."""
    codes = list(names)
    most = max((number for row in coverage.values() for number in row.values()), default=0) or 1
    rows: list[dict[str, Any]] = []
    for place, (group, counted) in enumerate(sorted(coverage.items())):
        cells = [_cell(counted.get(code, 0), most, column) for column, code in enumerate(codes)]
        rows.append({"label": group, "y": place * ROW, "cells": cells})
    gaps = sum(cell["value"] == 0 for row in rows for cell in row["cells"])
    return {
        "rows": rows, "codes": [(code, LABEL + column * CELL + CELL // 2) for column, code in enumerate(codes)],
        "gaps": gaps, "cell": CELL, "row": ROW, "label": LABEL,
        "width": LABEL + len(codes) * CELL, "height": len(rows) * ROW + 34,
    }  # fmt: skip


def _cell(number: int, most: int, column: int) -> dict[str, Any]:
    shade = 0 if not number else min(len(SHADES) - 1, 1 + round(number / most * (len(SHADES) - 2)))
    return {
        "value": number,
        "x": LABEL + column * CELL,
        "fill": SHADES[shade],
        "ink": "#fff" if shade > 3 else "#212b32",
    }


def timeline(stages: list[dict[str, Any]]) -> dict[str, Any]:
    """One change's stages as bars on a scale of milliseconds from the commit."""
    known = [stage for stage in stages if stage["milliseconds"] is not None]
    longest = max((stage["milliseconds"] for stage in known), default=0) or 1
    scale = (TIMELINE - LABEL - 90) / longest
    rows = [
        {
            "label": stage["service"],
            "y": place * ROW,
            "width": max(3, round(stage["milliseconds"] * scale)),
            "value": stage["milliseconds"],
            "outcome": stage["outcome"],
        }
        for place, stage in enumerate(known)
    ]
    return {"rows": rows, "height": max(ROW, len(rows) * ROW), "width": TIMELINE, "label": LABEL}
