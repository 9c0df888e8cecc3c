"""The networks that a search finds, bounded: never more than MOST of them are fetched, ranked or counted.

Invariants:
1. Where no more than MOST match, all of them are here: the list, its order and every count are exact.
2. Where more match, whoever begins with what was typed is here, then names before the rest, and it is said that
   there are more. What is counted then is a lower bound, never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, table, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.naming import words_of
from services.registry.queries.words import END, Sought, Term
from services.registry.tables import Network
from services.registry.tables.networks import COMBINED

MOST = 1000
COLUMNS = (Network.id, Network.sort_name, Network.name_words, *(getattr(Network, f) for f in COMBINED), Network.bodies)
BEGINS, NAMED, OF_THE_KIND, MENTIONED = range(4)
"""Ranks: the name begins with what was typed; it has all the words; it has them with its care group; they stand
elsewhere too."""
CARE_GROUP = COMBINED.index("care_group")
INDEXED = table("networks_words")
"""SQLite's index of words."""
Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A network that was found: its rank, its place in the order of names, and its values of the facets."""

    rank: int
    sort_name: str
    id: str
    combination: tuple[Any, ...]

    @property
    def place(self) -> tuple[int, str, str]:
        """What hits are ordered by."""
        return self.rank, self.sort_name, self.id


@dataclass(frozen=True, slots=True)
class Hits:
    """Hits in their order; *more* match than are here."""

    found: list[Hit]
    more: bool = False


async def hits_of(session: AsyncSession, what: Sought, conditions: Conditions) -> Hits:
    """The networks that have every word of *what* and fulfil *conditions*."""
    if not what.terms or not all(term.is_known for term in what.terms):
        return Hits([])
    rows = await _rows(session, "search_text", what.terms, conditions)
    found = _ranked(rows, what)
    if len(rows) <= MOST:
        return Hits(found)
    more = await _beginning(session, what.typed, conditions)
    if any(hit.rank > NAMED for hit in found):  # else names alone are more than can be shown
        more += await _rows(session, "name_words", what.terms, conditions)
    every = {hit.id: hit for hit in (*_ranked(more, what), *found)}
    return Hits(sorted(every.values(), key=lambda hit: hit.place)[:MOST], more=True)


async def hits_among(session: AsyncSession, conditions: Conditions) -> Hits:
    """The networks that fulfil *conditions*, in the order of their names."""
    rows = await session.execute(select(*COLUMNS).where(*conditions).limit(MOST + 1))
    found = _ranked([tuple(row) for row in rows], Sought())
    return Hits(found[:MOST], more=len(found) > MOST)


async def _rows(
    session: AsyncSession, column: str, terms: Sequence[Term], conditions: Conditions
) -> list[tuple[Any, ...]]:
    having = _having(session, column, terms).where(*conditions).limit(MOST + 1)
    rows = await session.execute(having)
    return [tuple(row) for row in rows]


def _having(session: AsyncSession, column: str, terms: Sequence[Term]) -> Any:
    """The networks with every one of *terms* in `name_words` or `search_text`.

    On PostgreSQL the words stand in the statement itself (they are letters and digits alone), because the plan
    depends on them: few networks have one word and nearly all have another.
    """
    if session.get_bind().dialect.name == "postgresql":
        lexemes = {"search_text": "lexemes", "name_words": "name_lexemes"}[column]
        wanted = " & ".join(f"({' | '.join(_lexemes(term))})" for term in terms)
        has = text(f"networks.{lexemes} @@ CAST(:wanted AS tsquery)")
        return select(*COLUMNS).where(has.bindparams(bindparam("wanted", wanted, literal_execute=True)))
    wanted = " AND ".join(f"({' OR '.join(_fts_words(term))})" for term in terms)
    has = text("networks_words MATCH :wanted").bindparams(wanted=f"{{{column}}} : ({wanted})")
    indexed = INDEXED.join(Network, text("networks.rowid = networks_words.rowid"))
    return select(*COLUMNS).select_from(indexed).where(has)


def _lexemes(term: Term) -> list[str]:
    return [f"'{term.typed}':*"] if term.is_beginning else [f"'{word}'" for word in term.meant]


def _fts_words(term: Term) -> list[str]:
    return [f'"{term.typed}"*'] if term.is_beginning else [f'"{word}"' for word in term.meant]


async def _beginning(session: AsyncSession, typed: str, conditions: Conditions) -> list[tuple[Any, ...]]:
    """Whose name begins with what was typed, in the order of names: an index knows them, however many match."""
    words = Network.name_words
    begins = (words >= typed, words < typed + END)
    rows = await session.execute(select(*COLUMNS).where(*begins, *conditions).order_by(words).limit(MOST))
    return [tuple(row) for row in rows]


def _ranked(rows: Sequence[tuple[Any, ...]], what: Sought) -> list[Hit]:
    found = [
        Hit(_rank(name_words, combination[CARE_GROUP], what), sort_name, identity, tuple(combination))
        for identity, sort_name, name_words, *combination in rows
    ]
    return sorted(found, key=lambda hit: hit.place)


def _rank(name_words: str, care_group: str, what: Sought) -> int:
    if name_words.startswith(what.typed):
        return BEGINS
    words = name_words.split(" ")
    missing = [term for term in what.terms if not term.is_in(words)]
    if not missing:
        return NAMED
    words = words_of(care_group.replace("_", " "))
    return OF_THE_KIND if all(term.is_in(words) for term in missing) else MENTIONED
