"""Evidence that networks meet their standards."""

from __future__ import annotations

from fastapi import Response

from services.registry import commands, queries
from services.registry.access import network_editors
from services.registry.api.networks import Limit
from services.registry.schemas.evidence import Evidence, EvidenceFields, NewEvidence
from shared.auth import Principal, Session, anyone, may
from shared.boundary import ChangeBody, IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["standards"])


@router.get("/networks/{network_id}/evidence")
async def list_evidence(
    network_id: str, session: Session, kind: str = "", limit: Limit = 25, cursor: str | None = None,
    _by: Principal = may(anyone, "networks:read"),
) -> Page[Evidence]:  # fmt: skip
    """A network's evidence, the newest first; what lapsed or was retracted too."""
    network = await queries.network_at(session, network_id)
    items, following, total = await queries.evidence_page(session, network.id, kind=kind, limit=limit, cursor=cursor)
    return Page(items=items, next=following, total=total)


@router.post("/networks/{network_id}/evidence", status_code=201)
async def record_evidence(
    network_id: str, body: NewEvidence, session: Session, response: Response,
    by: Principal = may(network_editors, "networks:write"),
) -> Evidence:  # fmt: skip
    """Record evidence of a kind that a standard asks for."""
    fields = {"review_by": None, **body.given()}
    evidence = await commands.record_evidence(
        session, network_id=network_id, fields=fields, by=by, reason=body.reason, minor=body.minor
    )
    etag(response, evidence.revision)
    return await queries.evidence_shown(session, evidence)


@router.patch("/networks/{network_id}/evidence/{evidence_id}")
async def change_evidence(
    network_id: str, evidence_id: str, body: EvidenceFields, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(network_editors, "networks:write"),
) -> Evidence:  # fmt: skip
    """Change its title, link, date or day of review."""
    evidence = await commands.change_evidence(
        session, network_id=network_id, evidence_id=evidence_id, fields=body.given(), by=by, expected=expected,
        reason=body.reason, minor=body.minor,
    )  # fmt: skip
    etag(response, evidence.revision)
    return await queries.evidence_shown(session, evidence)


@router.post("/networks/{network_id}/evidence/{evidence_id}/retract")
async def retract_evidence(
    network_id: str, evidence_id: str, body: ChangeBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(network_editors, "networks:write"),
) -> Evidence:  # fmt: skip
    """Let it no longer count; it stays readable."""
    evidence = await commands.retract_evidence(
        session, network_id=network_id, evidence_id=evidence_id, by=by, expected=expected,
        reason=body.reason, minor=body.minor,
    )  # fmt: skip
    etag(response, evidence.revision)
    return await queries.evidence_shown(session, evidence)
