"""Proposing a service change, changing the proposal, and withdrawing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.networks import AlreadyArchived, NoSuchNetwork
from services.registry.commands.service_change_telling import said, state_of
from services.registry.tables import Decision, Impact, Network, ServiceChange, StaffGroup
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.registry import SERVICE_CHANGE_CHANGED, SERVICE_CHANGE_DROPPED, SERVICE_CHANGE_PROPOSED
from shared.envelope import new_id
from shared.errors import Conflict, NotFound, Unprocessable
from shared.outbox import publish

CHANGEABLE = ("proposed", "declined")
"""What was approved is what was read: after that, a service change is withdrawn and proposed anew."""


class NoSuchServiceChange(NotFound):
    """There is no service change at this address; look in the network's list."""


class NoLongerAProposal(Conflict):
    """It is no longer a proposal, so it cannot be changed; withdraw it and propose another."""


class AlreadyWithdrawn(Conflict):
    """It was withdrawn already."""


class UnknownStaffGroup(Unprocessable):
    """A staff group is not known; use the codes that /api/staff-groups lists."""


async def propose_service_change(
    session: AsyncSession, *, network_id: str, fields: dict[str, Any], by: Principal, reason: str = "",
    minor: bool = False,
) -> ServiceChange:  # fmt: skip
    """Propose a change of a network's services. Raises NoSuchNetwork, AlreadyArchived, UnknownStaffGroup."""
    network = await session.get(Network, network_id)
    if network is None:
        raise NoSuchNetwork
    if network.archived:
        raise AlreadyArchived
    impacts, moment = fields.pop("impacts", []), clock.now()
    found = ServiceChange(
        id=new_id(), revision=1, network_id=network_id, status="proposed", proposed_by=by.person_id,
        proposed_at=moment, approved_at=None, withdrawn_at=None, updated_at=moment, **fields,
    )  # fmt: skip
    session.add(found)
    await _put_impacts(session, found, impacts)
    message = await said(session, SERVICE_CHANGE_PROPOSED, found, "proposed", by=by, reason=reason, minor=minor)
    await publish(session, message)
    return found


async def change_service_change(
    session: AsyncSession, *, change_id: str, fields: dict[str, Any], by: Principal, expected: int | None = None,
    reason: str = "", minor: bool = False,
) -> ServiceChange:  # fmt: skip
    """Change a proposal, or take up a declined one. What leads decided on the earlier version no longer counts.

    Raises NoSuchServiceChange, ChangedMeanwhile, NoLongerAProposal, UnknownStaffGroup.
    """
    found = await locked_service_change(session, change_id)
    require_revision(expected, found.revision)
    if found.status not in CHANGEABLE:
        raise NoLongerAProposal
    before = await state_of(session, found)
    impacts = fields.pop("impacts", None)
    for name, value in fields.items():
        setattr(found, name, value)
    if impacts is not None:
        await _put_impacts(session, found, impacts)
    after = await state_of(session, found)
    if after == before:
        return found
    await session.execute(delete(Decision).where(Decision.change_id == found.id))
    found.status = "proposed"
    touch(found)
    await publish(session, await said(
        session, SERVICE_CHANGE_CHANGED, found, "changed", by=by, before=before, reason=reason, minor=minor
    ))  # fmt: skip
    return found


async def withdraw_service_change(
    session: AsyncSession, *, change_id: str, by: Principal, reason: str, expected: int | None = None,
    minor: bool = False,
) -> ServiceChange:  # fmt: skip
    """Withdraw a service change at any time. Raises NoSuchServiceChange, ChangedMeanwhile, AlreadyWithdrawn."""
    found = await locked_service_change(session, change_id)
    require_revision(expected, found.revision)
    if found.status == "withdrawn":
        raise AlreadyWithdrawn
    before = await state_of(session, found)
    found.status, found.withdrawn_at = "withdrawn", clock.now()
    touch(found)
    await publish(session, await said(
        session, SERVICE_CHANGE_DROPPED, found, "withdrawn", by=by, before=before, reason=reason, minor=minor
    ))  # fmt: skip
    return found


async def locked_service_change(session: AsyncSession, change_id: str) -> ServiceChange:
    """The service change, its row locked until the transaction ends. Raises NoSuchServiceChange."""
    found = await session.get(ServiceChange, change_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoSuchServiceChange
    return found


def touch(found: ServiceChange) -> None:
    """A new revision."""
    found.revision += 1
    found.updated_at = clock.now()


async def _put_impacts(session: AsyncSession, found: ServiceChange, impacts: Sequence[dict[str, Any]]) -> None:
    """Let the rows of the workforce impact be these. Raises UnknownStaffGroup."""
    known = set((await session.execute(select(StaffGroup.code))).scalars())
    if unknown := sorted({impact["staff_group"] for impact in impacts} - known):
        named = ", ".join(unknown)
        raise UnknownStaffGroup(
            f"Unknown staff group: {named}. Use the codes that /api/staff-groups lists.",
            errors=[{"field": "impacts", "message": f"unknown staff group {named}"}],
        )
    await session.execute(delete(Impact).where(Impact.change_id == found.id))
    session.add_all(
        Impact(
            change_id=found.id, place=place, staff_group=impact["staff_group"], tenths=round(impact["wte"] * 10),
            training=impact["training"], people=impact["people"], from_on=impact["from_on"] or found.from_on,
        )
        for place, impact in enumerate(impacts)
    )  # fmt: skip
