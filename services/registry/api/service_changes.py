"""Service changes, their approval, and what they mean for the workforce."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query, Response

from services.registry import commands, queries
from services.registry.access import change_editors, change_leads, network_editors, overseers
from services.registry.api.networks import Limit
from services.registry.schemas.service_changes import (
    NewServiceChange,
    ServiceChange,
    ServiceChangeDetail,
    ServiceChangeFields,
    StaffGroup,
    Status,
    WithReason,
    Workforce,
)
from services.registry.tables import ServiceChange as ServiceChangeRow
from shared.auth import Principal, Session, anyone, may
from shared.boundary import ChangeBody, IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["service changes"])
Cursor = Annotated[str | None, Query(max_length=100)]


@router.get("/service-changes")
async def list_all_service_changes(
    session: Session, sha: str = "", care_group: str = "", staff_group: str = "", status: Status | None = None,
    limit: Limit = 25, cursor: Cursor = None, by: Principal = may(anyone, "networks:read"),
) -> Page[ServiceChange]:  # fmt: skip
    """Service changes of all networks, as far as you may see them, the newest first."""
    wanted = {"sha": sha, "care_group": care_group, "staff_group": staff_group, "status": status or ""}
    return await _page(session, by, limit=limit, cursor=cursor, **wanted)


@router.get("/networks/{network_id}/service-changes")
async def list_service_changes(
    network_id: str, session: Session, status: Status | None = None, limit: Limit = 25, cursor: Cursor = None,
    by: Principal = may(anyone, "networks:read"),
) -> Page[ServiceChange]:  # fmt: skip
    """The service changes of a network, as far as you may see them, the newest first.

    What it approved anybody may see; proposals those with a role in it, its oversight bodies and staff."""
    network = await queries.network_at(session, network_id)
    return await _page(session, by, limit=limit, cursor=cursor, network_id=network.id, status=status or "")


@router.post("/networks/{network_id}/service-changes", status_code=201)
async def propose_service_change(
    network_id: str, body: NewServiceChange, session: Session, response: Response,
    by: Principal = may(network_editors, "networks:write"),
) -> ServiceChangeDetail:  # fmt: skip
    """Propose a change of a network's services, with its workforce impact."""
    fields = body.model_dump(exclude={"reason", "minor"})
    found = await commands.propose_service_change(
        session, network_id=network_id, fields=fields, by=by, reason=body.reason, minor=body.minor
    )
    response.headers["location"] = f"/api/service-changes/{found.id}"
    return await _shown(session, found, by, response)


@router.get("/service-changes/{change_id}")
async def get_service_change(
    change_id: str, session: Session, response: Response, by: Principal = may(anyone, "networks:read")
) -> ServiceChangeDetail:
    """One service change, with who approved it and whose approval it needs."""
    return await _shown(session, await queries.service_change_at(session, change_id, by), by, response)


@router.patch("/service-changes/{change_id}")
async def change_service_change(
    change_id: str, body: ServiceChangeFields, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(change_editors, "networks:write"),
) -> ServiceChangeDetail:  # fmt: skip
    """Change a proposal; its approval begins anew."""
    sent = body.model_dump(exclude={"reason", "minor"})  # whole, so that each row of the impact has every field
    fields = {name: value for name, value in sent.items() if value is not None}
    found = await commands.change_service_change(
        session, change_id=change_id, fields=fields, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    return await _shown(session, found, by, response)


@router.post("/service-changes/{change_id}/approve")
async def approve_service_change(
    change_id: str, body: ChangeBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(change_leads, "networks:write"),
) -> ServiceChangeDetail:  # fmt: skip
    """Approve a proposal as one of the network's leads."""
    found = await commands.approve_service_change(
        session, change_id=change_id, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    return await _shown(session, found, by, response)


@router.post("/service-changes/{change_id}/decline")
async def decline_service_change(
    change_id: str, body: WithReason, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(change_leads, "networks:write"),
) -> ServiceChangeDetail:  # fmt: skip
    """Decline a proposal as one of the network's leads, and say why."""
    found = await commands.decline_service_change(
        session, change_id=change_id, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    return await _shown(session, found, by, response)


@router.post("/service-changes/{change_id}/withdraw")
async def withdraw_service_change(
    change_id: str, body: WithReason, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(change_editors, "networks:write"),
) -> ServiceChangeDetail:  # fmt: skip
    """Withdraw a service change, and say why."""
    found = await commands.withdraw_service_change(
        session, change_id=change_id, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    return await _shown(session, found, by, response)


@router.get("/workforce")
async def show_workforce(
    session: Session, sha: str = "", care_group: str = "", staff_group: str = "", proposed: bool = False,
    start: Annotated[date | None, Query(alias="from")] = None, end: Annotated[date | None, Query(alias="to")] = None,
    by: Principal = may(overseers, "networks:read"),
) -> Workforce:  # fmt: skip
    """What approved service changes mean for the workforce; with `proposed`, what those that you may see would too."""
    wanted = queries.Wanted(by, sha, care_group, staff_group, start, end, proposed)
    return await queries.workforce(session, wanted)


@router.get("/staff-groups")
async def list_staff_groups(session: Session, _by: Principal = may(anyone, "networks:read")) -> Page[StaffGroup]:
    """The staff groups."""
    items = [StaffGroup(code=group.code, name=group.name) for group in await queries.staff_groups(session)]
    return Page(items=items, total=len(items))


async def _page(
    session: Session, by: Principal, *, limit: int, cursor: str | None, **wanted: Any
) -> Page[ServiceChange]:
    conditions = queries.service_changes_matching(by, **wanted)
    found, following, total = await queries.service_changes_page(session, conditions, limit=limit, cursor=cursor)
    return Page(items=await queries.service_changes_shown(session, found), next=following, total=total)


async def _shown(session: Session, found: ServiceChangeRow, by: Principal, response: Response) -> ServiceChangeDetail:
    etag(response, found.revision)
    return await queries.service_change_shown(session, found, by)
