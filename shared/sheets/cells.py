"""One cell: how a value becomes text, and how text is kept from being run."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any, NamedTuple

LONGEST_CELL = 32_767
"""Characters in a cell, as spreadsheets have it."""
_RUNS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


class Row(NamedTuple):
    """A row with something in it: its number as a spreadsheet shows it, how far into the file it stands, its cells."""

    number: int
    part: float
    cells: list[str]


def shown(value: Any) -> str:
    """A cell's value as text: whole numbers without a point, days as 2006-11-23, yes and no."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ", "minutes")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def inert(text: str) -> str:
    """*text* as a spreadsheet shows it and does not run it: with an apostrophe where it would be a formula."""
    return f"'{text}" if _RUNS.match(text) else text


def meant(text: str) -> str:
    """What a cell says: without the apostrophe that `inert` put there."""
    return text[1:] if text.startswith("'") and _RUNS.match(text[1:]) else text


def writable(text: str) -> str:
    """*text* without what XML cannot hold, and no longer than a cell."""
    return _UNSAFE.sub("\ufffd", text[:LONGEST_CELL])
