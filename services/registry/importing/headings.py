"""Which row holds the headings, and which column is which field: by name, and by what stands under it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from string import ascii_uppercase

from services.registry.importing.fields import FIELDS, Field
from services.registry.importing.values import Words
from services.registry.wording import key_of
from shared.sheets import meant

SEARCHED = 30
"""Rows in which the headings are looked for."""
SAMPLES = 200
_ENOUGH = 3.0
_CALLED = {called: field.name for field in FIELDS for called in field.called}


def heading_place(rows: Sequence[Sequence[str]]) -> int:
    """The place among *rows* of the one with the headings.

    The one with most known headings, where it has two at least: one alone may be a value, such as `disease`. Else the
    first with several cells, because titles stand alone in their row; else the first.
    """
    known = [sum(key_of(cell) in _CALLED for cell in cells) for cells in rows[:SEARCHED]]
    if max(known, default=0) > 1:
        return known.index(max(known))
    several = (place for place, cells in enumerate(rows[:SEARCHED]) if sum(bool(cell.strip()) for cell in cells) > 1)
    return next(several, known.index(1) if 1 in known else 0)


def headings_at(rows: Sequence[Sequence[str]], place: int, *, width: int) -> list[str]:
    """The headings in one row; an empty one is filled from the row above it, or called after its column."""
    cells = _wide(rows[place], width)
    above = _wide(rows[place - 1], width) if place else [""] * width
    has_two_rows = sum(bool(cell.strip()) for cell in above) > 1
    found = [
        " ".join((cell.strip() or (over.strip() if has_two_rows else "")).split())[:200]
        for cell, over in zip(cells, above, strict=True)
    ]
    seen: Counter[str] = Counter()
    headings = []
    for number, text in enumerate(found):
        seen[text] += 1
        unnamed = text or f"Column {column_letters(number)}"
        headings.append(unnamed if seen[text] == 1 or not text else f"{text} ({seen[text]})")
    return headings


def column_letters(number: int) -> str:
    """A, B, …, Z, AA: as a spreadsheet names the column at place *number*."""
    letters = ""
    while number >= 0:
        number, letter = divmod(number, 26)
        letters = ascii_uppercase[letter] + letters
        number -= 1
    return letters


def _wide(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *([""] * (width - len(cells)))][:width]


def guessed(headings: Sequence[str], samples: Sequence[Sequence[str]], words: Words) -> dict[str, int]:
    """Field → place of its column, the surest first; each column serves one field."""
    under = [[meant(cells[n]).strip() for cells in samples if n < len(cells)] for n in range(len(headings))]
    values = [[text for text in column if text][:SAMPLES] for column in under]
    scored = [
        (_score(field, headings[place], values[place], words), -place, field.name)
        for field in FIELDS
        for place in range(len(headings))
    ]
    found: dict[str, int] = {}
    for score, place, name in sorted(scored, reverse=True):
        if score >= _ENOUGH and name not in found and -place not in found.values():
            found[name] = -place
    return found


def _score(field: Field, heading: str, values: Sequence[str], words: Words) -> float:
    key = key_of(heading)
    score = 0.0
    if key in field.called:
        score += 10 - field.called.index(key) / 100
    elif any(f" {called} " in f" {key} " for called in field.called):
        score += 2.5
    if values:
        alike = sum(field.looks(value, words) for value in values) / len(values)
        score += 4 * alike if alike > 0.6 else 0
    return score if values or score > _ENOUGH else 0


def signature(headings: Sequence[str]) -> str:
    """The same for the same headings in any order."""
    return hashlib.sha256("\n".join(sorted(key_of(heading) for heading in headings)).encode()).hexdigest()


def by_heading(columns: Mapping[str, int], headings: Sequence[str]) -> dict[str, str]:
    """Field → heading, to be kept for the next file, whose columns may stand otherwise."""
    return {name: key_of(headings[place]) for name, place in columns.items() if place < len(headings)}


def by_place(kept: Mapping[str, str], headings: Sequence[str]) -> dict[str, int]:
    """Field → place, of what was kept."""
    places = {key_of(heading): place for place, heading in reversed(list(enumerate(headings)))}
    return {name: places[key] for name, key in kept.items() if key in places}
