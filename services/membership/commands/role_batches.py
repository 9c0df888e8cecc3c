"""One person takes one role in many networks together, or gives it up: all or none, told once, undone as one.

Invariants:
1. Every network is locked before anything is changed, in the order of ids, and the person after them: as erasure and
   mergers do.
2. Each role says what it is to those who keep roles, and is told to nobody; one message tells all of it.
3. An undo gives back only what nobody has changed since: a network where a role has moved on stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.announcing import LEAD_ROLES, roles_together
from services.membership.commands.networks import NoSuchNetwork
from services.membership.commands.people import NoSuchPerson
from services.membership.commands.roles import (
    NetworkArchived,
    end_roles,
    give_role,
    holders_of,
    reopened,
)
from services.membership.tables import Network, Person, Role, RoleBatch, RoleBatchEffect
from shared import clock
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.membership import ROLES_GIVEN, ROLES_TAKEN_BACK, RoleBatchState
from shared.db import among
from shared.envelope import new_id
from shared.errors import Conflict, NotFound
from shared.outbox import Change, change, publish


class NoSuchRoleBatch(NotFound):
    """There is no such change of a role in many networks; look through the list of them."""


class NothingToChange(Conflict):
    """It is so in every one of these networks already; choose another person, role or other networks."""


class SomeCannot(Conflict):
    """Nothing was changed, because some of these networks are archived. Leave them out; `errors` names each."""


class UndoneAlready(Conflict):
    """This change is undone already."""


async def change_role_together(
    session: AsyncSession, *, network_ids: Sequence[str], person_id: str, role: str, ends: bool, by: Principal,
    reason: str = "", minor: bool = False,
) -> RoleBatch:  # fmt: skip
    """Give a person a role in all of the networks from today, or end it today; a lead role passes from its holder.

    Raises NoSuchNetwork, NoSuchPerson, SomeCannot, NothingToChange.
    """
    networks = await _locked(session, network_ids)
    if await session.get(Person, person_id, with_for_update={"read": True}) is None:
        raise NoSuchPerson
    if archived := [] if ends else [network for network in networks if network.archived]:
        raise SomeCannot(
            errors=[{"field": one.id, "message": f"{one.name}: {NetworkArchived().detail}"} for one in archived]
        )
    batch = RoleBatch(
        id=new_id(), revision=1, status="applied", person_id=person_id, role=role, ends=ends, reason=reason,
        minor=minor, changed=0, kept=0, made_by=by.person_id, made_at=clock.now(), undone_by="", undone_at=None,
    )  # fmt: skip
    change_ = _ended if ends else _given
    changed, others = [], []
    for network in networks:
        touched, gone = await change_(session, network, batch, by)
        if touched:
            session.add(RoleBatchEffect(batch_id=batch.id, network_id=network.id, touched=touched, kept=False))
            changed.append(network)
            others += gone
    if not changed:
        raise NothingToChange
    batch.changed = len(changed)
    session.add(batch)
    await publish(session, _told(ROLES_GIVEN, batch, changed, others, by))
    return batch


async def undo_role_batch(session: AsyncSession, *, batch_id: str, by: Principal, reason: str = "") -> RoleBatch:
    """Let the roles stand as before, but for those changed since. Raises NoSuchRoleBatch, UndoneAlready."""
    batch = await session.get(RoleBatch, batch_id, with_for_update=True)
    if batch is None:
        raise NoSuchRoleBatch
    if batch.status == "undone":
        raise UndoneAlready
    query = select(RoleBatchEffect).where(RoleBatchEffect.batch_id == batch.id)
    effects = {effect.network_id: effect for effect in await session.scalars(query)}
    batch.reason = reason or batch.reason
    changed, others = [], []
    for network in await _locked(session, list(effects)):
        back = await _went_back(session, network, effects[network.id], batch, by)
        effects[network.id].kept = back is None
        if back is not None:
            changed.append(network)
            others += back
    batch.status, batch.revision, batch.kept = "undone", batch.revision + 1, batch.changed - len(changed)
    batch.undone_by, batch.undone_at = by.person_id, clock.now()
    await publish(session, _told(ROLES_TAKEN_BACK, batch, changed, others, by))
    return batch


async def _locked(session: AsyncSession, network_ids: Sequence[str]) -> list[Network]:
    """The networks, locked in the order of their ids. Raises NoSuchNetwork."""
    ids = sorted(set(network_ids))
    query = select(Network).where(among(session, Network.id, ids), Network.name != "").order_by(Network.id)
    networks = list(await session.scalars(query.with_for_update()))
    if len(networks) < len(ids):
        raise NoSuchNetwork
    return networks


Touched = tuple[list[dict[str, Any]], list[str]]
"""What was done in one network, and who held the role before."""


async def _given(session: AsyncSession, network: Network, batch: RoleBatch, by: Principal) -> Touched:
    holders = await holders_of(session, network.id, batch.role)
    if any(holder.person_id == batch.person_id for holder in holders):
        return [], []
    before = {holder.id: (holder.revision, holder.until) for holder in holders}
    taken = await give_role(
        session, network_id=network.id, person_id=batch.person_id, role=batch.role, by=by, reason=batch.reason,
        announced=False,
    )  # fmt: skip
    replaced = [holder for holder in holders if holder.revision != before[holder.id][0]]
    touched = [{"id": taken.id, "revision": taken.revision}]
    touched += [_mark(holder, before[holder.id][1]) for holder in replaced]
    return touched, [holder.person_id for holder in replaced]


async def _ended(session: AsyncSession, network: Network, batch: RoleBatch, by: Principal) -> Touched:
    holders = await holders_of(session, network.id, batch.role)
    theirs = [holder for holder in holders if holder.person_id == batch.person_id]
    untils = [role.until for role in theirs]
    await end_roles(session, network, theirs, last=clock.today(), by=by, reason=batch.reason, announced=False)
    return [_mark(role, until) for role, until in zip(theirs, untils, strict=True)], []


def _mark(role: Role, until: date | None) -> dict[str, Any]:
    return {"id": role.id, "revision": role.revision, "until": until.isoformat() if until else None}


async def _went_back(
    session: AsyncSession, network: Network, effect: RoleBatchEffect, batch: RoleBatch, by: Principal
) -> list[str] | None:
    """Who holds the role again beside the person; None where a role was changed since, or the network has left."""
    roles = {role.id: role for role in await session.scalars(
        select(Role).where(among(session, Role.id, [mark["id"] for mark in effect.touched]))
    )}  # fmt: skip
    if network.archived or any(roles[mark["id"]].revision != mark["revision"] for mark in effect.touched):
        return None
    given = [roles[mark["id"]] for mark in effect.touched if "until" not in mark]
    if not given and await _is_led_by_another(session, network, batch):
        return None
    reason = batch.reason
    await end_roles(session, network, given, last=clock.today(), by=by, reason=reason, announced=False)
    back = [mark for mark in effect.touched if "until" in mark]
    await publish(session, *[reopened(roles[mark["id"]], _day(mark["until"]), by, reason) for mark in back])
    return [roles[mark["id"]].person_id for mark in back]


async def _is_led_by_another(session: AsyncSession, network: Network, batch: RoleBatch) -> bool:
    return batch.role in LEAD_ROLES and bool(await holders_of(session, network.id, batch.role))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _told(
    contract: Contract, batch: RoleBatch, networks: Sequence[Network], others: Sequence[str], by: Principal
) -> Change:
    bodies = list(dict.fromkeys(body for network in networks for body in network.bodies))
    state = RoleBatchState(
        id=batch.id, revision=batch.revision, status=batch.status, person_id=batch.person_id, role=batch.role,
        ends=batch.ends, networks=[network.id for network in networks], bodies=bodies, kept=batch.kept,
    )  # fmt: skip
    is_back = contract == ROLES_TAKEN_BACK
    told = roles_together(batch, networks, others=others, is_back=is_back) if networks else None
    return change(
        contract, state, key=batch.id, announcement=told, actor=by.person_id, reason=batch.reason, minor=batch.minor
    )
