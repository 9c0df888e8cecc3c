"""Invitations: by mail, to an account and, where a network is named, to a role in it.

Invariants:
1. Only the mailbox opens one: its link is mailed to the address alone, once, and a newer one ends the one before.
2. What it gives is judged as it is accepted: whoever invited must still be allowed to give that role.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership import passwords
from services.membership.access import EDITING_ROLES
from services.membership.commands.letters import end_keys, put_down, use_key
from services.membership.commands.networks import locked_network
from services.membership.commands.people import add_person
from services.membership.commands.roles import give_role, roles_of
from services.membership.commands.sound import require_sound
from services.membership.tables import Account, Invitation, Person
from shared import clock
from shared.auth import Principal
from shared.envelope import new_id
from shared.errors import Conflict, Forbidden, NotFound, Unprocessable
from shared.mailer.addresses import as_known

INVITATION_DAYS = 14


class NoSuchInvitation(NotFound):
    """There is no such invitation; it may have been withdrawn long ago."""


class NotOpen(Conflict):
    """This invitation was accepted or withdrawn already; invite the person again."""


class InvitedAlready(Conflict):
    """This address is invited already; send that invitation again, or withdraw it first."""


class HasAccount(Conflict):
    """Somebody with this address can sign in already; give them a role in your network instead."""


class InviterMayNot(Forbidden):
    """Whoever invited you may not give this role any more; ask the network for a new invitation."""


class PasswordMissing(Unprocessable):
    """Choose a password for your new account."""


async def invite(
    session: AsyncSession, *, email: str, name: str, by: Principal, network_id: str = "", role: str = ""
) -> Invitation:
    """Invite the owner of an address. Raises InvitedAlready, HasAccount, NoSuchNetwork."""
    email = as_known(email)
    if network_id:
        await locked_network(session, network_id)
    await _require_new(session, email, network_id)
    now = clock.now()
    invitation = Invitation(
        id=new_id(), email=email, name=name, network_id=network_id, role=role if network_id else "",
        invited_by=by.person_id, by_staff=by.is_staff, created_at=now,
        expires_at=now + timedelta(days=INVITATION_DAYS), status="open",
    )  # fmt: skip
    session.add(invitation)
    put_down(session, kind="invitation", address=email, subject_id=invitation.id)
    await session.flush()
    return invitation


async def resend_invitation(session: AsyncSession, *, invitation_id: str) -> Invitation:
    """Mail a new link, which lives as long as a new invitation. Raises NoSuchInvitation, NotOpen."""
    invitation = await _open(session, invitation_id)
    invitation.expires_at, invitation.refusal = clock.now() + timedelta(days=INVITATION_DAYS), ""
    put_down(session, kind="invitation", address=invitation.email, subject_id=invitation.id)
    await session.flush()
    return invitation


async def withdraw_invitation(session: AsyncSession, *, invitation_id: str) -> None:
    """Let its link open nothing any more. Raises NoSuchInvitation, NotOpen."""
    invitation = await _open(session, invitation_id)
    invitation.status = "withdrawn"
    await end_keys(session, subject_id=invitation.id)


async def accept_invitation(session: AsyncSession, *, key: str, name: str, password: str) -> Person:
    """Use the link up: an account where there is none, and the role.

    *name* and *password* are for who has no account. Raises LinkOver, NotOpen, InviterMayNot, PasswordMissing,
    KnownPassword, NetworkArchived.
    """
    invitation = await _open(session, await use_key(session, kind="invitation", secret=key))
    if invitation.network_id:
        await locked_network(session, invitation.network_id)
    await _require_may(session, invitation)
    by = Principal(invitation.invited_by, invitation.by_staff)
    person = await _person(session, invitation, name, by)
    if await session.get(Account, person.id) is None:
        await _with_account(session, person, password)
    if invitation.network_id and not await roles_of(session, invitation.network_id, person.id):
        await give_role(
            session, network_id=invitation.network_id, person_id=person.id, role=invitation.role, by=by
        )  # fmt: skip
    invitation.status = "accepted"
    await session.flush()
    return person


async def _person(session: AsyncSession, invitation: Invitation, name: str, by: Principal) -> Person:
    query = select(Person).where(Person.email == invitation.email).with_for_update()
    known = (await session.execute(query)).scalar_one_or_none()
    if known:
        return known
    fields = {"name": name.strip() or invitation.name or invitation.email, "email": invitation.email}
    return await add_person(session, fields=fields, by=by)


async def _with_account(session: AsyncSession, person: Person, password: str) -> None:
    if not password:
        raise PasswordMissing(errors=[{"field": "password", "message": "Choose a password"}])
    require_sound(password, about=[person.name, person.email])
    stored = await passwords.hash_of(password)
    session.add(Account(person_id=person.id, password=stored, changed_at=clock.now()))


async def _require_may(session: AsyncSession, invitation: Invitation) -> None:
    """Staff who invited must be staff still; others must still have a role that sets roles."""
    inviter = await session.get(Person, invitation.invited_by)
    if invitation.by_staff and inviter and inviter.is_staff:
        return
    held = await roles_of(session, invitation.network_id, invitation.invited_by)
    if not any(role.role in EDITING_ROLES and role.status == "active" for role in held):
        raise InviterMayNot


async def _open(session: AsyncSession, invitation_id: str) -> Invitation:
    invitation = await session.get(Invitation, invitation_id, with_for_update=True)
    if invitation is None:
        raise NoSuchInvitation
    if invitation.status != "open":
        raise NotOpen
    return invitation


async def _require_new(session: AsyncSession, email: str, network_id: str) -> None:
    same = select(Invitation.id).where(
        Invitation.email == email, Invitation.network_id == network_id, Invitation.status == "open",
        Invitation.expires_at > clock.now(),
    )  # fmt: skip
    if (await session.execute(same.limit(1))).first():
        raise InvitedAlready
    account = select(Account.person_id).join(Person, Person.id == Account.person_id).where(Person.email == email)
    if not network_id and (await session.execute(account.limit(1))).first():
        raise HasAccount
