"""People: adding and changing them. Their messages are the only ones with personal data."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.letters import end_links, put_down
from services.membership.commands.standing import judge_again, require_whole
from services.membership.tables import Organisation, Person
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.membership import PERSON_ADDED, PERSON_CHANGED, PersonState
from shared.envelope import new_id
from shared.errors import Conflict, Forbidden, NotFound, Unprocessable
from shared.mailer.addresses import as_known
from shared.outbox import Change, change, publish

STANDING = frozenset({"is_staff", "is_associate", "bodies"})
"""What a person may do here; nobody sets it for themselves."""


class NoSuchPerson(NotFound):
    """There is no such person; search for their name under /api/people."""


class EmailTaken(Conflict):
    """Somebody with this e-mail address is known already; change their record instead."""


class UnknownOrganisation(Unprocessable):
    """The organisation is not known; use an ODS code that /api/organisations lists."""


class EmailTakesProof(Forbidden):
    """Your own address changes by a mailed link, against your password: /account/email, /api/me/email-change."""


class StandingIsForStaff(Forbidden):
    """Only staff may say who is staff, an associate or an officer of an oversight body."""


async def add_person(
    session: AsyncSession, *, fields: dict[str, Any], by: Principal, reason: str = "", minor: bool = False
) -> Person:
    """Make somebody known. Raises EmailTaken, UnknownOrganisation, OpensAnAccount."""
    return (await add_people(session, rows=[fields], by=by, reason=reason, minor=minor))[0]


async def add_people(
    session: AsyncSession, *, rows: Sequence[dict[str, Any]], by: Principal, reason: str = "", minor: bool = False
) -> list[Person]:
    """Make many known at once; `name` is needed, the other fields may be left out. Raises as add_person."""
    people = [_new_person(fields) for fields in rows]
    if any(getattr(person, name) for person in people for name in STANDING):
        require_whole(by)
    await _require_free(session, [person.email for person in people])
    await _require_known(session, {person.organisation for person in people}, any_kind=True)
    await _require_known(session, {body for person in people for body in person.bodies}, any_kind=False)
    session.add_all(people)
    await _flush(session)
    await publish(session, *[_said(PERSON_ADDED, person, None, by, reason, minor) for person in people])
    return people


async def change_person(
    session: AsyncSession, *, person_id: str, fields: dict[str, Any], by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False, proven: bool = False,
) -> Person:  # fmt: skip
    """Change some fields of a person; nothing is recorded when every field has the value already.

    *proven*: the new address is. Raises NoSuchPerson, ChangedMeanwhile, StandingIsForStaff, EmailTakesProof,
    EmailTaken, UnknownOrganisation, OpensAnAccount.
    """
    person = await locked_person(session, person_id)
    require_revision(expected, person.revision)
    fields = _clean(fields)
    changed = {name: value for name, value in fields.items() if getattr(person, name) != value}
    if changed.keys() & STANDING and not by.is_staff:
        raise StandingIsForStaff
    if "email" in changed and by.person_id == person_id and not proven:
        raise EmailTakesProof
    if changed.keys() & {"email", *STANDING} and not proven:
        require_whole(by)
    await _require_free(session, [changed.get("email", "")])
    await _require_known(session, {changed.get("organisation", "")}, any_kind=True)
    await _require_known(session, set(changed.get("bodies", ())), any_kind=False)
    if not changed:
        return person
    before = state_of(person).model_dump(mode="json")
    if "email" in changed:
        put_down(session, kind="email", address=person.email, subject_id=person_id)
        await end_links(session, person_id=person_id)
    for name, value in changed.items():
        setattr(person, name, value)
    if changed.keys() & STANDING:
        judge_again(session, person_id)
    _touch(person)
    await _flush(session)
    await publish(session, _said(PERSON_CHANGED, person, before, by, reason, minor))
    return person


async def locked_person(session: AsyncSession, person_id: str) -> Person:
    """The person, their row locked until the transaction ends. Raises NoSuchPerson."""
    person = await session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NoSuchPerson
    return person


def state_of(person: Person) -> PersonState:
    """The state of a person's row."""
    return PersonState.model_validate(person, from_attributes=True)


def folded(text: str) -> str:
    """*text* without accents or case, for order and search."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _new_person(fields: dict[str, Any]) -> Person:
    empty: dict[str, Any] = {
        "email": "", "professions": [], "interests": [], "organisation": "",
        "is_staff": False, "is_associate": False, "bodies": [],
    }  # fmt: skip
    person = Person(id=new_id(), revision=0, created_at=clock.now(), **{**empty, **_clean(fields)})
    _touch(person)
    return person


def _clean(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "email": as_known(fields["email"])} if "email" in fields else fields


def _touch(person: Person) -> None:
    person.revision += 1
    person.updated_at = clock.now()
    person.sort_name = folded(person.name)


async def _require_free(session: AsyncSession, emails: Sequence[str]) -> None:
    given = [email for email in emails if email]
    taken = set((await session.execute(select(Person.email).where(Person.email.in_(given)))).scalars())
    if taken or len(set(given)) < len(given):
        raise EmailTaken


async def _flush(session: AsyncSession) -> None:
    """Write the rows; somebody quicker with the same address is found by the database alone."""
    try:
        await session.flush()
    except IntegrityError:
        raise EmailTaken from None


async def _require_known(session: AsyncSession, codes: set[str], *, any_kind: bool) -> None:
    wanted = codes - {""}
    query = select(Organisation.code).where(Organisation.code.in_(wanted))
    if not any_kind:
        query = query.where(Organisation.kind == "sha")
    unknown = sorted(wanted - set((await session.execute(query)).scalars())) if wanted else []
    if unknown and any_kind:
        raise UnknownOrganisation(f"Unknown organisation: {', '.join(unknown)}. Use an ODS code of /api/organisations.")
    if unknown:
        raise UnknownOrganisation(f"Unknown oversight body: {', '.join(unknown)}. Use an ODS code of /api/bodies.")


def _said(
    contract: Any, person: Person, before: dict[str, Any] | None, by: Principal, reason: str, minor: bool
) -> Change:
    return change(
        contract, state_of(person), key=person.id, before=before, actor=by.person_id, reason=reason, minor=minor
    )
