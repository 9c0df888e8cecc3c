"""What becomes of the people when networks are merged or split, and when a merge is undone.

Nobody is told here: the register's own message of the succession is told to the people of both networks. Whoever
belonged to the old network belongs to the new one, each role once, also when the same is done again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.announcing import SHARED_ROLES
from services.membership.commands.networks import locked_network
from services.membership.commands.roles import end, new_role, reopened, said, state_of
from services.membership.tables import Network, Role
from shared.auth import Principal
from shared.contracts.membership import ROLE_ENDED, ROLE_PLANNED, ROLE_TAKEN
from shared.db import among
from shared.history import history
from shared.outbox import Change, publish


async def merge_roles(
    session: AsyncSession, *, source_id: str, target_id: str, all_roles: bool, moment: datetime, by: Principal
) -> None:
    """Let everybody of the network *source_id* belong to *target_id*, which it became part of at *moment*.

    A leading role that somebody holds there already comes as a membership, unless *all_roles*.
    """
    source = await _both_locked(session, source_id, target_id)
    source.archived = True  # the register says so too, on another topic: nobody may join in between
    coming = Coming(target_id, await _open_roles(session, target_id), moment)
    leaving = await _open_roles(session, source_id)
    demoted = [role for role in leaving if not all_roles and coming.is_taken(role.role)]
    for role in leaving:
        if role not in demoted:
            coming.bring(role, role.role)
    for role in demoted:
        coming.bring(role, "member")
    session.add_all(coming.roles)
    changes = [_left(role, moment, by, continued_in=target_id) for role in leaving]
    await publish(session, *changes, *(_came(role, source, by) for role in coming.roles))


async def split_roles(
    session: AsyncSession, *, source_id: str, target_id: str, moved: Collection[str], copied: Collection[str],
    moment: datetime, by: Principal,
) -> None:  # fmt: skip
    """Let the roles *moved* and *copied* (ids) go on in *target_id*; the moved ones end in *source_id*."""
    source = await _both_locked(session, source_id, target_id)
    chosen = set(moved) | set(copied)
    going = [role for role in await _open_roles(session, source_id) if role.id in chosen]
    coming = Coming(target_id, await _open_roles(session, target_id), moment)
    for role in going:
        coming.bring(role, role.role)
    session.add_all(coming.roles)
    changes = [_left(role, moment, by) for role in going if role.id not in set(copied)]
    await publish(session, *changes, *(_came(role, source, by) for role in coming.roles))


async def part_roles(session: AsyncSession, *, source_id: str, target_id: str, moment: datetime, by: Principal) -> None:
    """Take back `merge_roles` of the two: each role that ended with it goes on where it was, not where it came to.

    Who left the merged network since stays away; who came to it since stays there.
    """
    source = await _both_locked(session, source_id, target_id)
    source.archived = False
    gone = select(Role).where(Role.network_id == source_id, Role.continued_in == target_id).order_by(Role.id)
    leaving = list((await session.execute(gone)).scalars())
    there = select(Role).where(Role.network_id == target_id, Role.continues.in_([role.id for role in leaving]))
    came = {role.continues: role for role in (await session.execute(there)).scalars()}
    staying = {role.person_id for role in await _open_roles(session, target_id)}
    back = [role for role in leaving if _has_stayed(role, came.get(role.id), staying)]
    untils = await _untils(session, back)
    ended = [came[role.id] for role in back if role.id in came]
    await publish(
        session, *(_left(role, moment, by) for role in ended),
        *[reopened(role, untils.get(role.id, role.until), by, "The merge was undone") for role in back],
    )  # fmt: skip


def _has_stayed(role: Role, came: Role | None, staying: Collection[str]) -> bool:
    return came.status != "ended" if came else role.person_id in staying


async def _untils(session: AsyncSession, roles: Sequence[Role]) -> dict[str, date | None]:
    """Role → the last day that it had before it ended."""
    entries = select(history.c.subject, history.c.changes).where(
        among(session, history.c.subject, [role.id for role in roles]), history.c.type == ROLE_ENDED.type
    )
    found: dict[str, date | None] = {}
    for subject, changes in await session.execute(entries.order_by(history.c.revision)):
        found.pop(subject, None)
        if "until" in changes:
            before = changes["until"][0]
            found[subject] = date.fromisoformat(before) if before else None
    return found


class Coming:
    """The roles that go on in a network, which has some already."""

    def __init__(self, network_id: str, there: Sequence[Role], moment: datetime) -> None:
        """*there* are those that it has."""
        self._network_id, self._moment = network_id, moment
        self._held = {(role.person_id, role.role) for role in there}
        self._belong = {role.person_id for role in there}
        self._taken = {role.role for role in there} - SHARED_ROLES
        self.roles: list[Role] = []

    def is_taken(self, role: str) -> bool:
        """Whether somebody held this role there before, and one is the rule."""
        return role in self._taken

    def bring(self, role: Role, as_: str) -> None:
        """Let *role* go on here, unless the person is that here already; who belongs here becomes no second member."""
        known = (role.person_id, as_) in self._held
        if known or (as_ == "member" and (role.person_id in self._belong or self._demoted(role, as_))):
            return
        since = max(self._moment.date(), role.since)
        if role.until is not None and role.until < since:
            return  # it was over, and the calendar has not said so yet
        made = new_role(self._network_id, role.person_id, as_, since, role.until)
        made.continues, made.told_since = role.id, self._moment
        self._held.add((role.person_id, as_))
        self.roles.append(made)

    def _demoted(self, role: Role, as_: str) -> bool:
        """Whether a leading role would come as the membership of somebody who came with another one."""
        return role.role != as_ and any(made.person_id == role.person_id for made in self.roles)


async def _both_locked(session: AsyncSession, source_id: str, target_id: str) -> Network:
    """Lock both networks, in the order of their ids, as erasure does; returns the old one."""
    found = {network_id: await locked_network(session, network_id) for network_id in sorted((source_id, target_id))}
    return found[source_id]


async def _open_roles(session: AsyncSession, network_id: str) -> list[Role]:
    query = select(Role).where(Role.network_id == network_id, Role.status != "ended")
    return list((await session.execute(query.order_by(Role.since, Role.id))).scalars())


def _left(role: Role, moment: datetime, by: Principal, *, continued_in: str = "") -> Change:
    before = state_of(role).model_dump(mode="json")
    role.continued_in = continued_in
    last = moment.date() - timedelta(days=1)
    end(role, min(role.until or last, last))
    return said(ROLE_ENDED, role, before, None, by, "", False)


def _came(role: Role, source: Network, by: Principal) -> Change:
    contract = ROLE_PLANNED if role.status == "planned" else ROLE_TAKEN
    return said(contract, role, None, None, by, f"Came with {source.name}" if source.name else "", False)
