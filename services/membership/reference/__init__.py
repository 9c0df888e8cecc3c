"""Reference data that the product ships; sources and licences in SOURCES.md."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any


def _rows(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def organisations() -> list[dict[str, Any]]:
    """Every SHA, PCT and trust, as rows of `organisations` without their ids."""
    shas = [_row("sha", r["code"], r["name"], body=r["code"]) for r in _rows("shas")]
    pcts = [_row("pct", r["ods_code"], r["name"], body=r["sha_code"]) for r in _rows("pcts")]
    trusts = [
        _row("trust", r["ods_code"], _readable(r["name"]), r["sha_code_derived"], r["town"].title(), r["postcode"])
        for r in _rows("trusts")
    ]
    return [*shas, *pcts, *trusts]


def _row(kind: str, code: str, name: str, body: str, town: str = "", postcode: str = "") -> dict[str, Any]:
    return {"kind": kind, "code": code, "name": name, "body": body, "town": town, "postcode": postcode}


def _readable(name: str) -> str:
    """The source shouts; lower it, but for what is an abbreviation or a small word."""
    small, abbreviations = {"And", "Of", "The", "For", "In", "On", "Upon"}, {"Nhs": "NHS", "Nw": "NW", "Ni": "NI"}
    words = [word[:1].upper() + word[1:].lower() for word in name.split()]
    rest = [abbreviations.get(word, word.lower() if word in small else word) for word in words[1:]]
    return " ".join([*words[:1], *rest])
