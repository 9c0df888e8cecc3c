"""Who may hold a gathering, and who may come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.events.tables import Event, Role
from shared import clock
from shared.auth import Principal, Rule
from shared.errors import Forbidden

LEADING_ROLES = frozenset({"lead_doctor", "lead_nurse", "lead_professional", "lead_manager", "co_ordinator", "chair"})


class NotTheirLead(Forbidden):
    """You may hold a gathering of networks that you lead, chair, manage or co-ordinate; ask the leads of the others."""


class NotInvited(Forbidden):
    """This gathering is not open to everybody; ask the network that holds it."""


def held_today() -> ColumnElement[bool]:
    """The condition that a role is held today."""
    today = clock.today()
    begun = and_(Role.status == "active", Role.since <= today)
    return and_(begun, or_(Role.until.is_(None), Role.until >= today))


async def leads_all(session: AsyncSession, person_id: str, networks: Sequence[str]) -> bool:
    """Whether somebody leads *every* one of the networks; nobody leads none at all."""
    query = select(Role.network_id).where(
        Role.person_id == person_id, Role.network_id.in_(networks), Role.role.in_(LEADING_ROLES), held_today()
    )
    return bool(networks) and set(await session.scalars(query)) == set(networks)


async def belongs_to_one(session: AsyncSession, person_id: str, networks: Sequence[str]) -> bool:
    """Whether somebody belongs to one of the networks, in whatever role."""
    query = select(Role.id).where(Role.person_id == person_id, Role.network_id.in_(networks), held_today())
    return (await session.execute(query.limit(1))).first() is not None


async def require_leads(session: AsyncSession, by: Principal, networks: Sequence[str]) -> None:
    """Raise NotTheirLead unless *by* is staff or leads every one of the networks."""
    if not by.is_staff and not await leads_all(session, by.person_id, networks):
        raise NotTheirLead


async def may_come(session: AsyncSession, by: Principal, event: Event) -> bool:
    """Whether somebody may book: an open gathering anybody, one for members who belongs to a network that holds it,
    one by invitation who holds it."""
    if by.is_staff or event.access == "open":
        return True
    if not by.signed_in:
        return False
    if event.access == "members":
        return await belongs_to_one(session, by.person_id, event.networks)
    return await leads_all(session, by.person_id, event.networks)


async def _leads_event(principal: Principal, session: AsyncSession, path: Mapping[str, Any]) -> bool:
    if principal.is_staff or not principal.signed_in:
        return principal.is_staff
    event = await session.get(Event, path["event_id"])
    # Of what does not exist nothing is given away: the command says that it is not there.
    return event is None or await leads_all(session, principal.person_id, event.networks)


async def _leads_some(principal: Principal, session: AsyncSession, _path: Mapping[str, Any]) -> bool:
    if principal.is_staff or not principal.signed_in:
        return principal.is_staff
    mine = select(Role.id).where(Role.person_id == principal.person_id, Role.role.in_(LEADING_ROLES), held_today())
    return (await session.execute(mine.limit(1))).first() is not None


event_leads = Rule("staff; those who lead every network that holds the gathering", _leads_event)
some_lead = Rule("staff; those who lead every network that is to hold the gathering", _leads_some)
