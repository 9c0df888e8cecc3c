"""Overlaps between networks: found by the register, decided by people."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from services.registry import commands, queries
from services.registry.access import network_editors, overlap_editors
from services.registry.schemas.links import Link
from services.registry.schemas.overlaps import AcceptOverlap, DismissOverlap, Overlap, OverlapStatus
from shared.auth import Principal, Session, may, staff
from shared.boundary import IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["links"])
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/overlaps")
async def list_overlaps(
    session: Session, status: OverlapStatus = "open", care_group: str = "", sha: str = "", limit: Limit = 25,
    cursor: Cursor = None, _by: Principal = may(staff, "networks:read"),
) -> Page[Overlap]:  # fmt: skip
    """Networks that may belong together and are not linked, the strongest suggestion first."""
    found, following, total = await queries.overlaps_page(
        session, status=status, care_group=care_group, sha=sha, limit=limit, cursor=cursor
    )
    return Page(items=found, next=following, total=total)


@router.get("/networks/{network_id}/overlaps")
async def list_network_overlaps(
    network_id: str, session: Session, status: OverlapStatus = "open", limit: Limit = 25, cursor: Cursor = None,
    _by: Principal = may(network_editors, "networks:read"),
) -> Page[Overlap]:  # fmt: skip
    """What one network may belong together with."""
    found, following, total = await queries.overlaps_page(
        session, status=status, network_id=network_id, limit=limit, cursor=cursor
    )
    return Page(items=found, next=following, total=total)


@router.post("/overlaps/{overlap_id}/accept", status_code=201)
async def accept_overlap(
    overlap_id: str, body: AcceptOverlap, session: Session, response: Response,
    by: Principal = may(overlap_editors, "networks:write"),
) -> Link:  # fmt: skip
    """Link the two networks; the other's editors are asked to confirm, unless staff link."""
    fields = body.model_dump(exclude={"reason", "minor"})
    link = await commands.accept_overlap(
        session, overlap_id=overlap_id, by=by, reason=body.reason, minor=body.minor, **fields
    )
    response.headers["location"] = f"/api/links/{link.id}"
    etag(response, link.revision)
    return (await queries.links_shown(session, [link]))[0]


@router.post("/overlaps/{overlap_id}/dismiss")
async def dismiss_overlap(
    overlap_id: str, body: DismissOverlap, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(overlap_editors, "networks:write"),
) -> Overlap:  # fmt: skip
    """Say that no link is needed; it is not suggested again until more people or another area are in common."""
    overlap = await commands.dismiss_overlap(
        session, overlap_id=overlap_id, by=by, reason=body.reason, expected=expected
    )
    etag(response, overlap.revision)
    return (await queries.overlaps_shown(session, [overlap]))[0]
