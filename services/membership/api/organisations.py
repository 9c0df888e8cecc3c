"""Organisations."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from services.membership import commands, queries
from services.membership.schemas import Kind, NewOrganisation, OrganisationFields, OrganisationOut
from shared.auth import Principal, Session, anyone, may, staff
from shared.boundary import IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["organisations"])


@router.get("/organisations")
async def list_organisations(
    session: Session, q: Annotated[str, Query(max_length=200)] = "", kind: Kind | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 25, cursor: str | None = None,
    _by: Principal = may(anyone, "people:read"),
) -> Page[OrganisationOut]:  # fmt: skip
    """Find organisations by words of their names or by ODS code."""
    found = await queries.organisations_page(session, q=q, kind=kind or "", limit=limit, cursor=cursor)
    return Page(items=[OrganisationOut.model_validate(one) for one in found[0]], next=found[1], total=found[2])


@router.post("/organisations", status_code=201)
async def add_organisation(
    body: NewOrganisation, session: Session, response: Response, by: Principal = may(staff, "people:write")
) -> OrganisationOut:
    """Make an organisation known."""
    organisation = await commands.add_organisation(
        session, fields=body.fields(), by=by, reason=body.reason, minor=body.minor
    )
    response.headers["location"] = f"/api/organisations/{organisation.id}"
    etag(response, organisation.revision)
    return OrganisationOut.model_validate(organisation)


@router.get("/organisations/{organisation_id}")
async def get_organisation(
    organisation_id: str, session: Session, response: Response, _by: Principal = may(anyone, "people:read")
) -> OrganisationOut:
    """One organisation, by its id or its ODS code."""
    organisation = await queries.organisation_at(session, organisation_id)
    etag(response, organisation.revision)
    return OrganisationOut.model_validate(organisation)


@router.patch("/organisations/{organisation_id}")
async def change_organisation(
    organisation_id: str, body: OrganisationFields, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "people:write"),
) -> OrganisationOut:  # fmt: skip
    """Change some fields of an organisation."""
    fields = {name: value for name, value in body.fields().items() if value is not None or name == "code"}
    organisation = await commands.change_organisation(
        session, organisation_id=organisation_id, fields=fields, by=by,
        expected=expected, reason=body.reason, minor=body.minor,
    )  # fmt: skip
    etag(response, organisation.revision)
    return OrganisationOut.model_validate(organisation)
