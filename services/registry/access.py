"""Who may change a network, a link between two, a service change; and who sees and answers a challenge."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.tables import ApprovalNeed, Challenge, Cover, Link, Overlap, Role, ServiceChange
from shared.auth import Principal, Rule

PLAIN = "member"
"""The role that anybody can take by joining: it opens nothing that is not open to everybody."""
EDITING_ROLES = frozenset({"lead_doctor", "lead_nurse", "lead_professional", "lead_manager", "co_ordinator", "chair"})


async def edits(session: AsyncSession, person_id: str, *network_ids: str) -> bool:
    """Whether somebody leads, chairs, manages or co-ordinates one of the networks."""
    mine = edited_by(person_id).where(Role.network_id.in_(network_ids))
    return bool(person_id) and (await session.execute(mine.limit(1))).first() is not None


def edited_by(person_id: str) -> Select[str]:
    """The ids of the networks that somebody may change."""
    return select(Role.network_id).where(Role.person_id == person_id, _editing())


async def editors_of(session: AsyncSession, network_id: str) -> list[str]:
    """The people who may change a network, by id."""
    query = select(Role.person_id).where(Role.network_id == network_id, _editing())
    return sorted(set((await session.execute(query)).scalars()))


def _editing() -> ColumnElement[bool]:
    return (Role.status == "active") & Role.role.in_(EDITING_ROLES)


async def _edits(principal: Principal, session: AsyncSession, path: Mapping[str, str]) -> bool:
    return principal.is_staff or await edits(session, principal.person_id, path["network_id"])


def is_more_than_a_member() -> ColumnElement[bool]:
    """The condition on `roles` that somebody was given a part in the network, and did not merely join."""
    return (Role.status == "active") & (Role.role != PLAIN)


def challenges_shown_to(by: Principal) -> ColumnElement[bool]:
    """The challenges that somebody may see.

    Public ones anybody; private ones those who hold a role in either network (a plain member does not: anybody can
    become one), the officers of the bodies whose area either covers, and staff.
    """
    if by.is_staff:
        return true()
    seen = [Challenge.private.is_(False)]
    held = select(Role.network_id).where(Role.person_id == by.person_id, is_more_than_a_member())
    covered = select(Cover.network_id).where(Cover.body.in_(by.bodies))
    for networks in [held] * by.signed_in + [covered] * bool(by.bodies):
        seen += [Challenge.challenger.in_(networks), Challenge.provider.in_(networks)]
    return or_(*seen)


def service_changes_shown_to(by: Principal) -> ColumnElement[bool]:
    """The service changes that somebody may see: what a network approved anybody, also when it was withdrawn later."""
    return or_(ServiceChange.approved_at.is_not(None), unapproved_shown_to(by))


def unapproved_shown_to(by: Principal) -> ColumnElement[bool]:
    """The service changes that somebody may see though their network has not approved them.

    Those who hold a role in it (a plain member does not: anybody can become one), the officers of the bodies whose area
    it covers, and staff.
    """
    if by.is_staff:
        return true()
    held = select(Role.network_id).where(Role.person_id == by.person_id, is_more_than_a_member())
    covered = select(Cover.network_id).where(Cover.body.in_(by.bodies))
    places = [held] * by.signed_in + [covered] * bool(by.bodies)
    return or_(false(), *(ServiceChange.network_id.in_(networks) for networks in places))


async def _takes_part(principal: Principal, session: AsyncSession, path: Mapping[str, str]) -> bool:
    if principal.is_staff or not principal.signed_in:
        return principal.is_staff
    mine = (Challenge.id == path["challenge_id"], challenges_shown_to(principal))
    found = (await session.execute(select(Challenge.challenger, Challenge.provider).where(*mine))).first()
    # Of what they may not see nothing is given away: the command says that it is not there.
    return found is None or await edits(session, principal.person_id, *found)


async def _edits_an_end(principal: Principal, session: AsyncSession, path: Mapping[str, str]) -> bool:
    if principal.is_staff or not principal.signed_in:
        return principal.is_staff
    ends = select(Link.network_id, Link.other_id).where(Link.id == path["link_id"])
    return await _edits_one_of(principal, session, ends)


async def _edits_a_side(principal: Principal, session: AsyncSession, path: Mapping[str, str]) -> bool:
    if principal.is_staff or not principal.signed_in:
        return principal.is_staff
    sides = select(Overlap.one_id, Overlap.other_id).where(Overlap.id == path["overlap_id"])
    return await _edits_one_of(principal, session, sides)


async def _edits_one_of(principal: Principal, session: AsyncSession, ends: Select[str, str]) -> bool:
    found = (await session.execute(ends)).first()
    # Of what does not exist nothing is given away: the command says that it is not there.
    return found is None or await edits(session, principal.person_id, *found)


async def _edits_change(principal: Principal, session: AsyncSession, path: Mapping[str, str]) -> bool:
    if principal.is_staff or not principal.signed_in:
        return principal.is_staff
    found = await session.get(ServiceChange, path["change_id"])
    return found is None or await edits(session, principal.person_id, found.network_id)


async def _approves(principal: Principal, session: AsyncSession, path: Mapping[str, str]) -> bool:
    found = await session.get(ServiceChange, path["change_id"])
    if found is None or not principal.signed_in:
        return principal.signed_in
    wanted = {role for roles in (await session.execute(select(ApprovalNeed.roles))).scalars() for role in roles}
    held = select(Role.id).where(
        Role.network_id == found.network_id, Role.person_id == principal.person_id, Role.status == "active",
        Role.role.in_(wanted),
    )  # fmt: skip
    return (await session.execute(held.limit(1))).first() is not None


async def _oversees(principal: Principal, _session: AsyncSession, _path: Mapping[str, str]) -> bool:
    return principal.is_staff or bool(principal.bodies)


network_editors = Rule("staff; those who lead, chair, manage or co-ordinate the network", _edits)
link_editors = Rule("staff; those who lead, chair, manage or co-ordinate one of the two networks", _edits_an_end)
overlap_editors = Rule("staff; those who lead, chair, manage or co-ordinate one of the two networks", _edits_a_side)
challenge_parties = Rule("staff; those who lead, chair, manage or co-ordinate one of the two networks", _takes_part)
change_editors = Rule("staff; those who lead, chair, manage or co-ordinate the network", _edits_change)
change_leads = Rule("the leads of the network whose approval a service change needs", _approves)
overseers = Rule("staff; officers of an oversight body", _oversees)
