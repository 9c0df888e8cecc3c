"""Organisations: the reference data, and those that are added."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.people import folded
from services.membership.reference import organisations
from services.membership.tables import Organisation
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.membership import ORGANISATION_ADDED, ORGANISATION_CHANGED, OrganisationState
from shared.db import upsert
from shared.envelope import new_id
from shared.errors import Conflict, NotFound
from shared.outbox import change, publish


class NoSuchOrganisation(NotFound):
    """There is no such organisation; search for it under /api/organisations."""


class CodeTaken(Conflict):
    """An organisation with this ODS code is known already; change that one instead."""


async def load_reference(session: AsyncSession) -> None:
    """Make sure that the trusts, PCTs and SHAs of the reference data are known; what was changed since stays."""
    rows = organisations()
    known = select(func.count()).where(Organisation.code.in_([row["code"] for row in rows]))
    if (await session.execute(known)).scalar_one() == len({row["code"] for row in rows}):
        return
    values = [{**row, "id": new_id(), "revision": 1, "sort_name": folded(row["name"])} for row in rows]
    await session.execute(upsert(session, Organisation.__table__).on_conflict_do_nothing(), values)  # type: ignore[arg-type]


async def add_organisation(
    session: AsyncSession, *, fields: dict[str, Any], by: Principal, reason: str = "", minor: bool = False
) -> Organisation:
    """Make an organisation known. Raises CodeTaken."""
    await _require_free(session, fields.get("code"))
    row = {"code": None, "body": "", "town": "", "postcode": "", **fields}
    organisation = Organisation(id=new_id(), revision=1, sort_name=folded(row["name"]), **row)
    session.add(organisation)
    await _flush(session)
    said = change(
        ORGANISATION_ADDED, state_of(organisation), key=organisation.id,
        actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip
    await publish(session, said)
    return organisation


async def change_organisation(
    session: AsyncSession, *, organisation_id: str, fields: dict[str, Any], by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Organisation:  # fmt: skip
    """Change some fields of an organisation. Raises NoSuchOrganisation, ChangedMeanwhile, CodeTaken."""
    organisation = await session.get(Organisation, organisation_id, with_for_update=True)
    if organisation is None:
        raise NoSuchOrganisation
    require_revision(expected, organisation.revision)
    changed = {name: value for name, value in fields.items() if getattr(organisation, name) != value}
    if not changed:
        return organisation
    await _require_free(session, changed.get("code"))
    before = state_of(organisation).model_dump(mode="json")
    for name, value in changed.items():
        setattr(organisation, name, value)
    organisation.revision += 1
    organisation.sort_name = folded(organisation.name)
    await _flush(session)
    said = change(
        ORGANISATION_CHANGED, state_of(organisation), key=organisation.id, before=before,
        actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip
    await publish(session, said)
    return organisation


def state_of(organisation: Organisation) -> OrganisationState:
    """The public state of an organisation's row."""
    return OrganisationState.model_validate(organisation, from_attributes=True)


async def _require_free(session: AsyncSession, code: str | None) -> None:
    query = select(Organisation.id).where(Organisation.code == code)
    if code and (await session.execute(query)).first() is not None:
        raise CodeTaken


async def _flush(session: AsyncSession) -> None:
    """Write the row; somebody quicker with the same code is found by the database alone."""
    try:
        await session.flush()
    except IntegrityError:
        raise CodeTaken from None
