"""A list as a file: which columns it has, and how each cell is read from what the API answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from services.gateway.rendering import moment as a_moment
from services.gateway.rendering import words

Item = Mapping[str, Any]
Cell = Callable[[Item, Mapping[str, str]], Any]
"""Reads a cell of an item; the names are those of the oversight bodies by code."""


@dataclass(frozen=True)
class Listing:
    """One list: where it is asked for (`{…}` in *path* are given in the address), by what, and its columns.

    *choice*: a name for some of the columns → their headings; where some of them are chosen, the others are left out.
    *rows* takes the rows from an answer that is no page of a list.
    """

    title: str
    service: str
    path: str
    columns: Sequence[tuple[str, Cell]]
    asked: tuple[str, ...] = ()
    limit: int = 100
    choice: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Callable[[Item], Iterable[Item]] = lambda answer: answer["items"]

    @property
    def headings(self) -> list[str]:
        """What stands in the first row."""
        return [heading for heading, _ in self.columns]

    def showing(self, names: str) -> Listing:
        """The list with those of its chosen columns that *names* has, separated by commas; whole where it is empty."""
        left_out = {h for name, headings in self.choice.items() if name not in names.split(",") for h in headings}
        columns = [column for column in self.columns if column[0] not in left_out]
        return replace(self, columns=columns) if names else self

    def cells(self, item: Item, names: Mapping[str, str]) -> list[Any]:
        """One row."""
        return [cell(item, names) for _, cell in self.columns]


def at(path: str) -> Cell:
    """What stands at *path*, such as `network.name`; several things, separated by semicolons."""
    steps = path.split(".")

    def read(item: Item, _names: Mapping[str, str]) -> Any:
        found: Any = item
        for step in steps:
            found = found.get(step) if isinstance(found, Mapping) else None
        return "; ".join(map(str, found)) if isinstance(found, list) else found

    return read


def word(path: str) -> Cell:
    """A code such as `lead_manager`, as a person writes it."""
    read = at(path)
    return lambda item, names: words(read(item, names))


def day(path: str) -> Cell:
    """A day, which spreadsheets can order."""
    read = at(path)

    def found(item: Item, names: Mapping[str, str]) -> date | None:
        value = read(item, names)
        return date.fromisoformat(str(value)[:10]) if value else None

    return found


def moment(path: str) -> Cell:
    """A moment (UTC), which spreadsheets can order."""
    read = at(path)
    return lambda item, names: a_moment(read(item, names))


def areas(path: str) -> Cell:
    """The names of oversight bodies, of their codes."""
    steps = path.split(".")

    def read(item: Item, names: Mapping[str, str]) -> str:
        found: Any = item
        for step in steps:
            found = found.get(step) or []
        return "; ".join(names.get(code, code) for code in ([found] if isinstance(found, str) else found))

    return read


def people(path: str) -> Cell:
    """Who holds which role since when."""

    def read(item: Item, _names: Mapping[str, str]) -> str:
        return "; ".join(
            f"{lead['name'] or 'Somebody'} ({words(lead['role']).lower()} since {lead['since']})" for lead in item[path]
        )

    return read


def page(path: str) -> Cell:
    """The address of a page of ours."""
    read = at(path)
    return lambda item, names: f"/networks/{found}" if (found := read(item, names)) else ""
