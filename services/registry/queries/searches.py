"""Saved searches, and what came to match them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.searches import NoSuchSearch
from services.registry.queries.directory import having_words
from services.registry.queries.leads import question_in
from services.registry.queries.words import sought
from services.registry.searching import typed_words
from services.registry.tables import Network, SavedMatch, SavedSearch
from shared.auth import Principal


async def as_meant(session: AsyncSession, q: str, chosen: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """What *q* and *chosen* find, as words and facets that find it again: a question taken apart, slips corrected."""
    question = await question_in(session, q)
    if question is not None:
        q, chosen = question.words, {**chosen, "sha": chosen.get("sha") or question.sha}
    what, _ = await having_words(session, await sought(session, q), [Network.archived.is_(False)])
    meant = {term.typed: term.near[0] for term in what.terms if term.near and not term.begun}
    if meant:
        q = " ".join(meant.get(word, word) for word in typed_words(q))
    return q, dict(chosen)


async def searches_of(session: AsyncSession, by: Principal) -> list[Row[SavedSearch, int]]:
    """A person's searches in the order of their names, with how many networks came to match each."""
    matched = select(func.count()).where(SavedMatch.search_id == SavedSearch.id).scalar_subquery()
    query = select(SavedSearch, matched.label("matched")).where(SavedSearch.person_id == by.person_id)
    return list(await session.execute(query.order_by(func.lower(SavedSearch.name), SavedSearch.id)))


async def search_at(session: AsyncSession, search_id: str, by: Principal) -> SavedSearch:
    """One of a person's searches. Raises NoSuchSearch."""
    search = await session.get(SavedSearch, search_id)
    if search is None or search.person_id != by.person_id:
        raise NoSuchSearch
    return search


async def matched_by(session: AsyncSession, search_id: str, *, limit: int) -> list[Row[Network, SavedMatch]]:
    """The networks that came to match a search, the latest first."""
    query = (
        select(Network, SavedMatch).join(SavedMatch, SavedMatch.network_id == Network.id)
        .where(SavedMatch.search_id == search_id)
        .order_by(SavedMatch.matched_at.desc(), Network.id)
    )  # fmt: skip
    return list(await session.execute(query.limit(limit)))
