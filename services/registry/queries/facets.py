"""Counting networks by each facet: what one would get if one chose this too.

A value of a facet of which nothing is chosen counts the networks found that have it. Where a value is chosen already,
another of the same facet counts what one would get in its place: all that the other choices leave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.schemas.networks import FacetCount
from services.registry.tables import Network, facet_counts
from services.registry.tables.networks import COMBINED, FACETS
from shared.made import Made

MOST_SUMMED = 5_000
"""Changes that one sum takes up."""
WAITING = 500
"""Changes that may wait to be summed; a reader adds them up meanwhile."""
Alike = tuple[tuple[Any, ...], int]
"""The values of FACETS (the last are bodies) and how many networks have all of them."""
Counts = dict[str, list[FacetCount]]
"""Facet → its values with how many networks there are, the most first."""


_SUMMED = Made(
    select(facet_counts.c.combination, func.sum(facet_counts.c.networks)).group_by(facet_counts.c.combination)
)


async def all_alike(session: AsyncSession) -> list[Alike]:
    """How many networks of the register are alike, for each combination that there is: a few hundred rows for a few
    hundred networks, a few thousand for a million."""
    summed = await _SUMMED.rows(session, {})
    return [(_read(combination), networks) for combination, networks in summed if networks]


async def archived_alike(session: AsyncSession) -> list[Alike]:
    """The same of what was taken off the register, counted: of the few that there are no counts are kept."""
    columns = [*(getattr(Network, facet) for facet in COMBINED), Network.bodies]
    rows = await session.execute(select(*columns).where(Network.archived.is_(True)))
    return [(tuple(row), 1) for row in rows]


@lru_cache(100_000)
def _read(combination: str) -> tuple[Any, ...]:
    return tuple(orjson.loads(combination))


def counted(alike: Iterable[Alike], chosen: Mapping[str, str], *, at_least: bool = False) -> Counts:
    """Value → count for every facet, where *chosen* is chosen already."""
    wanted = [(FACETS.index(facet), value) for facet, value in chosen.items()]
    counts: list[Counter[str]] = [Counter() for _ in FACETS]
    for combination, networks in alike:
        differing = [place for place, value in wanted if not _has(combination[place], value)]
        if not differing:
            _add(counts, combination, range(len(FACETS)), networks)
        elif len(differing) == 1:
            _add(counts, combination, differing, networks)
    for place, value in wanted:
        counts[place].setdefault(value, 0)
    return {facet: ordered(count, at_least=at_least) for facet, count in zip(FACETS, counts, strict=True)}


def _has(value: Any, wanted: str) -> bool:
    return bool(value == wanted if isinstance(value, str) else wanted in value)


def is_chosen(combination: tuple[Any, ...], chosen: Mapping[str, str]) -> bool:
    """Whether a network with these values has all that is *chosen*."""
    return all(_has(combination[FACETS.index(facet)], value) for facet, value in chosen.items())


def _add(counts: list[Counter[str]], combination: tuple[Any, ...], places: Iterable[int], networks: int) -> None:
    for place in places:
        value = combination[place]
        for one in (value,) if isinstance(value, str) else dict.fromkeys(value):
            counts[place][one] += networks


def ordered(counts: Mapping[str, int], *, at_least: bool = False) -> list[FacetCount]:
    """Values with how many networks have them, the most first."""
    by_count = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [FacetCount(value=value, count=count, at_least=at_least) for value, count in by_count]


def to_be_summed() -> Select[Any]:
    """A change that waits to be summed, where more than WAITING do."""
    waits = select(facet_counts.c.number).where(facet_counts.c.is_sum.is_(False))
    return waits.order_by(facet_counts.c.number).offset(WAITING)


async def sum_counts(session: AsyncSession) -> None:
    """Make one row of all that stand for the same combination. Whoever reads meanwhile sees either those or this."""
    c = facet_counts.c
    some = select(c.number).order_by(c.is_sum, c.number).limit(MOST_SUMMED).with_for_update(skip_locked=True)
    gone = delete(facet_counts).where(c.number.in_(some)).returning(c.combination, c.networks)
    sums: Counter[str] = Counter()
    for combination, networks in await session.execute(gone):
        sums[combination] += networks
    rows = [{"combination": k, "networks": n, "is_sum": True} for k, n in sums.items() if n]
    if rows:
        await session.execute(insert(facet_counts), rows)
