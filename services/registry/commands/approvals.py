"""Approving a service change.

Which approvals it needs is data (`approval_needs`): somebody of management and a clinician, because one answers for
the staff and the money and the other for the care. Each need is met by another person, so that nobody approves alone.
Staff cannot approve: it is the network that does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.service_change_telling import said, state_of
from services.registry.commands.service_changes import locked_service_change, touch
from services.registry.tables import ApprovalNeed, Decision, Role, ServiceChange
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.registry import SERVICE_CHANGE_AGREED, SERVICE_CHANGE_APPROVED, SERVICE_CHANGE_DECLINED
from shared.errors import Conflict, Forbidden
from shared.outbox import publish


class NotTheirApproval(Forbidden):
    """You hold no role in this network whose approval a service change needs."""


class NotWaitingForApproval(Conflict):
    """It does not wait for approval: it was decided on, changed or withdrawn. Load it again."""


class ApprovedAlready(Conflict):
    """You approved this already; it waits for somebody else."""


async def approve_service_change(
    session: AsyncSession, *, change_id: str, by: Principal, expected: int | None = None, reason: str = "",
    minor: bool = False,
) -> ServiceChange:  # fmt: skip
    """Approve a proposal as one of the network's leads; with the last approval needed, the network has approved it.

    Raises NoSuchServiceChange, ChangedMeanwhile, NotWaitingForApproval, NotTheirApproval, ApprovedAlready.
    """
    found, needs, roles = await _waiting(session, change_id, by, expected)
    given = {d.person_id: d.roles for d in await decisions_on(session, found.id) if d.approved}
    if by.person_id in given:
        raise ApprovedAlready
    before = await state_of(session, found)
    _decide(session, found, by, approved=True, roles=roles, note=reason)
    taken = assigned(needs, {**given, by.person_id: roles})
    missing = [need.label for need in needs if need.code not in taken]
    if not missing:
        found.status, found.approved_at = "approved", clock.now()
    touch(found)
    contract, kind = (SERVICE_CHANGE_AGREED, "agreed") if missing else (SERVICE_CHANGE_APPROVED, "approved")
    message = await said(
        session, contract, found, kind, by=by, before=before, missing=missing, reason=reason, minor=minor
    )
    await publish(session, message)
    return found


async def decline_service_change(
    session: AsyncSession, *, change_id: str, by: Principal, reason: str, expected: int | None = None,
    minor: bool = False,
) -> ServiceChange:  # fmt: skip
    """Decline a proposal as one of the network's leads; it may be changed and is then proposed anew.

    Raises NoSuchServiceChange, ChangedMeanwhile, NotWaitingForApproval, NotTheirApproval.
    """
    found, _, roles = await _waiting(session, change_id, by, expected)
    before = await state_of(session, found)
    for decision in await decisions_on(session, found.id):
        if decision.person_id == by.person_id:
            await session.delete(decision)
    await session.flush()
    _decide(session, found, by, approved=False, roles=roles, note=reason)
    found.status = "declined"
    touch(found)
    await publish(session, await said(
        session, SERVICE_CHANGE_DECLINED, found, "declined", by=by, before=before, reason=reason, minor=minor
    ))  # fmt: skip
    return found


async def decisions_on(session: AsyncSession, change_id: str) -> list[Decision]:
    """What leads decided on a change as it stands, in order of time."""
    query = select(Decision).where(Decision.change_id == change_id).order_by(Decision.decided_at)
    return list((await session.execute(query)).scalars())


async def needs_of(session: AsyncSession) -> list[ApprovalNeed]:
    """The approvals that every service change needs."""
    return list((await session.execute(select(ApprovalNeed).order_by(ApprovalNeed.place))).scalars())


def assigned(needs: Sequence[ApprovalNeed], given: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Need → the person who meets it, for as many needs as can be met with a person for each.

    *given* are the roles of each person who approved. Tries every way: there are a handful of each.
    """
    if not needs:
        return {}
    need, *others = needs
    ways = [assigned(others, given)]
    for person in (person for person, roles in given.items() if set(roles) & set(need.roles)):
        left = {other: roles for other, roles in given.items() if other != person}
        ways.append({need.code: person} | assigned(others, left))
    return max(ways, key=len)


async def _waiting(
    session: AsyncSession, change_id: str, by: Principal, expected: int | None
) -> tuple[ServiceChange, list[ApprovalNeed], list[str]]:
    """The proposal (locked), the approvals needed, and the roles by which *by* may decide."""
    found = await locked_service_change(session, change_id)
    require_revision(expected, found.revision)
    if found.status != "proposed":
        raise NotWaitingForApproval
    needs = await needs_of(session)
    wanted = {role for need in needs for role in need.roles}
    held = select(Role.role).where(
        Role.network_id == found.network_id, Role.person_id == by.person_id, Role.status == "active"
    )
    roles = sorted(wanted & set((await session.execute(held)).scalars()))
    if not roles:
        raise NotTheirApproval
    return found, needs, roles


def _decide(
    session: AsyncSession, found: ServiceChange, by: Principal, *, approved: bool, roles: list[str], note: str
) -> None:
    session.add(Decision(
        change_id=found.id, person_id=by.person_id, approved=approved, roles=roles, note=note, decided_at=clock.now()
    ))  # fmt: skip
