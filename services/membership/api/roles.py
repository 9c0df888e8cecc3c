"""Who belongs to a network, and as what."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from services.membership import commands, queries
from services.membership.access import network_editors
from services.membership.schemas import NewRole, RoleEnd, RoleName, RoleOut, Roles, Shared
from shared.auth import Principal, Session, anyone, may, signed_in, staff
from shared.boundary import ChangeBody, IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["membership"])


@router.get("/networks/{network_id}/members")
async def list_members(
    network_id: str, session: Session, role: RoleName | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 25, cursor: str | None = None,
    _by: Principal = may(signed_in, "people:read"),
) -> Page[RoleOut]:  # fmt: skip
    """Everybody who belongs to a network now, in the order of their coming."""
    network = await queries.require_network(session, network_id)
    found = await queries.members_page(session, network.id, role=role or "", limit=limit, cursor=cursor)
    return Page(items=found[0], next=found[1], total=found[2])


@router.get("/networks/{network_id}/members/shared")
async def count_shared(
    network_id: str, session: Session, other: Annotated[str, Query(alias="with", max_length=200)],
    _by: Principal = may(staff, "people:read"),
) -> Shared:  # fmt: skip
    """How many people belong to a network and to another one: what a merge would bring together."""
    network, there = [await queries.require_network(session, address) for address in (network_id, other)]
    counts = [await queries.member_count(session, one.id) for one in (network, there)]
    return Shared(members=counts[0], there=counts[1], both=await queries.shared_members(session, network.id, there.id))


@router.get("/networks/{network_id}/roles")
async def list_roles(network_id: str, session: Session, _by: Principal = may(anyone, "networks:read")) -> Roles:
    """Who leads, chairs, manages and represents; which lead roles nobody holds; how many belong to it."""
    network = await queries.require_network(session, network_id)
    roles, members = await queries.roles_in(session, network.id), await queries.member_count(session, network.id)
    return Roles(items=roles, total=len(roles), vacancies=queries.vacancies(roles), members=members)


@router.post("/networks/{network_id}/roles", status_code=201)
async def give_role(
    network_id: str, body: NewRole, session: Session, response: Response,
    by: Principal = may(network_editors, "networks:write"),
) -> RoleOut:  # fmt: skip
    """Give somebody a role; a lead role passes from its present holder, whose last day is the day before."""
    network = await queries.require_network(session, network_id)
    role = await commands.give_role(
        session, network_id=network.id, person_id=body.person_id, role=body.role, since=body.since,
        until=body.until, replace=body.replace, by=by, reason=body.reason, minor=body.minor,
    )  # fmt: skip
    etag(response, role.revision)
    return await queries.named(session, role)


@router.post("/networks/{network_id}/roles/{role_id}/end")
async def end_role(
    network_id: str, role_id: str, body: RoleEnd, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(network_editors, "networks:write"),
) -> RoleOut:  # fmt: skip
    """End somebody's role."""
    network = await queries.require_network(session, network_id)
    role = await commands.end_role(
        session, network_id=network.id, role_id=role_id, until=body.until, by=by,
        expected=expected, reason=body.reason, minor=body.minor,
    )  # fmt: skip
    etag(response, role.revision)
    return await queries.named(session, role)


@router.post("/networks/{network_id}/join", status_code=201)
async def join_network(
    network_id: str, body: ChangeBody, session: Session, response: Response,
    by: Principal = may(signed_in, "networks:write"),
) -> RoleOut:  # fmt: skip
    """Become a member."""
    network = await queries.require_network(session, network_id)
    role = await commands.join_network(session, network_id=network.id, by=by, reason=body.reason, minor=body.minor)
    etag(response, role.revision)
    return await queries.named(session, role)


@router.post("/networks/{network_id}/leave")
async def leave_network(
    network_id: str, body: ChangeBody, session: Session, by: Principal = may(signed_in, "networks:write")
) -> Page[RoleOut]:
    """Leave: every role that you have in the network ends today."""
    network = await queries.require_network(session, network_id)
    ended = await commands.leave_network(session, network_id=network.id, by=by, reason=body.reason, minor=body.minor)
    return Page(items=[await queries.named(session, role) for role in ended], total=len(ended))
