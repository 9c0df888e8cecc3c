"""How much two networks overlap, as a number that ranks, and which link would say what they are to each other."""

from __future__ import annotations

from functools import lru_cache

from services.registry.tables import Network
from services.registry.wording import distinguishing

FEWEST_PEOPLE = 5
"""Fewer people in common are no reason by themselves."""
AREA, LEVEL, PERSON, MOST_PEOPLE, NAME = 20, 10, 2, 20, 0.3
"""Points for an area and care group in common, the same level there, each person up to so many, each part of a name."""
SUGGESTED = 30
"""The score from which a link is suggested: a national network alone covers every area of its care group."""
COMPARED = frozenset({"name", "care_group", "level", "bodies", "archived"})
"""The fields of a network that decide what it overlaps with."""
BREADTH = {"local": 0, "regional": 1, "national": 2}
COMMON = frozenset({
    "clinical", "operational", "delivery", "alliance", "strategic", "group", "service", "services", "collaborative",
    "local", "integrated",
})  # fmt: skip
"""Words that say what sort of network it is, and not which."""


def alike(a: Network, b: Network) -> int:
    """The likeness of two names, 0 to 100: of the words that tell networks apart, the share that both have."""
    one, other = _telling(a.name), _telling(b.name)
    common = {*distinguishing(a.care_group), *distinguishing(b.care_group)}
    one, other = one - common, other - common
    return round(100 * len(one & other) / len(one | other)) if one and other else 0


@lru_cache(20_000)
def _telling(name: str) -> frozenset[str]:
    return frozenset(distinguishing(name)) - COMMON


def common_areas(a: Network, b: Network) -> list[str]:
    """The bodies that both cover, where they are for the same care group."""
    if a.care_group != b.care_group:
        return []
    return sorted(set(a.bodies) & set(b.bodies))


def score(a: Network, b: Network, *, people: int, areas: list[str], likeness: int) -> int:
    """How strongly to suggest a link; 0 where nothing speaks for one."""
    if a.archived or b.archived or not (areas or people >= FEWEST_PEOPLE):
        return 0
    nearness = AREA + (LEVEL if a.level == b.level else 0) if areas else 0
    return nearness + PERSON * min(people, MOST_PEOPLE) + round(NAME * likeness)


def suggestion(a: Network, b: Network) -> tuple[str, str]:
    """(kind, care group of the pathway): the link, read from *a* to *b*, that fits what the two are."""
    if {a.side, b.side} == {"commissioner", "provider"}:
        return ("scrutinises" if a.side == "commissioner" else "scrutinised_by"), ""
    if a.care_group != b.care_group:
        return "shares_pathway_with", b.care_group
    wider = BREADTH.get(a.level, 0) - BREADTH.get(b.level, 0)
    if wider:
        return ("parent_of" if wider > 0 else "part_of"), ""
    return "works_with", ""
