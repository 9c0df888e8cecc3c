"""People as an identity provider knows them.

Invariants:
1. Somebody is known by issuer and subject, which a provider gives to nobody else; an address finds them once, the
   first time, and only where the provider has verified it.
2. Whoever had the account until then may have been somebody else with that address on the record. So the first time
   its password and its tokens end, and everybody who was signed in is signed out; its owner is told by mail.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.letters import end_links, put_down
from services.membership.commands.people import add_person, change_person, locked_person
from services.membership.commands.standing import judge_again
from services.membership.tables import Account, Identity, Organisation, Person, Token
from shared import clock
from shared.auth import Principal
from shared.errors import Forbidden
from shared.mailer.addresses import as_known

PROVIDER = Principal("", is_staff=True)
"""In whose name the provider's claims change somebody's standing."""


class NotOnTheRegister(Forbidden):
    """You are not on the register yet; ask the national team or a network's lead to invite you."""


class EmailNotVerified(Forbidden):
    """Your organisation's sign-in has not verified your e-mail address, so we cannot know who you are; ask there."""


async def recognise(
    session: AsyncSession, *, issuer: str, subject: str, email: str, name: str, standing: dict[str, Any], add: bool
) -> Person:
    """Who that is, linked the first time; with the *standing* that the provider's claims give.

    *email* is empty unless verified; *add*: who is unknown is put on the register. Raises EmailNotVerified,
    NotOnTheRegister, UnknownOrganisation.
    """
    identity = await session.get(Identity, (issuer, subject), with_for_update=True)
    if identity:
        identity.used_at = clock.now()
        person = await locked_person(session, identity.person_id)
    else:
        person = await _linked(session, issuer, subject, as_known(email), name, add)
    fields = await _known(session, standing)
    return await change_person(session, person_id=person.id, fields=fields, by=PROVIDER) if fields else person


async def _linked(
    session: AsyncSession, issuer: str, subject: str, email: str, name: str, add: bool
) -> Person:  # fmt: skip
    if not email:
        raise EmailNotVerified
    query = select(Person).where(Person.email == email).with_for_update()
    person = (await session.execute(query)).scalar_one_or_none()
    if person:
        await _taken_over(session, person)
    elif add:
        person = await add_person(session, fields={"name": name or email, "email": email}, by=PROVIDER)
    else:
        raise NotOnTheRegister
    now = clock.now()
    session.add(Identity(issuer=issuer, subject=subject, person_id=person.id, linked_at=now, used_at=now))
    await session.flush()
    return person


async def _taken_over(session: AsyncSession, person: Person) -> None:
    await session.merge(Account(person_id=person.id, password="", changed_at=clock.now()))
    await session.execute(delete(Token).where(Token.person_id == person.id))
    await end_links(session, person_id=person.id)
    judge_again(session, person.id)
    put_down(session, kind="linked", address=person.email, subject_id=person.id)


async def _known(session: AsyncSession, standing: dict[str, Any]) -> dict[str, Any]:
    """*standing* without an organisation that the register does not know: a stranger's code stops nobody."""
    code = standing.get("organisation")
    query = select(Organisation.code).where(Organisation.code == code)
    if code and (await session.execute(query)).first() is None:
        return {name: value for name, value in standing.items() if name != "organisation"}
    return standing
