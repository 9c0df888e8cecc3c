"""People."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from services.membership import commands, queries
from services.membership.limits import forget_tries, require_few_tries
from services.membership.schemas import MyNetwork, NewPassword, NewPerson, PersonFields, PersonName, PersonOut
from shared.auth import Principal, Session, may, oneself, signed_in, staff
from shared.boundary import IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["people"])


@router.get("/people")
async def list_people(
    session: Session, q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 25, cursor: str | None = None,
    by: Principal = may(signed_in, "people:read"),
) -> Page[PersonOut | PersonName]:  # fmt: skip
    """Find people by name; staff see whole records and find by e-mail address too."""
    found = await queries.people_page(session, q=q, by_email=by.is_staff, limit=limit, cursor=cursor)
    seen = PersonOut if by.is_staff else PersonName
    return Page(items=[seen.model_validate(person) for person in found[0]], next=found[1], total=found[2])


@router.post("/people", status_code=201)
async def add_person(
    body: NewPerson, session: Session, response: Response, by: Principal = may(staff, "people:write")
) -> PersonOut:
    """Make somebody known."""
    person = await commands.add_person(session, fields=body.fields(), by=by, reason=body.reason, minor=body.minor)
    response.headers["location"] = f"/api/people/{person.id}"
    etag(response, person.revision)
    return PersonOut.model_validate(person)


@router.get("/people/{person_id}")
async def get_person(
    person_id: str, session: Session, response: Response, _by: Principal = may(oneself, "people:read")
) -> PersonOut:
    """One person's record."""
    person = await queries.person_called(session, person_id)
    etag(response, person.revision)
    return PersonOut.model_validate(person)


@router.get("/people/{person_id}/networks")
async def list_networks_of_person(
    person_id: str, session: Session, _by: Principal = may(oneself, "people:read")
) -> Page[MyNetwork]:
    """Where somebody belongs, once for each role, in the order of the networks' names."""
    await queries.person_called(session, person_id)
    found = await queries.networks_of(session, person_id)
    return Page(items=found, next=None, total=len(found))


@router.patch("/people/{person_id}")
async def change_person(
    person_id: str, body: PersonFields, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(oneself, "people:write"),
) -> PersonOut:  # fmt: skip
    """Change some fields of a person; only staff say who is staff, an associate or an officer."""
    fields = {name: value for name, value in body.fields().items() if value is not None}
    person = await commands.change_person(
        session, person_id=person_id, fields=fields, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    etag(response, person.revision)
    return PersonOut.model_validate(person)


@router.delete("/people/{person_id}", status_code=204)
async def erase_person(
    person_id: str, session: Session, expected: IfMatch, by: Principal = may(oneself, "people:write")
) -> None:
    """Erase a person: here at once, and wherever their name was told within a moment. There is no way back."""
    await commands.erase_person(session, person_id=person_id, by=by, expected=expected)


@router.post("/people/{person_id}/password", status_code=204)
async def change_password(
    person_id: str, body: NewPassword, session: Session, request: Request,
    by: Principal = may(oneself, "people:write"),
) -> None:  # fmt: skip
    """Give another password, which also makes the account where there is none; one's own takes the present one."""
    store = request.app.state.parts.store
    if by.person_id == person_id:
        await require_few_tries(store, person_id)
    await commands.change_password(session, person_id=person_id, present=body.present, password=body.password, by=by)
    await forget_tries(store, person_id)
