"""Saved searches: kept for their owner, who is told of each network that comes to match, once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.searching import SEARCHED, beginning_of, beginnings_in, matches, searched_words
from services.registry.tables import SavedMatch, SavedSearch
from services.registry.tables.searches import KEPT
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.registry import SAVED_SEARCH_MATCHED, SavedSearchState
from shared.db import among
from shared.envelope import Envelope, new_id
from shared.errors import Conflict, NotFound, Unprocessable
from shared.outbox import Change, change, publish
from shared.rows import insert_rows

MOST_SAVED = 50
MATCHED = {*SEARCHED, *KEPT, "bodies", "archived"}
"""The fields that decide what a network matches: a change of others makes it match nothing new."""
TOLD_AT_ONCE = 500
"""People whom one message concerns."""


class NoSuchSearch(NotFound):
    """You have saved no search at this address; your searches are at /searches."""


class NothingSought(Unprocessable):
    """Say what to look for: a search without words and without a choice would match every network."""


class TooManySearches(Conflict):
    """You have saved fifty searches; delete one that you no longer need."""


class SearchNameTaken(Conflict):
    """You have saved a search of this name already; choose another name."""


async def save_search(
    session: AsyncSession, *, name: str, q: str, chosen: Mapping[str, str], by: Principal
) -> SavedSearch:
    """Save a search. Raises NothingSought, TooManySearches, SearchNameTaken."""
    if not q.strip() and not any(chosen.values()):
        raise NothingSought
    held = select(func.count()).where(SavedSearch.person_id == by.person_id)
    if (await session.execute(held)).scalar_one() >= MOST_SAVED:
        raise TooManySearches
    await _require_free_name(session, name, by)
    facets = {facet: chosen.get(facet, "") for facet in KEPT}
    search = SavedSearch(
        id=new_id(), revision=1, person_id=by.person_id, name=name, q=q, begins=beginning_of(q),
        created_at=clock.now(), **facets,
    )  # fmt: skip
    session.add(search)
    await session.flush()
    return search


async def rename_search(
    session: AsyncSession, *, search_id: str, name: str, by: Principal, expected: int | None = None
) -> SavedSearch:
    """Give a search another name. Raises NoSuchSearch, ChangedMeanwhile, SearchNameTaken."""
    search = await _own(session, search_id, by)
    require_revision(expected, search.revision)
    if name != search.name:
        await _require_free_name(session, name, by)
        search.name = name
        search.revision += 1
    return search


async def delete_search(session: AsyncSession, *, search_id: str, by: Principal) -> None:
    """Forget a search and what was told because of it. Raises NoSuchSearch."""
    search = await _own(session, search_id, by)
    await session.execute(delete(SavedMatch).where(SavedMatch.search_id == search.id))
    await session.delete(search)


async def forget_searches(session: AsyncSession, person_ids: Iterable[str]) -> None:
    """Forget all that these people saved."""
    theirs = select(SavedSearch.id).where(SavedSearch.person_id.in_(list(person_ids)))
    await session.execute(delete(SavedMatch).where(SavedMatch.search_id.in_(theirs)))
    await session.execute(delete(SavedSearch).where(SavedSearch.person_id.in_(list(person_ids))))


async def tell_of_matches(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Tell the owners of searches that networks came to match, of each network once for each search.

    A change that was not announced, because it is minor, tells nobody here either.
    """
    told: list[Change] = []
    for message in messages:
        if message.data and message.announcement is not None and MATCHED & (message.data.get("changes") or {}).keys():
            searches = await newly_matched(session, message.state, before_of(message), since=message)
            told += await _noted(session, message.state, searches)
    await publish(session, *told)


def before_of(message: Envelope) -> dict[str, Any] | None:
    """The state before a change, None where there was none."""
    changes = (message.data or {}).get("changes") or {}
    if (changes.get("name") or [""])[0] is None:
        return None
    return {**message.state, **{field: pair[0] for field, pair in changes.items()}}


async def newly_matched(
    session: AsyncSession, state: Mapping[str, Any], before: Mapping[str, Any] | None, *, since: Envelope | None = None
) -> list[SavedSearch]:
    """The saved searches that a network matches in this *state* and did not *before*; saved earlier than *since*.

    One network is looked up among the searches, by how one of its words begins and by its facets: the register is not
    searched, and a search that cannot match is not read.
    """
    s = SavedSearch
    words = searched_words(state)
    may_match = [among(session, s.__table__.c.begins, sorted(beginnings_in(words)))]
    may_match += [getattr(s, facet).in_(("", state[facet])) for facet in KEPT if facet != "sha"]
    may_match.append(s.sha.in_(("", *state["bodies"])))
    if since is not None:
        may_match.append(s.created_at <= since.time)
    found = (await session.execute(select(s).where(*may_match).order_by(s.id))).scalars()
    return [search for search in found if _matches(search, state) and not (before and _matches(search, before))]


def _matches(search: SavedSearch, state: Mapping[str, Any]) -> bool:
    return matches(state, q=search.q, chosen={facet: getattr(search, facet) for facet in KEPT})


async def _noted(session: AsyncSession, state: Mapping[str, Any], searches: Sequence[SavedSearch]) -> list[Change]:
    """Note which owners are told of a network, and what they are told: those who were told before are left out."""
    if not searches:
        return []
    rows = [{"search_id": s.id, "network_id": state["id"], "matched_at": clock.now()} for s in searches]
    noted = await insert_rows(session, SavedMatch.__table__, rows, "ON CONFLICT DO NOTHING RETURNING search_id")  # type: ignore[arg-type]
    new = {search_id for (search_id,) in noted}
    people = list(dict.fromkeys(search.person_id for search in searches if search.id in new))
    return told_of_network(state, people)


def told_of_network(state: Mapping[str, Any], people: Sequence[str]) -> list[Change]:
    """What *people* are told of one network that came to match."""
    headline, path = f"{state['name']} now matches a search that you saved", f"/networks/{state['slug']}"
    return _told(headline, path, people, network_id=state["id"])


def told_of_import(import_id: str, count: int, people: Sequence[str]) -> list[Change]:
    """What *people* are told of several networks that one import brought, once for all of them."""
    headline = f"{count:,} networks of one import now match searches that you saved"
    return _told(headline, f"/networks/imports/{import_id}", people, import_id=import_id)


def _told(headline: str, path: str, people: Sequence[str], **about: str) -> list[Change]:
    told = []
    for first in range(0, len(people), TOLD_AT_ONCE):
        concerns, identity = Concerns(people=tuple(people[first : first + TOLD_AT_ONCE])), new_id()
        said = Announcement(
            headline=headline[:300],
            category="governance",
            path=path,
            concerns=concerns,
            about=about.get("network_id", ""),
        )
        match = SavedSearchState(id=identity, revision=1, **about)
        told.append(change(SAVED_SEARCH_MATCHED, match, key=identity, announcement=said))
    return told


async def _own(session: AsyncSession, search_id: str, by: Principal) -> SavedSearch:
    search = await session.get(SavedSearch, search_id, with_for_update=True)
    if search is None or search.person_id != by.person_id:
        raise NoSuchSearch
    return search


async def _require_free_name(session: AsyncSession, name: str, by: Principal) -> None:
    same = select(SavedSearch.id).where(SavedSearch.person_id == by.person_id, SavedSearch.name == name)
    if (await session.execute(same.limit(1))).first() is not None:
        raise SearchNameTaken
