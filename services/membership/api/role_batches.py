"""One role of one person in many networks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from services.membership.commands import role_batches as commands
from services.membership.queries import role_batches as queries
from services.membership.schemas.role_batches import NewRoleBatch, RoleBatch, WholeRoleBatch
from shared.auth import Principal, Session, anyone, may, staff
from shared.boundary import ChangeBody, Router, etag
from shared.fields import Page

router = Router(tags=["membership"])


@router.get("/role-batches")
async def list_role_batches(
    session: Session, limit: Annotated[int, Query(ge=1, le=100)] = 25,
    cursor: Annotated[str, Query(max_length=64)] = "", _by: Principal = may(staff, "networks:read"),
) -> Page[RoleBatch]:  # fmt: skip
    """Roles that were given or ended in many networks together, the newest first."""
    items, following, total = await queries.role_batches_page(session, before=cursor, limit=limit)
    return Page(items=items, next=following, total=total)


@router.post("/role-batches", status_code=201)
async def change_role_together(
    body: NewRoleBatch, session: Session, response: Response, by: Principal = may(staff, "networks:write")
) -> WholeRoleBatch:
    """Give somebody a role in many networks from today, or end it: all or none, told once. Where some cannot, `errors`
    says of each why (`field` is its id)."""
    batch = await commands.change_role_together(
        session, network_ids=body.networks, person_id=body.person_id, role=body.role, ends=body.ends, by=by,
        reason=body.reason, minor=body.minor,
    )  # fmt: skip
    response.headers["location"] = f"/api/role-batches/{batch.id}"
    return await _shown(session, batch.id, response)


@router.get("/role-batches/{batch_id}")
async def get_role_batch(
    batch_id: str, session: Session, response: Response, _by: Principal = may(anyone, "networks:read")
) -> WholeRoleBatch:
    """One, with its networks and who held the role before: whoever is told of it can read what it was."""
    return await _shown(session, batch_id, response)


@router.post("/role-batches/{batch_id}/undo")
async def undo_role_batch(
    batch_id: str, body: ChangeBody, session: Session, response: Response, by: Principal = may(staff, "networks:write")
) -> WholeRoleBatch:
    """Let the role stand as before in each network; those where it was changed since are left as they are."""
    await commands.undo_role_batch(session, batch_id=batch_id, by=by, reason=body.reason)
    return await _shown(session, batch_id, response)


async def _shown(session: Session, batch_id: str, response: Response) -> WholeRoleBatch:
    await session.flush()
    found = await queries.role_batch_at(session, batch_id)
    etag(response, found.revision)
    return found
