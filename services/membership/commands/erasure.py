"""Erasure: a person is forgotten here, and a tombstone tells every other service to forget them too.

What remains is an id that leads nowhere: the facts about networks (who led when) keep their order without it
being known who it was.
"""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.letters import FORGET, end_links, put_down
from services.membership.commands.networks import locked_network
from services.membership.commands.people import locked_person
from services.membership.commands.roles import end_roles, roles_of
from services.membership.commands.second_factors import remove_second_factor
from services.membership.commands.standing import judge_again
from services.membership.passwords import hashed
from services.membership.tables import (
    Account,
    EmailChange,
    FirstSignIn,
    Identity,
    Invitation,
    Letter,
    MailedKey,
    Person,
    Role,
    Token,
)
from shared import clock
from shared.auth import Principal
from shared.boundary import forget_answers, require_revision
from shared.contracts.membership import PERSON_ERASED
from shared.envelope import Envelope
from shared.errors import Conflict
from shared.history import history, write_history
from shared.logging import correlation_id
from shared.outbox import append
from shared.telemetry import traceparent


class JoinedMeanwhile(Conflict):
    """The person joined a network at this very moment; ask for the erasure again."""


async def erase_person(session: AsyncSession, *, person_id: str, by: Principal, expected: int | None = None) -> None:
    """Forget a person and end what they were. Raises NoSuchPerson, ChangedMeanwhile, JoinedMeanwhile.

    Networks are locked before the person, as where a role is given, and in the order of their ids.
    """
    held = select(Role.network_id).where(Role.person_id == person_id, Role.status != "ended").distinct()
    for network_id in sorted((await session.execute(held)).scalars()):
        network = await locked_network(session, network_id)
        roles = await roles_of(session, network_id, person_id)
        await end_roles(session, network, roles, last=clock.today(), by=by)
    person = await locked_person(session, person_id)
    require_revision(expected, person.revision)
    if (await session.execute(held)).first() is not None:
        raise JoinedMeanwhile
    revision = person.revision + 1
    await _forget(session, person_id)
    await _tombstone(session, person_id, revision, by)
    judge_again(session, person_id)


async def _forget(session: AsyncSession, person_id: str) -> None:
    await session.execute(delete(Token).where(Token.person_id == person_id))
    await remove_second_factor(session, person_id=person_id)
    for table in (Account, Identity, FirstSignIn):
        await session.execute(delete(table).where(table.person_id == person_id))
    email = await _forget_mail(session, person_id)
    await forget_answers(session, [person_id], email)
    await session.execute(delete(Person).where(Person.id == person_id))
    theirs = select(Role.id).where(Role.person_id == person_id)
    about = (history.c.key == person_id) | history.c.subject.in_(theirs)
    await session.execute(update(history).where(about).values(reason=""))
    await session.execute(update(history).where(history.c.key == person_id).values(changes={}, state={}))


async def _forget_mail(session: AsyncSession, person_id: str) -> str:
    """The letters to them, the links in those, and what invited them; their address, whose mails are forgotten next."""
    email = (await session.execute(select(Person.email).where(Person.id == person_id))).scalar_one()
    asked = (await session.execute(select(EmailChange.email).where(EmailChange.person_id == person_id))).scalars()
    addresses = [address for address in (email, *asked) if address]
    await end_links(session, person_id=person_id)
    invited = select(Invitation.id).where(Invitation.email.in_(addresses))
    await session.execute(delete(MailedKey).where(MailedKey.subject_id.in_(invited)))
    to_them = (Letter.subject_id == person_id) | Letter.address.in_(addresses)
    await session.execute(delete(Letter).where(to_them))
    await session.execute(delete(Invitation).where(Invitation.id.in_(invited)))
    for address in addresses:
        put_down(session, kind=FORGET, address=hashed(address))
    return email


async def _tombstone(session: AsyncSession, person_id: str, revision: int, by: Principal) -> None:
    said = Envelope(
        topic=PERSON_ERASED.topic, key=person_id, type=PERSON_ERASED.type, source="/membership", subject=person_id,
        data=None, revision=revision, actor=by.person_id, correlationid=correlation_id(), traceparent=traceparent(),
    )  # fmt: skip
    await write_history(session, [(said, "", False)])
    await append(session, [said])
