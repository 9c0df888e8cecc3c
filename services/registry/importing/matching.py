"""Whose saved searches the networks of an import come to match: each owner is told once of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.searches import before_of, told_of_import, told_of_network
from services.registry.searching import beginnings_in, matches, searched_words
from services.registry.tables import Import, SavedMatch, SavedSearch
from services.registry.tables.searches import KEPT
from shared import clock
from shared.db import among
from shared.envelope import Envelope
from shared.outbox import Change
from shared.staging import Stage

MATCHES = SavedMatch.__table__


@dataclass(slots=True)
class Found:
    """How many networks somebody is to be told of, and the first of them."""

    state: Mapping[str, Any]
    count: int = 0


class Matches:
    """Gathers what came to match which searches."""

    def __init__(self, searches: Sequence[SavedSearch], stage: Stage) -> None:
        """Of *searches*, all that were saved; what is told is noted on *stage*."""
        self._stage = stage
        self._by_beginning: dict[str, list[SavedSearch]] = {}
        for search in searches:
            self._by_beginning.setdefault(search.begins, []).append(search)
        self._found: dict[str, Found] = {}

    async def note(self, session: AsyncSession, messages: Sequence[Envelope]) -> None:
        """Take in what *messages* say of networks."""
        if not self._by_beginning:
            return
        new = [(search, message.state) for message in messages for search in self._newly(message)]
        told = await _told_before(session, [(search.id, state["id"]) for search, state in new])
        new = [(search, state) for search, state in new if (search.id, state["id"]) not in told]
        for person, state in {(s.person_id, state["id"]): (s.person_id, state) for s, state in new}.values():
            self._found.setdefault(person, Found(state)).count += 1
        now = clock.now()
        rows = [{"search_id": search.id, "network_id": state["id"], "matched_at": now} for search, state in new]
        await self._stage.add(MATCHES, rows)  # type: ignore[arg-type]

    def _newly(self, message: Envelope) -> list[SavedSearch]:
        state, before = message.state, before_of(message)
        begun = self._by_beginning.keys() & beginnings_in(searched_words(state))
        likely = (search for beginning in begun for search in self._by_beginning[beginning])
        return [s for s in likely if _is_match(s, state) and not (before and _is_match(s, before))]

    async def pour(self) -> None:
        """Note who is told of what, in the transaction of the stage."""
        await self._stage.pour(MATCHES, "ON CONFLICT DO NOTHING")  # type: ignore[arg-type]

    def told(self, record: Import) -> list[Change]:
        """What the owners are told: the network where it is one, else how many."""
        ones: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
        many: dict[int, list[str]] = {}
        for person, found in self._found.items():
            if found.count == 1:
                ones.setdefault(found.state["id"], (found.state, []))[1].append(person)
            else:
                many.setdefault(found.count, []).append(person)
        told = [change for state, people in ones.values() for change in told_of_network(state, people)]
        return told + [c for count, people in many.items() for c in told_of_import(record.id, count, people)]


async def matches_of(session: AsyncSession, record: Import, stage: Stage) -> Matches:
    """Ready to gather; a minor import tells nobody."""
    searches = [] if record.minor else list((await session.execute(select(SavedSearch))).scalars())
    for search in searches:
        session.expunge(search)
    return Matches(searches, stage)


def _is_match(search: SavedSearch, state: Mapping[str, Any]) -> bool:
    return matches(state, q=search.q, chosen={facet: getattr(search, facet) for facet in KEPT})


async def _told_before(session: AsyncSession, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    if not pairs:
        return set()
    query = select(SavedMatch.search_id, SavedMatch.network_id).where(
        among(session, SavedMatch.search_id, sorted({search for search, _ in pairs})),
        among(session, SavedMatch.network_id, sorted({network for _, network in pairs})),
    )
    return {(search, network) for search, network in await session.execute(query)}
