"""The standards themselves: adding, changing, retiring. Each change makes a new edition.

The networks are judged by a new edition in batches (turning.py), so that saving holds none of them for long.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.health import Weight
from services.registry.commands.naming import first_free, slug_of
from services.registry.reference import standards
from services.registry.schemas.rules import whole
from services.registry.schemas.standards import NewStandard
from services.registry.tables import Body, Edition, Standard
from services.registry.wording import folded
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts import Contract
from shared.contracts.registry import STANDARD_ADDED, STANDARD_CHANGED, StandardState
from shared.db import upsert
from shared.envelope import new_id
from shared.errors import Conflict, NotFound
from shared.outbox import Change, change, publish

THE_ONE = 1
PAGE_OF_ITS_OWN = "new"
"""No standard's code: at that address one is added."""


class NoSuchStandard(NotFound):
    """There is no such standard; GET /api/standards lists them all."""


class StandardNameTaken(Conflict):
    """A standard of this name exists already; change that one, or choose another name."""


async def load_standards(session: AsyncSession) -> None:
    """Make sure that the standards which the product ships are there; those that staff changed stay as they are."""
    first = upsert(session, Edition.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
    empty = {"id": THE_ONE, "number": 1, "cause": "", "weight": "silent", "changed_at": clock.now()}
    await session.execute(first, empty)
    known = set((await session.execute(select(Standard.code))).scalars())
    missing = [(place, row) for place, row in enumerate(standards()) if row["code"] not in known]
    if not missing:
        return
    rows = [_shipped(place, row) for place, row in missing]
    added = upsert(session, Standard.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
    await session.execute(added, rows)
    if known:
        await _new_edition(session, "", "silent")


async def add_standard(
    session: AsyncSession, *, fields: dict[str, Any], by: Principal, reason: str = "", minor: bool = False
) -> Standard:
    """Add a standard. Raises StandardNameTaken."""
    await _locked_edition(session)
    await require_free_name(session, fields["name"])
    moment = clock.now()
    codes = set((await session.execute(select(Standard.code))).scalars())
    last = (await session.execute(select(func.coalesce(func.max(Standard.place), 0)))).scalar_one()
    taken = {code.replace("_", "-") for code in codes} | {PAGE_OF_ITS_OWN}
    code = first_free(slug_of(fields["name"])[:40], taken).replace("-", "_")
    standard = Standard(
        id=new_id(), revision=1, code=code, created_at=moment, updated_at=moment,
        **{**fields, "retired": False, "place": last + 1},
    )  # fmt: skip
    session.add(standard)
    headline = f"New standard for networks: {standard.name[:200]}"
    await _published(session, STANDARD_ADDED, standard, None, headline, by, reason, minor)
    return standard


async def change_standard(
    session: AsyncSession, *, standard_id: str, fields: dict[str, Any], by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Standard:  # fmt: skip
    """Change some of a standard, or retire it, or bring it back. Raises NoSuchStandard, ChangedMeanwhile, …"""
    await _locked_edition(session)
    standard = await session.get(Standard, standard_id, populate_existing=True)
    if standard is None:
        raise NoSuchStandard
    require_revision(expected, standard.revision)
    before = state_of(standard).model_dump(mode="json")
    changed = {name: value for name, value in fields.items() if not _is_same(name, getattr(standard, name), value)}
    if not changed:
        return standard
    if "name" in changed:
        await require_free_name(session, changed["name"], own=standard.id)
    for name, value in changed.items():
        setattr(standard, name, value)
    standard.revision += 1
    standard.updated_at = clock.now()
    how = "changed"
    if "retired" in changed:
        how = "retired" if standard.retired else "brought back"
    headline = f"A standard for networks was {how}: {standard.name[:200]}"
    await _published(session, STANDARD_CHANGED, standard, before, headline, by, reason, minor)
    return standard


def state_of(standard: Standard) -> StandardState:
    """The public state of its row."""
    return StandardState.model_validate(standard, from_attributes=True)


def _shipped(place: int, row: dict[str, Any]) -> dict[str, Any]:
    fields = NewStandard.model_validate({name: value for name, value in row.items() if name != "code"}).fields_kept()
    moment = clock.now()
    return {
        "id": new_id(), "revision": 1, "code": row["code"], **fields, "place": place, "retired": False,
        "created_at": moment, "updated_at": moment,
    }  # fmt: skip


def _is_same(field: str, before: Any, after: Any) -> bool:
    """Of rules, those that leave different things to us are the same where they come to the same."""
    return whole(before) == whole(after) if field == "rule" else bool(before == after)


async def require_free_name(session: AsyncSession, name: str, *, own: str = "") -> None:
    """Raise StandardNameTaken where another standard than the one with the id *own* has that name."""
    names = (await session.execute(select(Standard.name).where(Standard.id != own))).scalars()
    if folded(name) in {folded(known) for known in names}:
        raise StandardNameTaken


async def _locked_edition(session: AsyncSession) -> None:
    """Let one change of the standards follow another."""
    await session.execute(select(Edition.number).where(Edition.id == THE_ONE).with_for_update())


async def _new_edition(session: AsyncSession, cause: str, weight: Weight) -> None:
    values = {"number": Edition.number + 1, "cause": cause, "weight": weight, "changed_at": clock.now()}
    counted = update(Edition).where(Edition.id == THE_ONE).values(values)
    await session.execute(counted, execution_options={"synchronize_session": False})


async def _published(
    session: AsyncSession, contract: Contract, standard: Standard, before: dict[str, Any] | None, headline: str,
    by: Principal, reason: str, minor: bool,
) -> None:  # fmt: skip
    bodies = tuple((await session.execute(select(Body.code).order_by(Body.code))).scalars())
    told = Announcement(
        headline=headline,
        category="governance",
        path=f"/standards#{standard.code}",
        concerns=Concerns(bodies=bodies, staff=True),
    )
    said: Change = change(
        contract, state_of(standard), key=standard.id, before=before, announcement=told,
        actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip
    await publish(session, said)
    await _new_edition(session, said.envelope.id, "silent" if minor else "told")
