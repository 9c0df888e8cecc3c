"""Reading membership."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.announcing import LEAD_ROLES
from services.membership.commands.email_changes import NothingAsked
from services.membership.commands.letters import LinkOver
from services.membership.commands.networks import NoSuchNetwork, require_network
from services.membership.commands.organisations import NoSuchOrganisation
from services.membership.commands.people import NoSuchPerson, folded
from services.membership.passwords import hashed
from services.membership.schemas import InvitationOut, Invited, MyBody, MyNetwork, RoleOut
from services.membership.tables import (
    Account,
    EmailChange,
    Invitation,
    MailedKey,
    Network,
    Organisation,
    Person,
    RecoveryCode,
    Role,
    SecondFactor,
    Token,
)
from shared import clock
from shared.auth import Principal
from shared.db import total_of
from shared.errors import BadRequest
from shared.mailer.addresses import as_known

__all__ = ["NoSuchNetwork", "require_network"]

Thing = TypeVar("Thing", EmailChange, Invitation)

UNKNOWN = "A former member"
"""Shown instead of the name of somebody who was erased."""


class WrongCursor(BadRequest):
    """The cursor is not one of ours; begin again without it."""


async def person_called(session: AsyncSession, person_id: str) -> Person:
    """The person with that id. Raises NoSuchPerson."""
    person = await session.get(Person, person_id)
    if person is None:
        raise NoSuchPerson
    return person


async def person_by_email(session: AsyncSession, email: str) -> Person | None:
    """The person with that e-mail address, however it is capitalised."""
    wanted = as_known(email)
    query = select(Person).where(Person.email == wanted, Person.email != "")
    return (await session.execute(query)).scalar_one_or_none()


async def principal_by_email(session: AsyncSession, email: str) -> Principal:
    """Who signs in with that e-mail address, with all that they may do. Raises NoSuchPerson."""
    person = await person_by_email(session, email)
    if person is None:
        raise NoSuchPerson(f"Nobody is known with the e-mail address {email!r}; check its spelling.")
    return Principal(person.id, person.is_staff, frozenset(person.bodies))


async def account_by_email(session: AsyncSession, email: str) -> tuple[Person | None, str | None]:
    """The person who signs in with that e-mail address, and the hash of their password; either may be missing."""
    person = await person_by_email(session, email)
    account = await session.get(Account, person.id) if person else None
    return person, account.password if account else None


async def second_factor_of(session: AsyncSession, person_id: str) -> tuple[datetime | None, int]:
    """Since when signing in takes a code of an app (None: it does not), and how many recovery codes are left."""
    kept = await session.get(SecondFactor, person_id)
    codes = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.person_id == person_id)
    return kept.confirmed_at if kept else None, (await session.execute(codes)).scalar_one()


async def token_holder(session: AsyncSession, secret: str) -> tuple[Person, Token] | None:
    """Whose personal token that is, or None when it is unknown, withdrawn or too old."""
    query = select(Person, Token).join(Token, Token.person_id == Person.id)
    query = query.where(Token.hash == hashed(secret), Token.expires_at > clock.now())
    row = (await session.execute(query)).first()
    return (row[0], row[1]) if row else None


async def tokens_of(session: AsyncSession, person_id: str) -> list[Token]:
    """The personal tokens of somebody, newest first."""
    query = select(Token).where(Token.person_id == person_id).order_by(Token.id.desc())
    return list((await session.execute(query)).scalars())


async def people_page(
    session: AsyncSession, *, q: str, by_email: bool, limit: int, cursor: str | None
) -> tuple[list[Person], str | None, int]:
    """People in the order of their names: (people, the next cursor, how many match in all)."""
    conditions: list[ColumnElement[bool]] = []
    for word in folded(q).split():
        named = Person.sort_name.contains(word, autoescape=True)
        conditions.append(named | Person.email.startswith(word, autoescape=True) if by_email else named)
    return await _named_page(session, Person, conditions, limit, cursor)


async def organisations_page(
    session: AsyncSession, *, q: str, kind: str, limit: int, cursor: str | None
) -> tuple[list[Organisation], str | None, int]:
    """Organisations in the order of their names: (organisations, the next cursor, how many match in all)."""
    conditions: list[ColumnElement[bool]] = [Organisation.kind == kind] if kind else []
    conditions += [
        Organisation.sort_name.contains(word, autoescape=True) | (Organisation.code == word.upper())
        for word in folded(q).split()
    ]
    return await _named_page(session, Organisation, conditions, limit, cursor)


async def organisation_at(session: AsyncSession, address: str) -> Organisation:
    """The organisation whose id or ODS code is *address*. Raises NoSuchOrganisation."""
    query = select(Organisation).where((Organisation.id == address) | (Organisation.code == address))
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NoSuchOrganisation
    return found


async def members_page(
    session: AsyncSession, network_id: str, *, role: str, limit: int, cursor: str | None
) -> tuple[list[RoleOut], str | None, int]:
    """Everybody who belongs to a network now, in the order of their coming: (roles, next cursor, how many)."""
    conditions = [Role.network_id == network_id, Role.status == "active"]
    if role:
        conditions.append(Role.role == role)
    query = _with_names().where(*conditions, Role.id > (cursor or "")).order_by(Role.id).limit(limit + 1)
    found = [shown(role, name) for role, name in await session.execute(query)]
    total = await total_of(session, Role, conditions, found, limit=limit, first=not cursor)
    return found[:limit], found[limit - 1].id if len(found) > limit else None, total


async def roles_in(session: AsyncSession, network_id: str) -> list[RoleOut]:
    """Every role of a network that is held now, or will be, but for the plain members'."""
    query = _with_names().where(Role.network_id == network_id, Role.status != "ended", Role.role != "member")
    return [shown(role, name) for role, name in await session.execute(query.order_by(Role.role, Role.since, Role.id))]


async def member_count(session: AsyncSession, network_id: str) -> int:
    """How many people belong to a network, each counted once."""
    query = select(func.count(Role.person_id.distinct()))
    return (await session.execute(query.where(Role.network_id == network_id, Role.status == "active"))).scalar_one()


async def shared_members(session: AsyncSession, network_id: str, other_id: str) -> int:
    """How many people belong to both networks."""
    mine, theirs = [
        select(Role.person_id).where(Role.network_id == one, Role.status == "active") for one in (network_id, other_id)
    ]
    both = mine.intersect(theirs).subquery()
    return (await session.execute(select(func.count()).select_from(both))).scalar_one()


def vacancies(roles: Sequence[RoleOut]) -> list[str]:
    """The lead roles that nobody holds now."""
    held = {role.role for role in roles if role.status == "active"}
    return [role for role in LEAD_ROLES if role not in held]


async def networks_of(session: AsyncSession, person_id: str) -> list[MyNetwork]:
    """Where somebody belongs, once for each role, in the order of the networks' names."""
    query = (
        select(Network.id, Network.name, Network.slug, Role.role)
        .join(Role, Role.network_id == Network.id)
        .where(Role.person_id == person_id, Role.status == "active")
        .order_by(Network.name, Network.id, Role.role)
    )
    return [MyNetwork(**row) for row in (await session.execute(query)).mappings()]


async def bodies_called(session: AsyncSession, codes: Sequence[str]) -> list[MyBody]:
    """The oversight bodies with those codes."""
    if not codes:
        return []
    query = select(Organisation.code, Organisation.name).where(Organisation.code.in_(codes))
    return [MyBody(**row) for row in (await session.execute(query.order_by(Organisation.code))).mappings()]


async def named(session: AsyncSession, role: Role) -> RoleOut:
    """A role as the API shows it, with the person's name."""
    person = await session.get(Person, role.person_id)
    return shown(role, person.name if person else None)


def shown(role: Role, name: str | None) -> RoleOut:
    """A role as the API shows it."""
    return RoleOut.model_validate(role).model_copy(update={"name": name or UNKNOWN})


def _with_names() -> Any:
    return select(Role, Person.name).outerjoin(Person, Person.id == Role.person_id)


async def _named_page(
    session: AsyncSession, table: Any, conditions: list[ColumnElement[bool]], limit: int, cursor: str | None
) -> tuple[list[Any], str | None, int]:
    query = select(table).where(*conditions).order_by(table.sort_name, table.id).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(table.sort_name, table.id) > _position(cursor))
    found = list((await session.execute(query)).scalars())
    total = await total_of(session, table, conditions, found, limit=limit, first=not cursor)
    return found[:limit], _cursor(found[limit - 1]) if len(found) > limit else None, total


def _cursor(row: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([row.sort_name, row.id])).decode()


def _position(cursor: str) -> Any:
    try:
        name, identity = orjson.loads(base64.urlsafe_b64decode(cursor))
        return str(name), str(identity)
    except (binascii.Error, ValueError, TypeError):
        raise WrongCursor from None


async def invitations_page(
    session: AsyncSession, *, network_id: str, limit: int, cursor: str
) -> tuple[list[InvitationOut], str | None, int]:
    """The invitations (to a network, or all), newest first: (invitations, the next cursor, how many in all)."""
    conditions = [Invitation.network_id == network_id] if network_id else []
    query = select(Invitation).where(*conditions).order_by(Invitation.id.desc()).limit(limit + 1)
    found = list((await session.execute(query.where(Invitation.id < cursor) if cursor else query)).scalars())
    total = await total_of(session, Invitation, conditions, found, limit=limit, first=not cursor)
    items = [await invitation_shown(session, one) for one in found[:limit]]
    return items, found[limit - 1].id if len(found) > limit else None, total


async def invitation_shown(session: AsyncSession, invitation: Invitation) -> InvitationOut:
    """An invitation as the API shows it; an open one may be over."""
    network = await session.get(Network, invitation.network_id) if invitation.network_id else None
    is_over = invitation.status == "open" and invitation.expires_at <= clock.now()
    return InvitationOut(
        id=invitation.id, email=invitation.email, name=invitation.name, network_id=invitation.network_id,
        network_name=network.name if network else "", role=invitation.role,
        status="over" if is_over else invitation.status, created_at=invitation.created_at,
        expires_at=invitation.expires_at, refusal=invitation.refusal,
    )  # fmt: skip


async def email_change_of(session: AsyncSession, person_id: str) -> EmailChange:
    """The address that somebody's confirmation is waited for. Raises NothingAsked."""
    asked = await session.get(EmailChange, person_id)
    if asked is None or asked.expires_at <= clock.now():
        raise NothingAsked
    return asked


async def _by_key(session: AsyncSession, thing: type[Thing], thing_id: Any, *, kind: str, secret: str) -> Thing:
    """What a mailed link is about. Raises LinkOver."""
    theirs = (MailedKey.hash == hashed(secret), MailedKey.kind == kind, MailedKey.expires_at > clock.now())
    query = select(thing).join(MailedKey, MailedKey.subject_id == thing_id).where(*theirs)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise LinkOver
    return found


async def email_change_by_key(session: AsyncSession, secret: str) -> EmailChange:
    """The address that a mailed link confirms. Raises LinkOver."""
    return await _by_key(session, EmailChange, EmailChange.person_id, kind="email", secret=secret)


async def invited_by_key(session: AsyncSession, secret: str) -> Invited:
    """What the secret of a mailed link invites to. Raises LinkOver."""
    invitation = await _by_key(session, Invitation, Invitation.id, kind="invitation", secret=secret)
    network = await session.get(Network, invitation.network_id) if invitation.network_id else None
    inviter = await session.get(Person, invitation.invited_by)
    person, password = await account_by_email(session, invitation.email)
    return Invited(
        email=invitation.email, name=person.name if person else invitation.name,
        network_name=network.name if network else "", network_slug=network.slug if network else "",
        role=invitation.role, inviter=inviter.name if inviter else "", has_account=password is not None,
    )  # fmt: skip
