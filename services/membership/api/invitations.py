"""Invitations: to an account, and to a role in a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership import commands, queries
from services.membership.access import network_editors
from services.membership.limits import require_few_letters
from services.membership.schemas import (
    Acceptance,
    InvitationKey,
    InvitationOut,
    Invited,
    NewInvitation,
    NewNetworkInvitation,
    PersonName,
)
from services.membership.tables import Invitation
from shared.auth import Principal, Rule, Session, anyone, may, staff
from shared.boundary import Question, Router
from shared.fields import Page

router = Router(tags=["invitations"])
asking = APIRouter(tags=["invitations"], route_class=Question)
Limit = Annotated[int, Query(ge=1, le=100)]


async def _invites(principal: Principal, session: AsyncSession, path: Mapping[str, str]) -> bool:
    if principal.is_staff or not principal.signed_in:
        return principal.is_staff
    invitation = await session.get(Invitation, path["invitation_id"])
    if invitation is None:
        return True  # the command says that there is none
    if not invitation.network_id:
        return False
    return await network_editors.check(principal, session, {"network_id": invitation.network_id})


inviters = Rule("staff; those who lead, chair, manage or co-ordinate the network that invites", _invites)


@router.get("/invitations")
async def list_invitations(
    session: Session, limit: Limit = 25, cursor: str = "", _by: Principal = may(staff, "people:read")
) -> Page[InvitationOut]:
    """Every invitation, newest first."""
    return await _page(session, "", limit, cursor)


@router.post("/invitations", status_code=201)
async def invite_to_account(
    body: NewInvitation, session: Session, request: Request, by: Principal = may(staff, "people:write")
) -> InvitationOut:
    """Invite somebody to have an account."""
    await require_few_letters(request.app.state.parts.store, body.email)
    invitation = await commands.invite(session, email=body.email, name=body.name, by=by)
    return await queries.invitation_shown(session, invitation)


@router.get("/networks/{network_id}/invitations")
async def list_network_invitations(
    network_id: str, session: Session, limit: Limit = 25, cursor: str = "",
    _by: Principal = may(network_editors, "people:read"),
) -> Page[InvitationOut]:  # fmt: skip
    """The invitations to a network, newest first."""
    network = await queries.require_network(session, network_id)
    return await _page(session, network.id, limit, cursor)


@router.post("/networks/{network_id}/invitations", status_code=201)
async def invite_to_network(
    network_id: str, body: NewNetworkInvitation, session: Session, request: Request,
    by: Principal = may(network_editors, "networks:write"),
) -> InvitationOut:  # fmt: skip
    """Invite somebody to a role in a network, and to an account where they have none."""
    network = await queries.require_network(session, network_id)
    await require_few_letters(request.app.state.parts.store, body.email)
    invitation = await commands.invite(
        session, email=body.email, name=body.name, by=by, network_id=network.id, role=body.role
    )
    return await queries.invitation_shown(session, invitation)


@router.post("/invitations/{invitation_id}/resend")
async def resend_invitation(
    invitation_id: str, session: Session, request: Request, _by: Principal = may(inviters, "people:write")
) -> InvitationOut:
    """Mail a new link; the one before opens nothing any more."""
    invitation = await commands.resend_invitation(session, invitation_id=invitation_id)
    await require_few_letters(request.app.state.parts.store, invitation.email)
    return await queries.invitation_shown(session, invitation)


@router.delete("/invitations/{invitation_id}", status_code=204)
async def withdraw_invitation(
    invitation_id: str, session: Session, _by: Principal = may(inviters, "people:write")
) -> None:
    """Withdraw an invitation; its link opens nothing any more."""
    await commands.withdraw_invitation(session, invitation_id=invitation_id)


@asking.post("/invitations/look")
async def look_at_invitation(
    body: InvitationKey, session: Session, _by: Principal = may(anyone, "people:read")
) -> Invited:
    """What a mailed link invites to."""
    return await queries.invited_by_key(session, body.key)


@router.post("/invitations/accept")
async def accept_invitation(
    body: Acceptance, session: Session, _by: Principal = may(anyone, "people:write")
) -> PersonName:
    """Accept: an account where there is none yet, and the role."""
    person = await commands.accept_invitation(session, key=body.key, name=body.name, password=body.password)
    return PersonName.model_validate(person)


async def _page(session: AsyncSession, network_id: str, limit: int, cursor: str) -> Page[InvitationOut]:
    items, following, total = await queries.invitations_page(session, network_id=network_id, limit=limit, cursor=cursor)
    return Page(items=items, next=following, total=total)
