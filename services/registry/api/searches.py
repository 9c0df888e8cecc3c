"""Saved searches: everybody's own, and nobody else's."""

from __future__ import annotations

from fastapi import Response

from services.registry import commands, queries
from services.registry.schemas.searches import MatchedNetwork, RenameBody, Search, SearchBody, SearchWithMatches
from services.registry.tables.searches import KEPT
from shared.auth import Principal, Session, may, signed_in
from shared.boundary import ChangeBody, IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["networks"])
MATCHES_SHOWN = 100


@router.get("/searches")
async def list_searches(session: Session, by: Principal = may(signed_in, "alerts:read")) -> Page[Search]:
    """Your saved searches."""
    rows = await queries.searches_of(session, by)
    items = [Search.model_validate(search).model_copy(update={"matched": matched}) for search, matched in rows]
    return Page(items=items, total=len(items))


@router.post("/searches", status_code=201)
async def save_search(
    body: SearchBody, session: Session, response: Response, by: Principal = may(signed_in, "alerts:write")
) -> Search:
    """Save a search; you are told of each network that comes to match it."""
    q, chosen = await queries.as_meant(session, body.q, body.model_dump(include=set(KEPT)))
    search = await commands.save_search(session, name=body.name, q=q, chosen=chosen, by=by)
    response.headers["location"] = f"/api/searches/{search.id}"
    etag(response, search.revision)
    return Search.model_validate(search)


@router.get("/searches/{search_id}")
async def get_search(
    search_id: str, session: Session, response: Response, by: Principal = may(signed_in, "alerts:read")
) -> SearchWithMatches:
    """One of your saved searches, with the networks that came to match it."""
    search = await queries.search_at(session, search_id, by)
    rows = await queries.matched_by(session, search.id, limit=MATCHES_SHOWN)
    matches = [
        MatchedNetwork(id=network.id, slug=network.slug, name=network.name, matched_at=match.matched_at)
        for network, match in rows
    ]
    etag(response, search.revision)
    shown = Search.model_validate(search).model_dump()
    return SearchWithMatches(**{**shown, "matched": len(matches)}, matches=matches)


@router.patch("/searches/{search_id}")
async def rename_search(
    search_id: str, body: RenameBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(signed_in, "alerts:write"),
) -> Search:  # fmt: skip
    """Give one of your searches another name."""
    search = await commands.rename_search(session, search_id=search_id, name=body.name, by=by, expected=expected)
    etag(response, search.revision)
    return Search.model_validate(search)


@router.post("/searches/{search_id}/delete", status_code=204)
async def delete_search(
    search_id: str, _body: ChangeBody, session: Session, by: Principal = may(signed_in, "alerts:write")
) -> None:
    """Forget one of your searches."""
    await commands.delete_search(session, search_id=search_id, by=by)
