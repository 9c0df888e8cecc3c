"""One's own e-mail address: changed by who knows the password, and once its new mailbox says so.

Invariants:
1. Somebody's address changes by a link alone that was mailed to the new one; a session does not do, nor a token.
2. The old address is told when it is asked for and when it is done, and a new password ends what was asked for.
3. Nobody is told here whether another address is known; its own mailbox is.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.letters import LinkOver, end_links, put_down, use_key
from services.membership.commands.people import change_person, locked_person
from services.membership.tables import EmailChange, Person
from shared import clock
from shared.auth import Principal
from shared.errors import NotFound, Unprocessable
from shared.mailer.addresses import as_known

EMAIL_HOURS = 24


class SameAddress(Unprocessable):
    """You sign in with this address already."""


class NothingAsked(NotFound):
    """No change of your address is waiting."""


async def ask_for_email(session: AsyncSession, *, person_id: str, email: str) -> EmailChange:
    """Mail a link to a new address of somebody who has proved who they are. Raises SameAddress, NoSuchPerson."""
    person, email = await locked_person(session, person_id), as_known(email)
    if email == person.email:
        raise SameAddress
    await end_links(session, person_id=person_id)
    now = clock.now()
    asked = EmailChange(person_id=person_id, email=email, asked_at=now, expires_at=now + timedelta(hours=EMAIL_HOURS))
    session.add(asked)
    put_down(session, kind="new-email", address=email, subject_id=person_id)
    put_down(session, kind="email-asked", address=person.email, subject_id=person_id)
    await session.flush()
    return asked


async def confirm_email(session: AsyncSession, *, key: str) -> Person:
    """Let the address behind a mailed link be the one. Raises LinkOver, NoSuchPerson, EmailTaken."""
    person_id = await use_key(session, kind="email", secret=key)
    asked = await session.get(EmailChange, person_id, with_for_update=True)
    if asked is None or asked.expires_at <= clock.now():
        raise LinkOver
    fields = {"email": asked.email}
    return await change_person(session, person_id=person_id, fields=fields, by=Principal(person_id), proven=True)


async def withdraw_email(session: AsyncSession, *, person_id: str) -> None:
    """Leave the address as it is. Raises NothingAsked."""
    asked = await session.get(EmailChange, person_id, with_for_update=True)
    if asked is None:
        raise NothingAsked
    await end_links(session, person_id=person_id)
