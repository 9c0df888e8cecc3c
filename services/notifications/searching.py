"""Searching alerts: every word that is asked for begins a word of the headline, a name in it or its network's name.

The words of headlines are indexed by the database (see the migration `search of alerts`): FTS5 on SQLite, a `tsvector`
under GIN on PostgreSQL. Names are looked up first and asked for as the ids that stand in the index, so that a name that
changes, or is erased, is found as it is now. A word that is part of more than MOST_NAMED names is sought in so many.

GIN brings all that has a word before the newest of it can be picked, and the planner takes the beginning of a word that
everybody uses for a rare one. So on PostgreSQL the NEAR newest alerts are looked at one by one, and the index is asked
where they are not enough.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import CTE, ColumnElement, Select, Table, cast, column, func, literal_column, or_, select, table, union
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import alerts, networks, people

MOST_WORDS = 8
MOST_NAMED = 1000
NEAR = 2000
"""Alerts that are looked at one by one: 1 ms, and enough for a page of what a quarter of all alerts say."""
_APART = re.compile(r"[\s\x00-\x1f\x7f\u2000-\u206f!-/:-@\[-`{-~]+")
_BY_CHANCE = re.compile(r"^(?:person )?[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-(?=[0-9a-f]{4}-[0-9a-f]{12}$)")
_PART_OF_AN_ID = re.compile(r"[0-9a-f]+|p?e?r?s?o?n?")
_words = table("alerts_words", column("rowid"), column("alerts_words"))


@dataclass(frozen=True, slots=True)
class Word:
    """A word that is asked for, with the people and networks whose names it is part of."""

    text: str
    people: Sequence[str]
    networks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for, as the database of this deployment is asked."""

    words: Sequence[Word]
    network_id: str
    is_postgres: bool

    def offsets(self, *, before: int, limit: int) -> Select[int]:
        """The newest *limit* offsets before one, newest first."""
        if self.is_postgres:
            return self._near_else_far(before, limit)
        rowid = _words.c.rowid
        near = select(rowid).where(_words.c.alerts_words.op("MATCH")(self._fts5()), rowid < before)
        if odd := self._odd():
            near = near.join(alerts, alerts.c.offset == rowid).where(*odd)
        return near.order_by(rowid.desc()).limit(limit)

    def _near_else_far(self, before: int, limit: int) -> Select[int]:
        offset, network_id = alerts.c.offset, alerts.c.network_id
        words: ColumnElement[str] = literal_column("alerts.words").label("words")
        newest = select(offset, network_id, words).where(offset < before).order_by(offset.desc()).limit(NEAR).subquery()
        near = _at_once("near", select(newest.c.offset).where(*self._fits(newest.c.words, newest.c.network_id)))
        enough = select(func.count()).select_from(near).scalar_subquery() >= limit
        far = _at_once("far", select(offset).where(offset < before, ~enough, *self._fits(words, network_id)))
        found = union(select(near.c.offset), select(far.c.offset)).subquery()
        return select(found.c.offset).order_by(found.c.offset.desc()).limit(limit)

    def _fits(self, words: ColumnElement[str], network_id: ColumnElement[str]) -> list[ColumnElement[bool]]:
        said = words.op("@@")(cast(self._tsquery(), TSQUERY))
        return [said, *([network_id == self.network_id] if self.network_id else [])]

    def _odd(self) -> list[ColumnElement[bool]]:
        """FTS5 has the ids of people among the words: a word that may be part of one is compared once more."""
        return [_read_by_people(word) for word in self.words if _PART_OF_AN_ID.fullmatch(word.text)]

    def _fts5(self) -> str:
        within = [f"(network_id : {_phrase(self.network_id)})"] if self.network_id else []
        return " AND ".join([*within, *(f"({_either(word)})" for word in self.words)])

    def _tsquery(self) -> str:
        return " & ".join(
            "({})".format(
                " | ".join([f"'{word.text}':*", *_lexemes("@p", word.people), *_lexemes("@n", word.networks)])
            )
            for word in self.words
        )


def _at_once(name: str, query: Select[int]) -> CTE:
    """All of *query*: the planner may not go through the alerts in order for the sake of the first few."""
    return query.cte(name).prefix_with("MATERIALIZED")


async def search_for(session: AsyncSession, q: str, network_id: str = "") -> Search | None:
    """The search for *q* among all alerts, or those of one network; None where nothing is asked for."""
    said = words_in(q)
    if not said:
        return None
    words = [
        Word(text, await _named(session, people, {typed, text}), await _named(session, networks, {typed, text}))
        for text, typed in said.items()
    ]
    return Search(words, network_id, session.get_bind().dialect.name == "postgresql")


def words_in(q: str) -> dict[str, str]:
    """The words that are asked for as the index has them, small and without accents → as they were typed."""
    typed = [word for word in _APART.split(q) if word]
    return {_plain(word): word for word in typed[:MOST_WORDS] if _plain(word)}


def _plain(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)).lower()


async def _named(session: AsyncSession, names: Table, texts: Iterable[str]) -> Sequence[str]:
    """Those in whose names one of *texts* stands."""
    stands = or_(*(names.c.name.icontains(text, autoescape=True) for text in sorted(texts)))
    return (await session.execute(select(names.c.id).where(stands).limit(MOST_NAMED))).scalars().all()


def _either(word: Word) -> str:
    named = [f"headline : {_phrase(_rare('person ' + person_id))}" for person_id in word.people]
    called = [f"network_id : {_phrase(_rare(network_id))}" for network_id in word.networks]
    return " OR ".join([f"headline : {_phrase(word.text)} *", *named, *called])


def _rare(text: str) -> str:
    """*text* without what many have: of an id of ours (UUIDv7) the 62 bits that are chance, and not its time. FTS5 goes
    through all that has any word of a phrase, and ids that were made together begin with the same words.
    """
    return _BY_CHANCE.sub("", text)


def _phrase(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"'


def _lexemes(kind: str, ids: Sequence[str]) -> list[str]:
    return ["'{}'".format(f"{kind}{one}".replace("\\", "\\\\").replace("'", "''")) for one in ids]


def _read_by_people(word: Word) -> ColumnElement[bool]:
    in_names = [alerts.c.headline.contains(f"{{person:{one}}}", autoescape=True) for one in word.people]
    called = alerts.c.network_id.in_(word.networks)
    return or_(alerts.c.headline.not_like("%{person:%"), called, *in_names)
