"""Roles in networks: taking, ending, replacing, joining and leaving.

Every command locks the network's row first, so that the messages of one network keep the order of its changes
and two who replace the same lead do so one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.announcing import LEAD_ROLES, role_ended, role_taken
from services.membership.commands.networks import locked_network
from services.membership.commands.people import NoSuchPerson
from services.membership.tables import Network, Person, Role
from shared import clock
from shared.announcement import Announcement
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.membership import ROLE_CHANGED, ROLE_ENDED, ROLE_PLANNED, ROLE_TAKEN, MembershipState
from shared.envelope import new_id
from shared.errors import Conflict, NotFound, Unprocessable
from shared.outbox import Change, change, publish


class NetworkArchived(Conflict):
    """The network is archived; nobody can join it or take a role in it."""


class HoldsRoleAlready(Conflict):
    """This person holds this role in this network already."""


class MemberAlready(Conflict):
    """You belong to this network already."""


class NotAMember(Conflict):
    """You do not belong to this network."""


class NoSuchRole(NotFound):
    """There is no such role in this network; list them with GET /api/networks/{id}/roles."""


class RoleEnded(Conflict):
    """The role has ended already and cannot be ended again."""


class EndsBeforeItBegins(Unprocessable):
    """A role cannot end before it begins; choose a later last day."""


async def give_role(
    session: AsyncSession, *, network_id: str, person_id: str, role: str, since: date | None = None,
    until: date | None = None, replace: bool | None = None, by: Principal, reason: str = "", minor: bool = False,
    announced: bool = True,
) -> Role:  # fmt: skip
    """Give *person_id* a role from *since* (today) to *until* (open), both days included.

    *replace* ends the role of its present holders the day before; by default it does so for the lead roles. A role
    that is over already is only recorded. Not *announced*: another message of the same change tells it.

    Raises NetworkArchived, NoSuchPerson, HoldsRoleAlready, EndsBeforeItBegins.
    """
    network = await locked_network(session, network_id)
    if network.archived:
        raise NetworkArchived
    if (
        await session.get(Person, person_id, with_for_update={"read": True}) is None
    ):  # erasure waits for us, or we for it
        raise NoSuchPerson
    taken = new_role(network_id, person_id, role, since or clock.today(), until)
    holders = [] if taken.status == "ended" else await holders_of(session, network_id, role)
    if any(holder.person_id == person_id for holder in holders):
        raise HoldsRoleAlready
    replaced = [h for h in holders if until is None or h.since <= until] if _replaces(role, replace) else []
    changes = [_replaced(holder, taken.since, by, reason, minor) for holder in replaced]
    session.add(taken)
    gone = [r.person_id for r in replaced if r.status == "ended"]
    told = await _taking(session, network, taken, gone) if announced else None
    contract = ROLE_PLANNED if taken.status == "planned" else ROLE_TAKEN
    changes.append(said(contract, taken, None, told, by, reason, minor))
    await publish(session, *changes)
    return taken


async def end_role(
    session: AsyncSession, *, network_id: str, role_id: str, until: date | None = None, by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Role:  # fmt: skip
    """End a role with *until* (today) as its last day; a day to come is noted and kept.

    Raises NoSuchRole, RoleEnded, ChangedMeanwhile, EndsBeforeItBegins.
    """
    network = await locked_network(session, network_id)
    role = await session.get(Role, role_id)
    if role is None or role.network_id != network_id:
        raise NoSuchRole
    require_revision(expected, role.revision)
    if role.status == "ended":
        raise RoleEnded
    last = until or max(clock.today(), role.since)
    if last < role.since:
        raise EndsBeforeItBegins
    if last > clock.today():
        await publish(session, _given_last_day(role, last, by, reason))
    else:
        await end_roles(session, network, [role], last=last, by=by, reason=reason, minor=minor)
    return role


async def join_network(
    session: AsyncSession, *, network_id: str, by: Principal, reason: str = "", minor: bool = False
) -> Role:
    """Make *by* a member. Raises NetworkArchived, MemberAlready, NoSuchPerson."""
    await locked_network(session, network_id)
    if await roles_of(session, network_id, by.person_id):
        raise MemberAlready
    return await give_role(
        session, network_id=network_id, person_id=by.person_id, role="member", by=by, reason=reason, minor=minor
    )


async def leave_network(
    session: AsyncSession, *, network_id: str, by: Principal, reason: str = "", minor: bool = False
) -> list[Role]:
    """End every role that *by* has in a network. Raises NotAMember."""
    network = await locked_network(session, network_id)
    roles = await roles_of(session, network_id, by.person_id)
    if not roles:
        raise NotAMember
    await end_roles(session, network, roles, last=clock.today(), by=by, reason=reason, minor=minor)
    return roles


async def end_roles(
    session: AsyncSession, network: Network, roles: Sequence[Role], *, last: date, by: Principal,
    reason: str = "", minor: bool = False, announced: bool = True,
) -> None:  # fmt: skip
    """End *roles* of one network, whose row is locked, and say so; a role that was only planned ends untold.

    Not *announced*: another message of the same change tells it.
    """
    ending = {role.id for role in roles}
    changes = []
    for role in roles:
        before, planned = state_of(role).model_dump(mode="json"), role.status == "planned"
        end(role, last)
        told = await _ending(session, network, role, ending) if announced and not planned else None
        changes.append(said(ROLE_ENDED, role, before, told, by, reason, minor))
    await publish(session, *changes)


async def add_roles(session: AsyncSession, *, rows: Sequence[dict[str, Any]], by: Principal) -> list[Role]:
    """Record many roles at once: `{network_id, person_id, role, since, until}` each. Nobody is told of them.

    For imports and for a history that is loaded: nothing is replaced, and the people must be there.
    """
    for network_id in sorted({row["network_id"] for row in rows}):
        await locked_network(session, network_id)
    roles = [
        new_role(r["network_id"], r["person_id"], r["role"], r.get("since") or clock.today(), r.get("until"))
        for r in rows
    ]
    session.add_all(roles)
    await session.flush()
    await publish(session, *[said(ROLE_TAKEN, role, None, None, by, "", True) for role in roles])
    return roles


def new_role(network_id: str, person_id: str, role: str, since: date, until: date | None) -> Role:
    """A role's row; its status follows from the dates. Raises EndsBeforeItBegins."""
    if until is not None and until < since:
        raise EndsBeforeItBegins
    today = clock.today()
    status = "planned" if since > today else "ended" if until is not None and until < today else "active"
    return Role(
        id=new_id(), revision=1, network_id=network_id, person_id=person_id,
        role=role, since=since, until=until, status=status, continues="", continued_in="", told_since=None,
    )  # fmt: skip


async def holders_of(session: AsyncSession, network_id: str, role: str) -> list[Role]:
    """The roles that are held now, or will be, oldest first."""
    query = select(Role).where(Role.network_id == network_id, Role.role == role, Role.status != "ended")
    return list((await session.execute(query.order_by(Role.since, Role.id))).scalars())


async def roles_of(session: AsyncSession, network_id: str, person_id: str) -> list[Role]:
    """What one person is in a network now, or will be."""
    query = select(Role).where(Role.network_id == network_id, Role.person_id == person_id, Role.status != "ended")
    return list((await session.execute(query.order_by(Role.id))).scalars())


def state_of(role: Role) -> MembershipState:
    """The public state of a role's row."""
    return MembershipState.model_validate(role, from_attributes=True)


def begin(role: Role) -> dict[str, Any]:
    """Make a planned role an active one; returns its state before."""
    before = state_of(role).model_dump(mode="json")
    role.status, role.revision = "active", role.revision + 1
    return before


async def begin_role(session: AsyncSession, network: Network, role: Role, *, by: Principal) -> None:
    """Let a planned role begin, and tell of it."""
    before = begin(role)
    await publish(session, said(ROLE_TAKEN, role, before, await _taking(session, network, role, []), by, "", False))


def end(role: Role, last: date) -> None:
    """Give a role its last day."""
    role.until, role.status, role.revision = max(last, role.since), "ended", role.revision + 1


def _replaced(role: Role, successor_from: date, by: Principal, reason: str, minor: bool) -> Change:
    """The end of a role on the day before its successor's first; told by the successor's message alone."""
    last = successor_from - timedelta(days=1)
    if last >= clock.today() and role.status == "active":
        return _given_last_day(role, last, by, reason)
    before = state_of(role).model_dump(mode="json")
    end(role, last)
    return said(ROLE_ENDED, role, before, None, by, reason, minor)


def reopened(role: Role, until: date | None, by: Principal, reason: str) -> Change:
    """Let a role that ended go on to *until*; told by another message of the same change."""
    before, today = state_of(role).model_dump(mode="json"), clock.today()
    role.until, role.continued_in, role.revision = until, "", role.revision + 1
    role.status = "planned" if role.since > today else "ended" if until is not None and until < today else "active"
    contract = {"planned": ROLE_PLANNED, "active": ROLE_TAKEN, "ended": ROLE_ENDED}[role.status]
    return said(contract, role, before, None, by, reason, False)


def _given_last_day(role: Role, last: date, by: Principal, reason: str) -> Change:
    before = state_of(role).model_dump(mode="json")
    role.until, role.revision = last, role.revision + 1
    return said(ROLE_CHANGED, role, before, None, by, reason, False)


def _replaces(role: str, asked: bool | None) -> bool:
    return role in LEAD_ROLES if asked is None else asked


async def _taking(session: AsyncSession, network: Network, role: Role, replaced: Sequence[str]) -> Announcement | None:
    if role.status != "active":
        return None
    leads = await _leads(session, network.id) if role.role == "member" else []
    return role_taken(network, role, replaced=replaced, leads=leads)


async def _ending(session: AsyncSession, network: Network, role: Role, ending: set[str]) -> Announcement:
    if role.role == "member":
        return role_ended(network, role, vacant=False, leads=await _leads(session, network.id))
    remaining = [holder for holder in await holders_of(session, network.id, role.role) if holder.id not in ending]
    vacant = not any(holder.status == "active" for holder in remaining)
    return role_ended(network, role, vacant=vacant, leads=())


async def _leads(session: AsyncSession, network_id: str) -> list[str]:
    query = select(Role.person_id).where(
        Role.network_id == network_id, Role.status == "active", Role.role.in_(LEAD_ROLES)
    )
    return sorted(set((await session.execute(query)).scalars()))


def said(
    contract: Any, role: Role, before: dict[str, Any] | None, told: Announcement | None,
    by: Principal, reason: str, minor: bool,
) -> Change:  # fmt: skip
    """The message that a role came to be so."""
    return change(
        contract, state_of(role), key=role.network_id, before=before, announcement=told,
        actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip
