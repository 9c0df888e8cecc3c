"""What an entry of a network's history changed, in words: its record, and what else is kept under it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.gateway.pages.values import CODES, NOTHING, rows, said
from services.gateway.rendering import count, day, signed, words

OF_THE_RECORD = "networks.registry.network."
OTHERS: dict[str, dict[str, str]] = {
    "service-change": {
        "title": "Title", "description": "What changes", "from_on": "From", "status": "Status",
        "impacts": "What it means for the workforce",
    },
    "evidence": {
        "title": "Title", "kind": "What it proves", "link": "Web address", "dated": "Dated", "review_by": "Review by",
        "status": "Status",
    },
    "vacancy": {"name": "Vacant", "since": "Since", "until": "Until", "days": "Days", "status": "Status"},
    "health": {"health": "Health", "unmet": "What is missing"},
    "link": {"kind": "Kind of link", "care_group": "Care group", "since": "From", "until": "Until", "note": "Note",
             "status": "Status"},
}  # fmt: skip
"""Thing → its fields that people read; ids and counters tell them nothing."""
DAYS = frozenset({"from_on", "dated", "review_by", "since", "until"})
IN_WORDS = CODES | {"status", "kind", "health"}


def told(entry: Mapping[str, Any], names: Mapping[str, str], groups: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(field, before, after) of what an entry changed; *names* as `said` takes them, *groups* are staff groups."""
    if entry["type"].startswith(OF_THE_RECORD):
        return rows(entry["changes"], names)
    labels = OTHERS.get(entry["type"].split(".")[2], {})
    changed = ((field, pair) for field, pair in entry["changes"].items() if field in labels)
    return [
        (labels[field], _said(field, before, names, groups), _said(field, after, names, groups))
        for field, (before, after) in changed
    ]


def is_of_the_record(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is a version of the network's record, not of what is kept under it."""
    return str(entry["type"]).startswith(OF_THE_RECORD)


def _said(field: str, value: Any, names: Mapping[str, str], groups: Mapping[str, str]) -> str:
    if value in (None, "", []):
        return NOTHING
    if field == "impacts":
        return "\n".join(impact_said(impact, groups) for impact in value)
    if field in DAYS:
        return day(date.fromisoformat(value))
    return words(value) if field in IN_WORDS else said(field, value, names)


def impact_said(impact: Mapping[str, Any], groups: Mapping[str, str]) -> str:
    """Nurses: +2.5 whole-time equivalents; 4 people learn prescribing, from 1 April 2027."""
    said_of = [f"{signed(impact['wte'])} whole-time equivalents"] if impact["wte"] else []
    if impact["training"]:
        who = count(impact["people"], "person", "people") if impact["people"] else "they"
        said_of.append(f"{who} {'learns' if impact['people'] == 1 else 'learn'}: {impact['training']}")
    group = groups.get(impact["staff_group"], words(impact["staff_group"]))
    return f"{group}: {'; '.join(said_of)}, from {day(date.fromisoformat(impact['from_on']))}"
