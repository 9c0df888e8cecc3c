"""Charts as numbers for inline SVG: sizes are attributes, because the content policy forbids inline styles.

Bars are measured in percent of the room that there is, and words stand above them: so nothing shrinks on a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

from services.gateway.rendering import count, signed, words

ROW = 38
"""The words of a bar, and the bar below them."""
SHADES = 5
"""How many grounds the cells of the coverage matrix have, from none to the most."""
BALANCE = 84
"""The room of the bars that go both ways, in percent: their number stands behind them."""
OUTCOMES = {"failed": "#d5281b", "parked": "#d5281b"}
TAKEN = "#007f3b"
STEPS = ((50, "Up to 50 ms"), (100, "Up to 100 ms"), (300, "Up to 300 ms"), (1000, "Up to 1 second"))
LATER = "Longer"
AGES = ((30, "Up to 30 days"), (60, "31 to 60 days"), (90, "61 to 90 days"))
OLDER = "More than 90 days"


def bars(title: str, counted: Mapping[str, int], *, in_order: bool = False) -> dict[str, Any]:
    """A bar chart, longest first unless *in_order*, each bar labelled with its value."""
    shown = list(counted.items()) if in_order else sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    most = max(counted.values(), default=0)
    rows = [
        {"label": words(name), "value": f"{number:,}", "y": place * ROW, "width": part(number, most)}
        for place, (name, number) in enumerate(shown)
    ]
    largest = max(shown, key=lambda pair: pair[1], default=None)
    said = f"{title}: most are {words(largest[0]).lower()} ({largest[1]})" if largest else f"{title}: none yet"
    return {"title": said, "rows": rows, "height": max(ROW, len(rows) * ROW)}


def part(number: float, whole: float) -> float:
    """How much of *whole* a number is, in percent."""
    return round(100 * number / whole, 1) if whole else 0.0


def shares(title: str, of: Mapping[str, tuple[float, int]]) -> dict[str, Any]:
    """Bars on a scale from nothing to all, in the order given: name → (share, of how many)."""
    rows = [
        {"label": name, "value": f"{int(share * 1000) / 10:g} %", "y": place * ROW, "width": part(share, 1)}
        for place, (name, (share, _)) in enumerate(of.items())
    ]
    whole = sum(number for _, number in of.values())
    quick = sum(share * number for share, number in of.values())
    said = f"{title}: {int(quick / whole * 1000) / 10:g} % of {whole:,}" if whole else f"{title}: nothing measured yet"
    return {"title": said, "rows": rows, "height": max(ROW, len(rows) * ROW)}


def spread(title: str, steps: Iterable[Mapping[str, int]]) -> dict[str, Any]:
    """How long deliveries took, as shares of all: *steps* are `within_ms` and `count`."""
    counted = dict.fromkeys((*(name for _, name in STEPS), LATER), 0)
    for step in steps:
        counted[_first(STEPS, step["within_ms"], LATER)] += step["count"]
    whole = sum(counted.values())
    return shares(title, {name: (number / (whole or 1), number) for name, number in counted.items()}) | {
        "title": f"{title}: half of {count(whole, 'delivery', 'deliveries')} within {_median(counted)}"
    }


def _median(counted: Mapping[str, int]) -> str:
    reached, whole = accumulate(counted.values()), sum(counted.values())
    name = next(name for name, so_far in zip(counted, reached, strict=True) if so_far * 2 >= whole)
    return name.removeprefix("Up to ").lower()


def _first(steps: Iterable[tuple[int, str]], number: int, beyond: str) -> str:
    """The name of the first of *steps* that *number* does not exceed."""
    return next((name for most, name in steps if number <= most), beyond)


def ages(title: str, days: Iterable[int]) -> dict[str, Any]:
    """How long something has lasted: up to 30, 60 and 90 days, after which those concerned are told, or more."""
    counted = dict.fromkeys((*(name for _, name in AGES), OLDER), 0)
    for number in days:
        counted[_first(AGES, number, OLDER)] += 1
    return bars(title, counted, in_order=True)


def balance(title: str, numbers: Mapping[str, float], *, in_order: bool = False) -> dict[str, Any]:
    """Bars to the left and the right of nothing, the largest first unless *in_order*; tenths, with their sign."""
    shown = list(numbers.items()) if in_order else sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    least, most = min(0.0, *numbers.values(), 0.0), max(0.0, *numbers.values(), 0.0)
    room = (most - least) * 100 / BALANCE
    zero = part(-least, room)
    rows = [_balanced(place, label, number, zero, room) for place, (label, number) in enumerate(shown)]
    largest = max(shown, key=lambda pair: abs(pair[1]), default=None)
    said = f"{title}: most for {largest[0]} ({signed(largest[1])})" if largest and largest[1] else f"{title}: no change"
    return {"title": said, "rows": rows, "height": max(ROW, len(rows) * ROW), "zero": zero}


def _balanced(place: int, label: str, number: float, zero: float, room: float) -> dict[str, Any]:
    width = part(abs(number), room)
    return {
        "label": label, "value": number, "said": signed(number), "y": place * ROW, "width": width,
        "x": round(zero - width, 1) if number < 0 else zero, "fill": "#7c2855" if number < 0 else "#005eb8",
    }  # fmt: skip


def heat(coverage: Mapping[str, Mapping[str, int]], names: Mapping[str, str]) -> dict[str, Any]:
    """The coverage matrix: a row for each care group, a column for each body, darker where there are more networks."""
    most = max((number for row in coverage.values() for number in row.values()), default=0) or 1
    rows: list[dict[str, Any]] = [
        {"label": group, "cells": [_cell(counted.get(code, 0), most) for code in names]}
        for group, counted in sorted(coverage.items())
    ]
    return {"rows": rows, "gaps": sum(not cell["value"] for row in rows for cell in row["cells"])}


def _cell(number: int, most: int) -> dict[str, int]:
    return {"value": number, "shade": min(SHADES - 1, 1 + round(number / most * (SHADES - 2))) if number else 0}


def timeline(stages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One change's stages as bars on a scale of milliseconds from the commit."""
    known = [stage for stage in stages if stage["milliseconds"] is not None and stage["outcome"] != "said"]
    longest = max((stage["milliseconds"] for stage in known), default=0)
    rows = [
        {
            "label": words(stage["service"]), "y": place * ROW,
            "width": part(stage["milliseconds"], longest), "value": stage["milliseconds"],
            "said": _after(stage), "fill": OUTCOMES.get(stage["outcome"], TAKEN),
        }
        for place, stage in enumerate(known)
    ]  # fmt: skip
    return {"rows": rows, "height": max(ROW, len(rows) * ROW)}


def _after(stage: Mapping[str, Any]) -> str:
    return f"+{stage['milliseconds']:,.0f} ms{', failed' if stage['outcome'] in OUTCOMES else ''}"
