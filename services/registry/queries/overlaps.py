"""Overlaps, the strongest first, each with the reasons for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.likeness import SUGGESTED, suggestion
from services.registry.queries.cursors import cursor_of, position_in
from services.registry.schemas.links import Linked
from services.registry.schemas.overlaps import Dismissal, Overlap, Suggestion
from services.registry.tables import OPEN, Body, Cover, Link, Network, Person
from services.registry.tables import Overlap as OverlapRow
from shared.db import among, total_of

ALIKE = 50
"""From here on, names are said to be alike."""


_ENDS = [getattr(Network, name) for name in (*Linked.model_fields, "side")]
"""What is shown of a network, and what a suggestion looks at."""
STRONGEST = (-OverlapRow.score, OverlapRow.one_id, OverlapRow.other_id)
"""The order of a list: the strongest first."""


async def overlaps_page(
    session: AsyncSession, *, status: str, network_id: str = "", care_group: str = "", sha: str = "", limit: int,
    cursor: str | None,
) -> tuple[list[Overlap], str | None, int]:  # fmt: skip
    """A page of overlaps: (overlaps, the next cursor, how many match in all)."""
    conditions = _conditions(status, network_id, care_group, sha)
    query = select(OverlapRow).where(*conditions).order_by(*STRONGEST).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(*STRONGEST) > position_in(cursor, int, str, str))
    rows = list((await session.execute(query)).scalars())
    total = await total_of(session, OverlapRow, conditions, rows, limit=limit, first=not cursor)
    last = rows[limit - 1] if len(rows) > limit else None
    following = cursor_of(-last.score, last.one_id, last.other_id) if last else None
    return await overlaps_shown(session, rows[:limit]), following, total


def overlaps_to_settle() -> list[ColumnElement[bool]]:
    """What an overlap must be for somebody to be asked about it."""
    return _conditions("open", "", "", "")


def _conditions(status: str, network_id: str, care_group: str, sha: str) -> list[ColumnElement[bool]]:
    """Open overlaps are those that are strong enough and not linked; dismissed ones are all shown."""
    conditions: list[ColumnElement[bool]] = [OverlapRow.status == status]
    if status == "open":
        conditions += [OverlapRow.score >= SUGGESTED, ~_linked()]
    if network_id:
        conditions.append((OverlapRow.one_id == network_id) | (OverlapRow.other_id == network_id))
    if care_group:
        conditions.append(_an_end(select(Network.id).where(Network.care_group == care_group)))
    if sha:
        conditions.append(_an_end(select(Cover.network_id).where(Cover.body == sha)))
    return conditions


def _an_end(ids: Any) -> ColumnElement[bool]:
    return or_(OverlapRow.one_id.in_(ids), OverlapRow.other_id.in_(ids))


def _linked() -> ColumnElement[bool]:
    """Whether a link between the two stands or is proposed."""
    forward = and_(Link.network_id == OverlapRow.one_id, Link.other_id == OverlapRow.other_id)
    backward = and_(Link.network_id == OverlapRow.other_id, Link.other_id == OverlapRow.one_id)
    return select(Link.id).where(or_(forward, backward), Link.status.in_(OPEN)).exists()


async def overlaps_shown(session: AsyncSession, rows: Sequence[OverlapRow]) -> list[Overlap]:
    """Overlaps as the API shows them."""
    ids = {end for row in rows for end in (row.one_id, row.other_id)}
    ends = await session.execute(select(*_ENDS).where(among(session, Network.id, list(ids))))
    networks: dict[str, Any] = {end.id: end for end in ends}
    bodies = dict((await session.execute(select(Body.code, Body.region))).all())
    names = await _deciders(session, {row.dismissed_by for row in rows if row.dismissed_at})
    return [_shown(row, networks[row.one_id], networks[row.other_id], bodies, names) for row in rows]


async def _deciders(session: AsyncSession, ids: set[str]) -> dict[str, str]:
    if not ids:
        return {}
    return dict((await session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))).all())


def _shown(
    row: OverlapRow, one: Network, other: Network, bodies: Mapping[str, str], names: Mapping[str, str]
) -> Overlap:
    kind, care_group = suggestion(one, other)
    dismissed = None
    if row.dismissed_at:
        dismissed = Dismissal(
            at=row.dismissed_at, by=row.dismissed_by, by_name=names.get(row.dismissed_by, ""),
            reason=row.dismissed_reason,
        )  # fmt: skip
    return Overlap(
        id=row.id, revision=row.revision, network=Linked.model_validate(one, from_attributes=True),
        other=Linked.model_validate(other, from_attributes=True), people=row.people, areas=row.areas, alike=row.alike,
        score=row.score, status=row.status, why=why(row, one, bodies), dismissed=dismissed,
        suggestion=Suggestion(kind=kind, care_group=care_group),
    )  # fmt: skip


def why(row: OverlapRow, one: Network, bodies: Mapping[str, str]) -> str:
    """The reasons for an overlap, in a sentence."""
    reasons = []
    if row.areas:
        areas = [bodies.get(code, code) for code in row.areas]
        place = f"area ({areas[0]})" if len(areas) == 1 else f"{len(areas)} areas"
        reasons.append(f"the same care group ({one.care_group}) and {place}")
    if row.people:
        reasons.append(f"{row.people} {'person' if row.people == 1 else 'people'} in common")
    if row.alike >= ALIKE:
        reasons.append("names alike")
    said = ", ".join(reasons) or "nothing in common any more"
    return f"{said[0].upper()}{said[1:]}."
