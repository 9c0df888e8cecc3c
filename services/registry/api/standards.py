"""Standards, how networks stand against them, and what a changed one would do."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.registry import commands, queries
from services.registry.api.networks import Limit
from services.registry.schemas.history import Entry
from services.registry.schemas.standards import (
    DryRun,
    NetworkStandards,
    NewStandard,
    ProposedStandard,
    Standard,
    StandardFields,
)
from shared.auth import Principal, Session, anyone, may, staff
from shared.boundary import IfMatch, Question, Router, etag
from shared.fields import Page

router = Router(tags=["standards"])
asking = APIRouter(tags=["standards"], route_class=Question)


@router.get("/networks/{network_id}/standards")
async def list_network_standards(
    network_id: str, session: Session, _by: Principal = may(anyone, "networks:read")
) -> NetworkStandards:
    """A network against the standards of its stage: what is met by what, what is missing, and where it may go."""
    return await queries.network_standards(session, await queries.network_at(session, network_id))


@router.get("/standards")
async def list_standards(
    session: Session, retired: bool = False, _by: Principal = may(anyone, "networks:read")
) -> Page[Standard]:
    """The standards that networks are held to; with `retired` also those of the past."""
    items = await queries.standards_shown(session, retired=retired)
    return Page(items=items, total=len(items))


@router.post("/standards", status_code=201)
async def add_standard(
    body: NewStandard, session: Session, response: Response, by: Principal = may(staff, "networks:write")
) -> Standard:
    """Add a standard. The networks of its stages are judged anew at once; try it first with `/standards/dry-run`."""
    standard = await commands.add_standard(
        session, fields=body.fields_kept(), by=by, reason=body.reason, minor=body.minor
    )
    response.headers["location"] = f"/api/standards/{standard.id}"
    etag(response, standard.revision)
    return queries.standard_shown(standard)


@asking.post("/standards/dry-run")
async def dry_run(body: ProposedStandard, session: Session, _by: Principal = may(staff, "networks:write")) -> DryRun:
    """Which networks would turn red, amber or green were this standard saved. Nothing is changed."""
    try:
        return await queries.dry_run(session, body)
    except ValidationError as error:  # a new one that lacks something is refused as POST /standards refuses it
        raise RequestValidationError(error.errors()) from None


@router.get("/standards/{standard_id}")
async def get_standard(
    standard_id: str, session: Session, response: Response, _by: Principal = may(anyone, "networks:read")
) -> Standard:
    """One standard, by its id or its code."""
    standard = await queries.standard_at(session, standard_id)
    etag(response, standard.revision)
    return queries.standard_shown(standard, await queries.met_or_not(session, standard.id))


@router.get("/standards/{standard_id}/history")
async def list_standard_history(
    standard_id: str, session: Session, limit: Limit = 25, cursor: str | None = None,
    by: Principal = may(staff, "networks:read"),
) -> Page[Entry]:  # fmt: skip
    """Who changed what of a standard, when and why; the newest first."""
    standard = await queries.standard_at(session, standard_id)
    return await queries.history_page(session, standard.id, by, limit=limit, cursor=cursor)


@router.patch("/standards/{standard_id}")
async def change_standard(
    standard_id: str, body: StandardFields, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "networks:write"),
) -> Standard:  # fmt: skip
    """Change some of a standard; `retired` takes it out of force, or brings it back."""
    standard = await commands.change_standard(
        session, standard_id=standard_id, fields=body.fields_kept(), by=by, expected=expected,
        reason=body.reason, minor=body.minor,
    )  # fmt: skip
    etag(response, standard.revision)
    return queries.standard_shown(standard, await queries.met_or_not(session, standard.id))
