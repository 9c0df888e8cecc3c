"""Charts as numbers for inline SVG: sizes are attributes, because the content policy forbids inline styles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.rendering import signed, words

ROW = 30
LABEL = 215
WIDTH = 505
TIMELINE = 760
CELL = 44
SIGN = 56
"""The room for a number beside a bar."""
TALL = 50
"""A row whose label stands above its bar, for labels that are long."""
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


def shares(title: str, of: Mapping[str, tuple[float, int]]) -> dict[str, Any]:
    """Bars on a scale from nothing to all, in the order given: name → (share, of how many)."""
    room = WIDTH - LABEL - 64
    rows = [
        {
            "label": name, "value": f"{int(share * 1000) / 10:g} %", "y": place * ROW,
            "width": max(1, round(share * room)), "of": number,
        }
        for place, (name, (share, number)) in enumerate(of.items())
    ]  # fmt: skip
    whole = sum(number for _, number in of.values())
    quick = sum(share * number for share, number in of.values())
    said = f"{title}: {int(quick / whole * 1000) / 10:g} % of {whole:,}" if whole else f"{title}: nothing measured yet"
    return {"title": said, "rows": rows, "height": max(ROW, len(rows) * ROW), "width": WIDTH, "label": LABEL}


def balance(title: str, numbers: Mapping[str, float], *, in_order: bool = False) -> dict[str, Any]:
    """Bars to the left and the right of nothing, the largest first unless *in_order*; tenths, with their sign."""
    shown = list(numbers.items()) if in_order else sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    least, most = min(0.0, *numbers.values(), 0.0), max(0.0, *numbers.values(), 0.0)
    scale = (WIDTH - 2 * SIGN) / ((most - least) or 1)
    zero = round(SIGN - least * scale)
    rows = [_balanced(place, label, number, zero, scale) for place, (label, number) in enumerate(shown)]
    largest = max(shown, key=lambda pair: abs(pair[1]), default=None)
    said = f"{title}: most for {largest[0]} ({signed(largest[1])})" if largest and largest[1] else f"{title}: no change"
    return {"title": said, "rows": rows, "height": max(TALL, len(rows) * TALL), "width": WIDTH, "zero": zero}


def _balanced(place: int, label: str, number: float, zero: int, scale: float) -> dict[str, Any]:
    width = round(abs(number) * scale)
    left = zero - width if number < 0 else zero
    return {
        "label": label, "value": number, "said": signed(number), "y": place * TALL, "x": left, "width": width,
        "fill": "#7c2855" if number < 0 else "#005eb8", "text_x": left - 8 if number < 0 else left + width + 8,
        "anchor": "end" if number < 0 else "start",
    }  # fmt: skip


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
