"""The register as it stood at a moment: its lists and its records.

A list costs what the list costs: one seek for each network, however many revisions it has had (shared/versions.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.queries.cursors import cursor_of, position_in
from services.registry.queries.facets import Alike, Counts, counted, is_chosen
from services.registry.rules import NOT_ASSESSED
from services.registry.searching import typed_words
from services.registry.tables import HealthVersion, Network, Version
from services.registry.tables.networks import COMBINED
from shared.contracts.registry import NetworkState
from shared.errors import NotFound
from shared.history import history
from shared.versions import with_version

TABLE: Any = Version.__table__
HEALTH_TABLE: Any = HealthVersion.__table__


class NotThereYet(NotFound):
    """The network was not on the register then; choose a later day."""


@dataclass(frozen=True, slots=True)
class Stood:
    """A network as it stood: its state, since when, when it was put on the register, and its health."""

    state: dict[str, Any]
    since: datetime
    created_at: datetime
    health: str


@dataclass(frozen=True, slots=True)
class Past:
    """The register as it stood at a moment: what to select from, and the facets that are *chosen*."""

    query: Select[Any]
    version: FromClause
    chosen: Mapping[str, str]
    health: ColumnElement[str]


def register_at(
    session: AsyncSession, moment: datetime, *, q: str = "", chosen: Mapping[str, str], archived: bool = False
) -> Past:
    """What was on the register (or *archived*) then and has the words of *q*, as `found` finds that of now, though no
    slip is forgiven."""
    joined, version = with_version(session, select().select_from(Network), TABLE, of=Network.id, at=moment)
    joined, health = _with_health(session, joined, moment)
    return Past(joined.where(version.c.archived.is_(archived), *with_words(version, q)), version, chosen, health)


def _with_health(session: AsyncSession, query: Select[Any], moment: datetime) -> tuple[Select[Any], ColumnElement[str]]:
    """*query* of networks joined with their health at *moment*: (the query, the health)."""
    joined, turned = with_version(session, query, HEALTH_TABLE, of=Network.id, at=moment, optional=True)
    return joined, func.coalesce(turned.c.health, NOT_ASSESSED)


def with_words(version: FromClause, q: str) -> list[ColumnElement[bool]]:
    """The conditions that each word of *q* begins a word of what is searched."""
    return [version.c.words.contains(f" {word}", autoescape=True) for word in typed_words(q)]


def of_kind(version: FromClause, chosen: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """The conditions that a version has the values *chosen*; its health is another version's (`Past.health`)."""
    return [
        version.c.bodies.contains(f" {value} ", autoescape=True) if facet == "sha" else version.c[facet] == value
        for facet, value in chosen.items()
        if facet != "health"
    ]


async def past_page(
    session: AsyncSession, past: Past, *, limit: int, cursor: str | None
) -> tuple[list[Stood], str | None]:
    """A page of the register as it stood, in the order of the names: (networks, the next cursor)."""
    columns = past.version.c
    query = past.query.add_columns(columns.entry, columns.valid_from, columns.sort_name, Network.id, Network.created_at)
    query = query.add_columns(past.health.label("health"))
    if "health" in past.chosen:
        query = query.where(past.health == past.chosen["health"])
    query = query.where(*of_kind(past.version, past.chosen)).order_by(columns.sort_name, Network.id).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(columns.sort_name, Network.id) > position_in(cursor))
    rows = (await session.execute(query)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return await stood(session, rows[:limit]), cursor_of(last.sort_name, last.id) if last else None


async def past_counts(session: AsyncSession, past: Past) -> tuple[int, Counts]:
    """How many networks there were in all, and by each facet what choosing it would have given: one pass."""
    columns = [past.health if facet == "health" else past.version.c[facet] for facet in COMBINED]
    grouped = past.query.add_columns(*columns, past.version.c.bodies, func.count())
    rows = await session.execute(grouped.group_by(*columns, past.version.c.bodies))
    alike: list[Alike] = [((*values, bodies.split()), count) for *values, bodies, count in rows]
    total = sum(count for combination, count in alike if is_chosen(combination, past.chosen))
    return total, counted(alike, past.chosen)


async def network_as_of(session: AsyncSession, network: Network, moment: datetime) -> Stood:
    """One network as it stood. Raises NotThereYet."""
    one = select().select_from(Network).where(Network.id == network.id)
    query, version = with_version(session, one, TABLE, of=Network.id, at=moment)
    query, health = _with_health(session, query, moment)
    columns = (version.c.entry, version.c.valid_from, Network.created_at, health.label("health"))
    rows = (await session.execute(query.add_columns(*columns))).all()
    if not rows:
        begun = network.created_at
        raise NotThereYet(
            f"{network.name} was not on the register then; it is there since {begun.day} {begun:%B %Y}. "
            "Choose that day or a later one."
        )
    return (await stood(session, rows))[0]


async def stood(session: AsyncSession, rows: Sequence[Any]) -> list[Stood]:
    """The networks of *rows* (entry, valid_from, created_at, health), whole, in the same order."""
    ids = [row.entry for row in rows]
    states = await states_of(session, ids)
    return [Stood(states[row.entry], row.valid_from, row.created_at, row.health) for row in rows]


async def states_of(session: AsyncSession, entries: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Entry of the history → the state that it brought about."""
    query = select(history.c.id, history.c.state).where(history.c.id.in_(entries))
    rows = await session.execute(query)
    return {row.id: NetworkState.model_validate(row.state).model_dump(mode="json") for row in rows}
