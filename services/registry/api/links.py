"""Links between networks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from services.registry import commands, queries
from services.registry.access import link_editors, network_editors
from services.registry.schemas.history import Entry
from services.registry.schemas.links import Kind, Link, LinkFields, NewLink, Status
from services.registry.tables import Link as LinkRow
from shared.auth import Principal, Session, anyone, may
from shared.boundary import ChangeBody, IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["links"])
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=100)]


@router.get("/networks/{network_id}/links")
async def list_links(
    network_id: str, session: Session, kind: Kind | None = None, status: Status | None = None, limit: Limit = 100,
    cursor: Cursor = None, by: Principal = may(anyone, "networks:read"),
) -> Page[Link]:  # fmt: skip
    """The links of a network, the newest first; what is only proposed is shown to its editors and to staff."""
    network = await queries.network_at(session, network_id)
    found, following, total = await queries.links_page(
        session, network.id, kind=kind or "", status=status or "", by=by, limit=limit, cursor=cursor
    )
    return Page(items=found, next=following, total=total)


@router.post("/networks/{network_id}/links", status_code=201)
async def add_link(
    network_id: str, body: NewLink, session: Session, response: Response,
    by: Principal = may(network_editors, "networks:write"),
) -> Link:  # fmt: skip
    """Link this network to another; the other's editors are asked to confirm, unless staff or they themselves link."""
    fields = body.model_dump(exclude={"reason", "minor"})
    link = await commands.add_link(
        session, network_id=network_id, by=by, reason=body.reason, minor=body.minor, **fields
    )
    response.headers["location"] = f"/api/links/{link.id}"
    return await _shown(session, link, response)


@router.get("/links/{link_id}")
async def get_link(
    link_id: str, session: Session, response: Response, by: Principal = may(anyone, "networks:read")
) -> Link:
    """One link."""
    return await _shown(session, await queries.link_at(session, link_id, by), response)


@router.patch("/links/{link_id}")
async def change_link(
    link_id: str, body: LinkFields, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(link_editors, "networks:write"),
) -> Link:  # fmt: skip
    """Change the note or the first day of a link; `to`, its last day, ends it."""
    fields = {name: value for name, value in body.fields().items() if value is not None}
    link = await commands.change_link(
        session, link_id=link_id, fields=fields, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    return await _shown(session, link, response)


@router.post("/links/{link_id}/confirm")
async def confirm_link(
    link_id: str, body: ChangeBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(link_editors, "networks:write"),
) -> Link:  # fmt: skip
    """Agree to a link that the other network proposed."""
    link = await commands.confirm_link(
        session, link_id=link_id, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    return await _shown(session, link, response)


@router.post("/links/{link_id}/decline")
async def decline_link(
    link_id: str, body: ChangeBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(link_editors, "networks:write"),
) -> Link:  # fmt: skip
    """Decline a link that the other network proposed, or withdraw what your own proposed."""
    link = await commands.drop_link(
        session, link_id=link_id, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    return await _shown(session, link, response)


@router.get("/links/{link_id}/history")
async def list_link_history(
    link_id: str, session: Session, limit: Annotated[int, Query(ge=1, le=100)] = 25, cursor: Cursor = None,
    by: Principal = may(anyone, "networks:read"),
) -> Page[Entry]:  # fmt: skip
    """The changes of a link, newest first."""
    link = await queries.link_at(session, link_id, by)
    return await queries.history_page(session, link.id, by, limit=limit, cursor=cursor)


async def _shown(session: Session, link: LinkRow, response: Response) -> Link:
    await session.flush()
    etag(response, link.revision)
    return (await queries.links_shown(session, [link]))[0]
