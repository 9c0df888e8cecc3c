"""The networks that a search finds, bounded: never more than MOST of them are fetched, ranked or counted.

Invariants:
1. Where no more than MOST match, all of them are here: the list, its order and every count are exact.
2. Where more match, whoever begins with what was typed is here, then names before the rest, and it is said that
   there are more. What is counted then is a lower bound, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, bindparam, cast, select, table, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.naming import words_of
from services.registry.queries.words import END, Sought, Term
from services.registry.tables import Network
from services.registry.tables.networks import COMBINED
from services.registry.tables.wordlist import NAMED as NAMED_WORD
from services.registry.tables.wordlist import of_a_facet

MOST = 1000
COLUMNS = (Network.id, Network.sort_name, Network.name_words, *(getattr(Network, f) for f in COMBINED), Network.bodies)
BEGINS, NAMED, OF_THE_KIND, MENTIONED = range(4)
"""Ranks: the name begins with what was typed; it has all the words; it has them with its care group; they stand
elsewhere too."""
CARE_GROUP = COMBINED.index("care_group")
INDEXED = table("networks_words")
"""SQLite's index of words."""
Conditions = Sequence[ColumnElement[bool]]


class Hit(NamedTuple):
    """A network that was found: its rank, its place in the order of names, and its values of the facets.

    Hits are in order as they are: by rank, then by name, then by id.
    """

    rank: int
    sort_name: str
    id: str
    combination: tuple[Any, ...]

    @property
    def place(self) -> tuple[int, str, str]:
        """What hits are ordered by."""
        return self[:3]


@dataclass(frozen=True, slots=True)
class Hits:
    """Hits in their order; *more* match than are here."""

    found: list[Hit]
    more: bool = False


async def hits_of(
    session: AsyncSession, what: Sought, conditions: Conditions, chosen: Mapping[str, str] = MappingProxyType({})
) -> Hits:
    """The networks that have every word of *what*, fulfil *conditions* and are of the kind that is *chosen*."""
    if not what.terms or not all(term.is_known for term in what.terms):
        return Hits([])
    rows = await _rows(session, "search_text", what.terms, conditions, chosen)
    found = _ranked(rows, what)
    if len(rows) <= MOST:
        return Hits(found)
    more = await _beginning(session, what.typed, [*conditions, *_of_kind(chosen)])
    if any(hit.rank > NAMED for hit in found):  # else names alone are more than can be shown
        more += await _rows(session, "name_words", what.terms, conditions, chosen)
    every = {hit.id: hit for hit in (*_ranked(more, what), *found)}
    return Hits(sorted(every.values())[:MOST], more=True)


async def hits_among(session: AsyncSession, conditions: Conditions) -> Hits:
    """The networks that fulfil *conditions*, in the order of their names."""
    rows = await session.execute(select(*COLUMNS).where(*conditions).limit(MOST + 1))
    found = _ranked([tuple(row) for row in rows], Sought())
    return Hits(found[:MOST], more=len(found) > MOST)


async def _rows(
    session: AsyncSession, column: str, terms: Sequence[Term], conditions: Conditions, chosen: Mapping[str, str]
) -> list[tuple[Any, ...]]:
    is_postgres = session.get_bind().dialect.name == "postgresql"
    having = _having_postgresql(column, terms, chosen) if is_postgres else _having_sqlite(column, terms, chosen)
    rows = await session.execute(having.where(*conditions).limit(MOST + 1))
    return [tuple(row) for row in rows]


def _having_postgresql(column: str, terms: Sequence[Term], chosen: Mapping[str, str]) -> Select[Any]:
    """The networks with every one of *terms* in `name_words` or `search_text`, of the kind that is *chosen*.

    What is wanted stands in the statement itself, because the plan depends on it: few networks have one word and
    nearly all have another.
    """
    mark = NAMED_WORD if column == "name_words" else ""
    wanted = [f"({' | '.join(_lexemes(term, mark))})" for term in terms]
    wanted += [_lexeme(of_a_facet(facet, value)) for facet, value in chosen.items()]
    has = text("networks.lexemes @@ CAST(:wanted AS tsquery)")
    return select(*COLUMNS).where(has.bindparams(bindparam("wanted", " & ".join(wanted), literal_execute=True)))


def _lexemes(term: Term, mark: str) -> list[str]:
    return [f"{_lexeme(mark + term.typed)}:*"] if term.is_beginning else [_lexeme(mark + word) for word in term.meant]


def _lexeme(word: str) -> str:
    """*word* as a query takes it letter by letter."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _having_sqlite(column: str, terms: Sequence[Term], chosen: Mapping[str, str]) -> Select[Any]:
    wanted = " AND ".join(f"({' OR '.join(_fts_words(term))})" for term in terms)
    has = text("networks_words MATCH :wanted").bindparams(wanted=f"{{{column}}} : ({wanted})")
    indexed = INDEXED.join(Network, text("networks.rowid = networks_words.rowid"))
    return select(*COLUMNS).select_from(indexed).where(has, *_of_kind(chosen))


def _fts_words(term: Term) -> list[str]:
    return [f'"{term.typed}"*'] if term.is_beginning else [f'"{word}"' for word in term.meant]


def _of_kind(chosen: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """What *chosen* asks of one row after another.

    No index may be used: gathering all networks of a stage takes ten times as long as looking at each hit's row.
    """
    return [
        cast(Network.bodies, Text).contains(f'"{value}"', autoescape=True) if facet == "sha"
        else getattr(Network, facet).concat("") == value
        for facet, value in chosen.items()
    ]  # fmt: skip


async def _beginning(session: AsyncSession, typed: str, conditions: Conditions) -> list[tuple[Any, ...]]:
    """Whose name begins with what was typed, in the order of names: an index knows them, however many match."""
    words = Network.name_words
    begins = (words >= typed, words < typed + END)
    rows = await session.execute(select(*COLUMNS).where(*begins, *conditions).order_by(words).limit(MOST))
    return [tuple(row) for row in rows]


def _ranked(rows: Sequence[tuple[Any, ...]], what: Sought) -> list[Hit]:
    found = [
        Hit(_rank(name_words, combined[CARE_GROUP], what), sort_name, identity, (*combined, tuple(bodies)))
        for identity, sort_name, name_words, *combined, bodies in rows
    ]
    return sorted(found)


def _rank(name_words: str, care_group: str, what: Sought) -> int:
    if name_words.startswith(what.typed):
        return BEGINS
    missing = [term for term in what.terms if not term.is_in(name_words)]
    if not missing:
        return NAMED
    words = " ".join(words_of(care_group.replace("_", " ")))
    return OF_THE_KIND if all(term.is_in(words) for term in missing) else MENTIONED
