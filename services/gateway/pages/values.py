"""The fields of a network's record, as people call them and read them: in forms, comparisons and the history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.gateway.rendering import day, words

LABELS = {
    "name": "Name", "aliases": "Other names", "type": "Type", "care_group": "Care group", "level": "Level",
    "purpose": "Purpose", "side": "Side", "bodies": "Areas covered", "host": "Host organisation", "email": "E-mail",
    "population": "Population served", "web": "Web address", "aims": "Aims", "started_on": "Started on",
    "stage": "Stage", "reason": "Reason for the change",
}  # fmt: skip
OTHERS = {
    "slug": "Address", "archived": "Taken off the register", "merged_into": "Part of", "split_from": "Split off from",
    "former_slugs": "Former addresses",
}  # fmt: skip
CODES = frozenset({"type", "level", "purpose", "side", "stage"})
NOTHING = "–"


def label(field: str) -> str:
    """What a field is called."""
    return LABELS.get(field) or OTHERS.get(field) or words(field)


def said(field: str, value: Any, names: Mapping[str, str]) -> str:
    """A field's value as people read it; *names* are those of oversight bodies, organisations and networks."""
    if value in (None, "", []):
        return NOTHING
    if isinstance(value, list):
        return ", ".join(_entry(entry, names) for entry in value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int):
        return f"{value:,}"
    if field == "started_on":
        return day(date.fromisoformat(value))
    return words(value) if field in CODES else names.get(value, str(value))


def _entry(entry: Any, names: Mapping[str, str]) -> str:
    """One thing of a list: a name for a code; of what has parts, its sentence or else what the parts say."""
    if isinstance(entry, dict):
        return str(entry.get("sentence") or ", ".join(str(part) for part in entry.values() if part not in (None, "")))
    return names.get(entry, str(entry))


def rows(changes: Mapping[str, list[Any]], names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(what the field is called, before, after) of each field that differs."""
    return [
        (label(field), said(field, before, names), said(field, after, names))
        for field, (before, after) in changes.items()
    ]
