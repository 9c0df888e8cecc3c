"""Accounts: passwords, and the one-time link that makes the first account of a member of staff."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership import passwords
from services.membership.commands.letters import end_links, put_down, use_key
from services.membership.commands.people import add_person, locked_person
from services.membership.commands.proofs import require_password
from services.membership.commands.sound import require_sound
from services.membership.commands.standing import judge_again, require_whole
from services.membership.passwords import hashed
from services.membership.tables import Account, FirstLink, Person
from shared import clock
from shared.auth import ANYBODY, Principal
from shared.errors import NotSignedIn
from shared.mailer.addresses import as_known

LINK_DAYS = 7


class LinkUsed(NotSignedIn):
    """This link was used already, is too old or was never given; restart the server to get another."""


async def set_password(session: AsyncSession, *, person_id: str, password: str) -> Person:
    """Give a person an account, or their account another password. Raises NoSuchPerson, KnownPassword.

    Sessions that began before are over, and so is every link to choose a password that was mailed before.
    """
    person = await locked_person(session, person_id)
    require_sound(password, about=[person.name, person.email])
    await end_links(session, person_id=person_id)
    stored = await passwords.hash_of(password)
    await session.merge(Account(person_id=person_id, password=stored, changed_at=clock.now()))
    await session.flush()
    judge_again(session, person_id)
    return person


async def change_password(session: AsyncSession, *, person_id: str, present: str, password: str, by: Principal) -> None:
    """Change a password; for oneself only with the *present* one. Its owner is told by mail.

    Raises NoSuchPerson, NoPassword, WrongPresentPassword, KnownPassword, OpensAnAccount.
    """
    if by.person_id == person_id and await session.get(Account, person_id) is not None:
        await require_password(session, person_id=person_id, present=present)
    else:
        require_whole(by)
    person = await set_password(session, person_id=person_id, password=password)
    put_down(session, kind="password", address=person.email, subject_id=person_id)


async def ask_for_reset(session: AsyncSession, *, email: str) -> None:
    """Mail a link to choose a new password to the owner of an address, if somebody has it: that is found out later."""
    put_down(session, kind="reset", address=as_known(email))
    await session.flush()


async def reset_password(session: AsyncSession, *, key: str, password: str) -> Person:
    """Choose a new password against a mailed link; its owner is told. Raises LinkOver, KnownPassword, NoSuchPerson."""
    person_id = await use_key(session, kind="reset", secret=key)
    person = await set_password(session, person_id=person_id, password=password)
    put_down(session, kind="password", address=person.email, subject_id=person_id)
    return person


async def first_account_link(session: AsyncSession) -> str | None:
    """The secret of a new one-time link, or None once a member of staff can sign in. Earlier links end."""
    staff = select(Person.id).join(Account, Account.person_id == Person.id).where(Person.is_staff)
    await session.execute(delete(FirstLink))
    if (await session.execute(staff.limit(1))).first() is not None:
        return None
    secret = secrets.token_urlsafe(32)
    session.add(FirstLink(hash=hashed(secret), expires_at=clock.now() + timedelta(days=LINK_DAYS)))
    await session.flush()
    return secret


async def make_first_account(session: AsyncSession, *, link: str, email: str, name: str, password: str) -> Person:
    """Use the one-time link up and make its holder staff. Raises LinkUsed, EmailTaken."""
    used = delete(FirstLink).where(FirstLink.hash == hashed(link), FirstLink.expires_at > clock.now())
    if (await session.execute(used.returning(FirstLink.hash))).first() is None:
        raise LinkUsed
    person = await add_person(session, fields={"name": name, "email": email, "is_staff": True}, by=ANYBODY)
    await set_password(session, person_id=person.id, password=password)
    return person
