"""How a service change is told: as news of the workforce.

Invariant: what a network has not approved is told to nobody but those who may see it: the people with a role in the
network, one by one because anybody can follow it, and the officers of its oversight bodies. What it approved is told to
all its members and followers.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import is_more_than_a_member
from services.registry.tables import Decision, Impact, Network, Role, ServiceChange
from shared.announcement import Announcement, Concerns, Significance
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.registry import ImpactState, ServiceChangeState
from shared.outbox import Change, change

HEADLINES = {
    "proposed": "{network} proposes “{title}”, from {day}{wte}",
    "changed": "{network} changed its proposal “{title}”",
    "agreed": "A lead of {network} approved “{title}”; it still needs {missing}",
    "approved": "{network} approved “{title}”, from {day}{wte}",
    "declined": "A lead of {network} declined “{title}”",
    "started": "“{title}” of {network} is in force{wte}",
    "moved": "{network} took over “{title}”",
    "withdrawn": "{network} withdrew “{title}”",
}
SMALL = frozenset({"changed", "agreed"})
MOST_TOLD = 200
"""People who are told one by one; a network has a few dozen with a role."""


async def said(
    session: AsyncSession, contract: Contract, found: ServiceChange, kind: str, *, by: Principal,
    before: ServiceChangeState | None = None, missing: Sequence[str] = (), reason: str = "", minor: bool = False,
) -> Change:  # fmt: skip
    """The message about a service change."""
    network = await session.get_one(Network, found.network_id)
    state = await state_of(session, found)
    significance: Significance = "minor" if kind in SMALL else "normal"
    headline = HEADLINES[kind].format(
        network=network.name, title=_short(found.title), day=f"{found.from_on:%-d %B %Y}", wte=_wte(state),
        missing=" and ".join(missing),
    )  # fmt: skip
    announcement = Announcement(
        headline=headline[:300], category="workforce", significance=significance, path=f"/service-changes/{found.id}",
        concerns=await _concerns(session, found, network),
    )  # fmt: skip
    return change(
        contract, state, key=network.id, before=before.model_dump(mode="json") if before else None,
        announcement=announcement, actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip


async def _concerns(session: AsyncSession, found: ServiceChange, network: Network) -> Concerns:
    if found.approved_at is not None:
        return Concerns(networks=(network.id,), bodies=tuple(network.bodies))
    held = select(Role.person_id).where(Role.network_id == network.id, is_more_than_a_member()).distinct()
    people = (await session.execute(held.order_by(Role.person_id).limit(MOST_TOLD))).scalars()
    return Concerns(people=tuple(people), bodies=tuple(network.bodies))


async def state_of(session: AsyncSession, found: ServiceChange) -> ServiceChangeState:
    """The public state of a service change's row and of those that belong to it."""
    await session.flush()
    impacts = select(Impact).where(Impact.change_id == found.id).order_by(Impact.place)
    approvals = select(Decision.person_id).where(Decision.change_id == found.id, Decision.approved)
    return ServiceChangeState(
        id=found.id, revision=found.revision, network_id=found.network_id, title=found.title,
        description=found.description, from_on=found.from_on, status=found.status,
        impacts=[_impact(impact) for impact in (await session.execute(impacts)).scalars()],
        approved_by=list((await session.execute(approvals.order_by(Decision.decided_at))).scalars()),
    )  # fmt: skip


def _impact(impact: Impact) -> ImpactState:
    return ImpactState(
        staff_group=impact.staff_group, wte=impact.tenths / 10, training=impact.training, people=impact.people,
        from_on=impact.from_on,
    )  # fmt: skip


def _wte(state: ServiceChangeState) -> str:
    """`: +3.5 whole-time equivalents`, or nothing where the sum is nothing."""
    tenths = sum(round(impact.wte * 10) for impact in state.impacts)
    number = f"{tenths / 10:+.1f}".replace("-", "−")
    return f": {number} whole-time equivalents" if tenths else ""


def _short(title: str) -> str:
    return title if len(title) <= 100 else f"{title[:99]}…"
