"""Service changes, with what they mean for the workforce and who approved them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import edits, service_changes_shown_to
from services.registry.commands.approvals import assigned, decisions_on, needs_of
from services.registry.commands.service_changes import CHANGEABLE, NoSuchServiceChange
from services.registry.schemas import service_changes as schemas
from services.registry.schemas.challenges import Party
from services.registry.tables import (
    ApprovalNeed,
    Cover,
    Decision,
    Impact,
    Network,
    Person,
    Role,
    ServiceChange,
    StaffGroup,
)
from shared.auth import Principal
from shared.db import total_of


async def service_change_at(session: AsyncSession, change_id: str, by: Principal) -> ServiceChange:
    """The service change. Raises NoSuchServiceChange, also where *by* may not see it."""
    seen = select(ServiceChange).where(ServiceChange.id == change_id, service_changes_shown_to(by))
    found = (await session.execute(seen)).scalar_one_or_none()
    if found is None:
        raise NoSuchServiceChange
    return found


def service_changes_matching(
    by: Principal, *, network_id: str = "", status: str = "", sha: str = "", care_group: str = "", staff_group: str = ""
) -> list[ColumnElement[bool]]:
    """The conditions of a list, of what *by* may see."""
    conditions: list[ColumnElement[bool]] = [service_changes_shown_to(by)]
    if network_id:
        conditions.append(ServiceChange.network_id == network_id)
    if status:
        conditions.append(ServiceChange.status == status)
    if sha:
        conditions.append(ServiceChange.network_id.in_(select(Cover.network_id).where(Cover.body == sha)))
    if care_group:
        conditions.append(ServiceChange.network_id.in_(select(Network.id).where(Network.care_group == care_group)))
    if staff_group:
        concerned = select(Impact.change_id).where(Impact.staff_group == staff_group)
        conditions.append(ServiceChange.id.in_(concerned))
    return conditions


async def service_changes_page(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, limit: int, cursor: str | None
) -> tuple[list[ServiceChange], str | None, int]:
    """A page of service changes, the newest first: (changes, the next cursor, how many match in all)."""
    query = select(ServiceChange).where(*conditions).order_by(ServiceChange.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(ServiceChange.id < cursor)
    found = list((await session.execute(query)).scalars())
    total = await total_of(session, ServiceChange, conditions, found, limit=limit, first=not cursor)
    return found[:limit], found[limit - 1].id if len(found) > limit else None, total


async def service_changes_shown(session: AsyncSession, found: Sequence[ServiceChange]) -> list[schemas.ServiceChange]:
    """The service changes as a list shows them."""
    ids = {change.network_id for change in found}
    rows = await session.execute(select(Network.id, Network.slug, Network.name).where(Network.id.in_(ids)))
    networks = {row.id: Party(id=row.id, slug=row.slug, name=row.name) for row in rows}
    impacts = await _impacts(session, [change.id for change in found])
    names = await names_of(session, (change.proposed_by for change in found))
    return [
        schemas.ServiceChange.model_validate({
            **{name: getattr(change, name) for name in _SAME}, "network": networks[change.network_id],
            "impacts": impacts[change.id], "wte": round(sum(impact.wte for impact in impacts[change.id]), 1),
            "people": sum(impact.people for impact in impacts[change.id]),
            "proposed_by_name": names.get(change.proposed_by, ""),
        })
        for change in found
    ]  # fmt: skip


async def service_change_shown(
    session: AsyncSession, found: ServiceChange, by: Principal
) -> schemas.ServiceChangeDetail:
    """One service change with its approval, as *by* sees it."""
    (shown,) = await service_changes_shown(session, [found])
    needs, decisions = await needs_of(session), await decisions_on(session, found.id)
    names = await names_of(session, (decision.person_id for decision in decisions))
    given = assigned(needs, {decision.person_id: decision.roles for decision in decisions if decision.approved})
    holders = await _holders(session, found.network_id)
    return schemas.ServiceChangeDetail(
        **shown.model_dump(),
        needs=[_need(need, given, holders, names) for need in needs],
        decisions=[_decision(decision, names) for decision in decisions],
        may=await _may(session, found, by, needs, decisions, holders),
    )


async def names_of(session: AsyncSession, ids: Iterable[str]) -> dict[str, str]:
    """Person → name, of those who are known."""
    query = select(Person.id, Person.name).where(Person.id.in_(set(ids)))
    return dict(iter(await session.execute(query)))


async def staff_groups(session: AsyncSession) -> list[StaffGroup]:
    """The staff groups, in their order."""
    return list((await session.execute(select(StaffGroup).order_by(StaffGroup.place))).scalars())


_SAME = (
    "id", "revision", "title", "description", "from_on", "status", "proposed_by", "proposed_at", "approved_at",
    "withdrawn_at", "updated_at",
)  # fmt: skip


async def _impacts(session: AsyncSession, ids: Sequence[str]) -> dict[str, list[schemas.ImpactOut]]:
    query = select(Impact, StaffGroup.name).join(StaffGroup, StaffGroup.code == Impact.staff_group)
    query = query.where(Impact.change_id.in_(ids)).order_by(Impact.change_id, Impact.place)
    found: dict[str, list[schemas.ImpactOut]] = defaultdict(list)
    for impact, name in await session.execute(query):
        found[impact.change_id].append(schemas.ImpactOut(
            staff_group=impact.staff_group, staff_group_name=name, wte=impact.tenths / 10, training=impact.training,
            people=impact.people, from_on=impact.from_on,
        ))  # fmt: skip
    return found


async def _holders(session: AsyncSession, network_id: str) -> list[Any]:
    """(person, role, name) of everybody with a role in the network."""
    query = select(Role.person_id, Role.role, Person.name).outerjoin(Person, Person.id == Role.person_id)
    query = query.where(Role.network_id == network_id, Role.status == "active").order_by(Role.role, Person.name)
    return list((await session.execute(query)).all())


def _need(need: ApprovalNeed, given: dict[str, str], holders: list[Any], names: dict[str, str]) -> schemas.Need:
    able = [name or "A former member" for _, role, name in holders if role in need.roles]
    by = given.get(need.code)
    return schemas.Need(
        code=need.code, label=need.label, roles=need.roles, holders=able,
        given_by=None if by is None else names.get(by, "A former member"),
    )  # fmt: skip


def _decision(decision: Decision, names: dict[str, str]) -> schemas.DecisionOut:
    return schemas.DecisionOut(
        person_id=decision.person_id, name=names.get(decision.person_id, ""), roles=decision.roles,
        approved=decision.approved, note=decision.note, decided_at=decision.decided_at,
    )  # fmt: skip


async def _may(
    session: AsyncSession, found: ServiceChange, by: Principal, needs: Sequence[ApprovalNeed],
    decisions: Sequence[Decision], holders: list[Any],
) -> list[str]:  # fmt: skip
    edits_it = by.is_staff or await edits(session, by.person_id, found.network_id)
    wanted = {role for need in needs for role in need.roles}
    is_lead = any(person == by.person_id and role in wanted for person, role, _ in holders)
    decided = any(decision.person_id == by.person_id for decision in decisions)
    able = {
        "approve": is_lead and found.status == "proposed" and not decided,
        "decline": is_lead and found.status == "proposed",
        "change": edits_it and found.status in CHANGEABLE, "withdraw": edits_it and found.status != "withdrawn",
    }  # fmt: skip
    return [what for what, can in able.items() if can]
