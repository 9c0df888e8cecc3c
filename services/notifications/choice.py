"""Which items a reader's copy holds, and in which order: ranked to be chosen, grouped to be read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST = 12
"""Items in one reader's copy."""


def ranked(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Pinned first, then what is major and new to staff, then as they placed them, then the newest."""

    def rank(item: Mapping[str, Any]) -> tuple[bool, float, bool, float]:
        is_minor = item["significance"] != "major"
        unplaced = float("inf") if is_minor else -1.0
        place = unplaced if item["place"] is None else item["place"]
        return not item["pinned"], place, is_minor, -item["time"].timestamp()

    return sorted(items, key=rank)


def grouped(items: Sequence[Mapping[str, Any]]) -> list[int]:
    """The indexes of ranked *items* as they are read: pinned first, then by care group and network.

    A group stands where the first of its items does.
    """
    groups: dict[str, int] = {}
    networks: dict[tuple[str, str], int] = {}
    for number, item in enumerate(items):
        if not item["pinned"]:
            groups.setdefault(item["care_group"], number)
            networks.setdefault((item["care_group"], item["network_id"]), number)

    def place(number: int) -> tuple[int, int, int]:
        item = items[number]
        if item["pinned"]:
            return -1, -1, number
        return groups[item["care_group"]], networks[item["care_group"], item["network_id"]], number

    return sorted(range(len(items)), key=place)


@dataclass(frozen=True, slots=True)
class Copy:
    """The items of one reader's copy, as indexes of the issue's items."""

    first: list[int]
    near: list[int]
    rest: list[int]


class Choice:
    """Chooses from an issue's items for one reader after another; a reader costs a few microseconds."""

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        """*items* are ranked, the dropped ones left out."""
        self._networks = [item["network_id"] for item in items]
        self._place = {number: place for place, number in enumerate(grouped(items))}
        self._pinned = [n for n, item in enumerate(items) if item["pinned"] and _is_open(item)]
        self._by_audience: dict[str, list[int]] = {}
        for number, item in enumerate(items):
            for audience in item["audiences"].split("\n"):
                self._by_audience.setdefault(audience, []).append(number)
        is_open = [n for n, item in enumerate(items) if _is_open(item)]
        national = {n for n in is_open if items[n]["significance"] == "major"}
        national |= set(self._by_audience.get("everyone", ())) & set(is_open)
        self._rest = sorted(is_open, key=lambda n: (n not in national, n))

    def copy_for(self, audiences: Iterable[str], muted: Collection[str] = ()) -> Copy:
        """Pinned items, those of the reader's own audiences, then what concerns the whole country: LONGEST at most."""
        first = self._pinned[:LONGEST]
        mine = {n for audience in audiences for n in self._by_audience.get(audience, ())}
        mine.difference_update(first)
        near = [n for n in sorted(mine) if self._networks[n] not in muted][: LONGEST - len(first)]
        room = LONGEST - len(first) - len(near)
        rest: list[int] = []
        for number in self._rest:
            if len(rest) >= room:
                break
            if number not in mine and number not in first and self._networks[number] not in muted:
                rest.append(number)
        return Copy(first, sorted(near, key=self._place.__getitem__), sorted(rest, key=self._place.__getitem__))


def _is_open(item: Mapping[str, Any]) -> bool:
    return bool(item["category"] != "discussion")


def public(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The general edition, for the web: grouped, without what was dropped and what is for members alone."""
    kept = [item for item in ranked(items) if not item["dropped"] and _is_open(item)]
    return [kept[number] for number in grouped(kept)]
