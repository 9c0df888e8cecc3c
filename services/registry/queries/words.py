"""What was typed, in words that the register knows.

A typed word stands for every known word that begins with it. Asking the index for those words, each exactly, costs a
twentieth of asking it for a beginning: an index of words can go through a few lists together, but has to gather all of
a beginning first. Where too many words begin so, two letters typed perhaps, the beginning is asked for after all.

A typed word that no known word begins with is taken for a slip of the hand, and stands for the nearest known words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.naming import words_of
from services.registry.queries.spelling import forgiven, nearest
from services.registry.searching import typed_words
from services.registry.tables import search_words
from shared.made import Made

MOST_MEANT = 60
"""Known words that one typed word may stand for one by one."""
MOST_CANDIDATES = 80
"""Known words that are measured for one slip."""
MOST_NEAREST = 5
END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Term:
    """One typed word: the known words that begin with it, or that there are more of them than can be listed; and the
    words that are near it, where those are taken too."""

    typed: str
    begun: tuple[str, ...] = ()
    is_beginning: bool = False
    near: tuple[str, ...] = ()

    @property
    def meant(self) -> tuple[str, ...]:
        """The known words that it stands for."""
        return (*self.begun, *self.near)

    @property
    def is_known(self) -> bool:
        """Whether any network may have it."""
        return self.is_beginning or bool(self.meant)

    def is_in(self, words: str) -> bool:
        """Whether one of *words*, folded and with a space between each two, is what was meant."""
        return f" {self.typed}" in f" {words}" or any(f" {word} " in f" {words} " for word in self.near)

    def means(self, word: str) -> bool:
        """Whether *word*, folded, is what was meant."""
        return word.startswith(self.typed) or word in self.near


@dataclass(frozen=True, slots=True)
class Sought:
    """What is searched for: all of it as it was typed, folded, and its words that count."""

    typed: str = ""
    terms: tuple[Term, ...] = ()

    @property
    def corrected(self) -> dict[str, list[str]]:
        """Typed word → the known words that were taken for it."""
        return {term.typed: list(term.near) for term in self.terms if term.near}


async def sought(session: AsyncSession, q: str) -> Sought:
    """What *q* stands for, nothing forgiven."""
    typed = typed_words(q)
    if not typed:
        return Sought()
    return Sought(" ".join(words_of(q)), tuple([await _meant_by(session, word) for word in typed]))


def _begun() -> Select[str]:
    known = search_words.c.word
    within = known >= bindparam("word", type_=known.type), known < bindparam("end", type_=known.type)
    return select(known).where(*within).order_by(known).limit(MOST_MEANT + 1)


_BEGUN = Made(_begun())


async def _meant_by(session: AsyncSession, word: str) -> Term:
    begun = await _BEGUN.rows(session, {"word": word, "end": word + END})
    if len(begun) > MOST_MEANT:
        return Term(word, is_beginning=True)
    return Term(word, tuple(sorted(row.word for row in begun)))


async def forgiving(session: AsyncSession, what: Sought, *, unknown_only: bool) -> Sought:
    """*what*, where a word that no known word begins with stands for the nearest known ones; unless *unknown_only*,
    the others stand for what is one slip from them too."""
    terms = []
    for term in what.terms:
        if term.is_beginning or (unknown_only and term.begun):
            terms.append(term)
        else:
            most = forgiven(term.typed) if not term.begun else min(1, forgiven(term.typed))
            terms.append(replace(term, near=tuple(await _nearest(session, term.typed, most))))
    return Sought(what.typed, tuple(terms))


async def _nearest(session: AsyncSession, typed: str, most: int) -> list[str]:
    if not most:
        return []
    is_postgres = session.get_bind().dialect.name == "postgresql"
    alike = _alike_postgresql(typed) if is_postgres else _alike_sqlite(typed)
    candidates = [row.word for row in await session.execute(alike) if not row.word.startswith(typed)]
    return nearest(typed, candidates, most=most, limit=MOST_NEAREST)


def _alike_postgresql(typed: str) -> Select[tuple[str]]:
    """The known words that share trigrams with *typed*, most alike first."""
    known = search_words.c.word
    shared: list[ColumnElement[bool]] = [known.like(f"%{typed[i : i + 3]}%") for i in range(len(typed) - 2)]
    shared += [known.like(f"{typed[:2]}%"), known.like(f"%{typed[-2:]}")]
    alike = func.similarity(known, typed)
    return select(known).where(or_(*shared)).order_by(alike.desc(), known).limit(MOST_CANDIDATES)


def _alike_sqlite(typed: str) -> Select[tuple[str]]:
    """As on PostgreSQL; the index ranks rare trigrams higher, which measuring the slips evens out."""
    padded = f"  {typed} "
    trigrams = " OR ".join(f'"{padded[i : i + 3]}"' for i in range(len(padded) - 2))
    alike = text(
        "search_words.rowid IN (SELECT rowid FROM search_words_like WHERE search_words_like MATCH :trigrams"
        " ORDER BY rank LIMIT :most)"
    )
    return select(search_words.c.word).where(alike.bindparams(trigrams=trigrams, most=MOST_CANDIDATES))
