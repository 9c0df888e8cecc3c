"""The directory: what is asked, what is found, in which order, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.queries.cursors import cursor_of, position_in
from services.registry.queries.facets import Alike, Counts, all_alike, archived_alike, counted, is_chosen
from services.registry.queries.hits import Conditions, Hit, Hits, hits_among, hits_of
from services.registry.queries.words import Sought, forgiving, sought
from services.registry.tables import Cover, Network
from shared.db import among

_COLUMNS = tuple(Network.__table__.columns)
"""Rows of them, and no objects: a page is only read, and an object takes twice as long to make."""
Columns = Sequence[ColumnElement[Any]]


def columns_called(model: type[BaseModel]) -> Columns:
    """The columns that a page takes whose items are of *model*: its fields, and what pages are ordered by."""
    return [column for column in _COLUMNS if column.name in {*model.model_fields, "id", "sort_name"}]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for: words, one value of some facets, certain networks."""

    q: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    ids: Sequence[str] = ()
    archived: bool = False

    def conditions(self, *, by_kind: bool = True) -> list[ColumnElement[bool]]:
        """What a network must be: on the register, or archived; one of those asked for; of the chosen kind."""
        conditions: list[ColumnElement[bool]] = [Network.archived.is_(self.archived)]
        if self.ids:
            conditions.append(Network.id.in_(self.ids))
        if by_kind:
            conditions += [_is(facet, value) for facet, value in self.chosen.items()]
        return conditions


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the directory, as rows. With `at_least`, more match than are counted, and `total` is a lower bound."""

    networks: Sequence[Any]
    next: str | None
    total: int
    facets: Counts
    at_least: bool = False
    what: Sought = field(default_factory=Sought)


async def found(
    session: AsyncSession, asked: Asked, *, limit: int, cursor: str | None, by_facet: bool = True,
    columns: Columns = _COLUMNS,
) -> Found:  # fmt: skip
    """A page of what is asked: by rank and then by name where words are searched for, else by name.

    Not *by_facet*, nothing is counted by facets where that costs something.
    """
    what = await sought(session, asked.q)
    if what.terms:
        what, every = await having_words(session, what, asked.conditions(by_kind=False))
    elif asked.ids:
        every = await hits_among(session, asked.conditions(by_kind=False))
    else:
        return await _of_the_register(session, asked, columns, limit=limit, cursor=cursor, by_facet=by_facet)
    hits = Hits([hit for hit in every.found if is_chosen(hit.combination, asked.chosen)], every.more)
    facets = counted(_alike(every), asked.chosen, at_least=every.more) if by_facet else {}
    if every.more and asked.chosen:
        hits = await hits_of(session, what, asked.conditions(by_kind=False), asked.chosen)
        chosen = counted(_alike(hits), asked.chosen, at_least=hits.more) if by_facet else {}
        facets |= {facet: count for facet, count in chosen.items() if facet not in asked.chosen}
    page, following = _page(hits.found, limit, cursor)
    networks = await _in_order(session, [hit.id for hit in page], columns)
    return Found(networks, following, len(hits.found), facets, hits.more, what)


async def having_words(session: AsyncSession, what: Sought, within: Conditions) -> tuple[Sought, Hits]:
    """What has the words that were typed; where nothing has, what has the nearest ones, and those then."""
    hits = await hits_of(session, what, within)
    for unknown_only in (True, False):
        if not hits.found:
            forgiven = await forgiving(session, what, unknown_only=unknown_only)
            hits = await hits_of(session, forgiven, within) if forgiven != what else hits
            what = forgiven if hits.found else what
    return what, hits


def _alike(hits: Hits) -> Iterable[Alike]:
    return Counter([hit.combination for hit in hits.found]).items()


def _page(hits: Sequence[Hit], limit: int, cursor: str | None) -> tuple[Sequence[Hit], str | None]:
    if cursor:
        after = position_in(cursor, int, str, str)
        hits = [hit for hit in hits if hit.place > after]
    following = cursor_of(*hits[limit - 1].place) if len(hits) > limit else None
    return hits[:limit], following


async def _in_order(session: AsyncSession, ids: Sequence[str], columns: Columns) -> list[Any]:
    rows = {n.id: n for n in await session.execute(select(*columns).where(among(session, Network.id, ids)))}
    return [rows[identity] for identity in ids if identity in rows]


async def _of_the_register(
    session: AsyncSession, asked: Asked, columns: Columns, *, limit: int, cursor: str | None, by_facet: bool
) -> Found:
    """The networks of the chosen kind in the order of their names. Nothing is counted: the counts are kept."""
    alike = await (archived_alike(session) if asked.archived else all_alike(session))
    counts = counted(alike, asked.chosen) if by_facet else {}
    total = sum(many for combination, many in alike if not asked.chosen or is_chosen(combination, asked.chosen))
    query = select(*columns).where(*asked.conditions()).order_by(Network.sort_name, Network.id).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(Network.sort_name, Network.id) > position_in(cursor))
    networks = (await session.execute(query)).all()
    following = cursor_of(networks[limit - 1].sort_name, networks[limit - 1].id) if len(networks) > limit else None
    return Found(networks[:limit], following, total, counts)


def _is(facet: str, value: str) -> ColumnElement[bool]:
    if facet == "sha":
        return Network.id.in_(select(Cover.network_id).where(Cover.body == value))
    condition: ColumnElement[bool] = getattr(Network, facet) == value
    return condition
