"""Reference data that the product ships; sources and licences in SOURCES.md."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import orjson


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the files beside this module, such as `networks`."""
    with (Path(__file__).parent / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def standards() -> list[dict[str, Any]]:
    """The standards that networks are held to unless staff decide otherwise."""
    found: list[dict[str, Any]] = orjson.loads((Path(__file__).parent / "standards.json").read_bytes())
    return found
