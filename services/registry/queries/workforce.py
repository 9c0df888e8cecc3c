"""The workforce impact of service changes in numbers: two grouped queries, whatever the number of changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import service_changes_shown_to
from services.registry.queries.service_changes import staff_groups
from services.registry.schemas.service_changes import CellSum, GroupSum, Sum, Workforce
from services.registry.tables import Body, Cover, Impact, Network, ServiceChange
from shared.auth import Principal

DECIDED, PROPOSED = ("approved", "in_force"), ("approved", "in_force", "proposed")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which impacts are summed: of changes that networks approved and, if *proposed*, of those they may yet, as far as
    *by* may see them."""

    by: Principal
    sha: str = ""
    care_group: str = ""
    staff_group: str = ""
    since: date | None = None
    until: date | None = None
    proposed: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions of a query over impacts, their changes and networks."""
        statuses = PROPOSED if self.proposed else DECIDED
        found = [ServiceChange.status.in_(statuses), service_changes_shown_to(self.by)]
        if self.sha:
            found.append(Network.id.in_(select(Cover.network_id).where(Cover.body == self.sha)))
        if self.care_group:
            found.append(Network.care_group == self.care_group)
        if self.staff_group:
            found.append(Impact.staff_group == self.staff_group)
        if self.since:
            found.append(Impact.from_on >= self.since)
        if self.until:
            found.append(Impact.from_on <= self.until)
        return found


class _Sums(defaultdict[Any, list[int]]):
    """Key → [tenths gained, tenths lost, people]."""

    def __init__(self) -> None:
        super().__init__(lambda: [0, 0, 0])

    def add(self, key: Any, row: Any) -> None:
        """Add one row's numbers to *key*."""
        self[key] = [have + more for have, more in zip(self[key], (row.gained, row.lost, row.people), strict=True)]


async def workforce(session: AsyncSession, wanted: Wanted) -> Workforce:
    """What the service changes that match mean for the workforce."""
    by_group, by_staff, by_month, cells = _Sums(), _Sums(), _Sums(), _Sums()
    for row in await _by_month(session, wanted):
        for sums, key in ((by_group, row.care_group), (by_staff, row.staff_group), (by_month, row.month)):
            sums.add(key, row)
        cells.add((row.staff_group, row.month), row)
    by_body, areas = _Sums(), _Sums()
    for row in await _by_body(session, wanted):
        by_body.add(row.body, row)
        areas.add((row.care_group, row.body), row)
    named = {group.code: group.name for group in await staff_groups(session)}
    bodies = dict(iter(await session.execute(select(Body.code, Body.name))))
    total = [sum(column) for column in zip(*by_month.values(), strict=True)] if by_month else [0, 0, 0]
    return Workforce(
        changes=await _changes(session, wanted), total=Sum(**_numbers(total)),
        by_care_group=_groups(by_group), by_body=_groups(by_body, bodies), by_staff_group=_groups(by_staff, named),
        by_month=_groups(by_month), care_groups_and_bodies=_cells(areas), staff_groups_and_months=_cells(cells),
    )  # fmt: skip


async def _by_month(session: AsyncSession, wanted: Wanted) -> Sequence[Any]:
    month = _month(session).label("month")
    keys = (Network.care_group, Impact.staff_group, month)
    query = select(*keys, *_measures()).select_from(_joined()).where(*wanted.conditions())
    return (await session.execute(query.group_by(*keys).order_by(*keys))).all()


async def _by_body(session: AsyncSession, wanted: Wanted) -> Sequence[Any]:
    """A body is counted with every network that covers its area; of one body asked for, it alone is shown."""
    keys = (Network.care_group, Cover.body)
    one = (Cover.body == wanted.sha,) if wanted.sha else ()
    joined = _joined().join(Cover, and_(Cover.network_id == Network.id, *one))
    query = select(*keys, *_measures()).select_from(joined).where(*wanted.conditions())
    return (await session.execute(query.group_by(*keys).order_by(*keys))).all()


async def _changes(session: AsyncSession, wanted: Wanted) -> int:
    query = select(func.count(ServiceChange.id.distinct())).select_from(_joined()).where(*wanted.conditions())
    return (await session.execute(query)).scalar_one()


def _joined() -> Any:
    impacts = Impact.__table__.join(ServiceChange.__table__, ServiceChange.id == Impact.change_id)
    return impacts.join(Network.__table__, Network.id == ServiceChange.network_id)


def _measures() -> list[ColumnElement[int]]:
    gained = func.sum(case((Impact.tenths > 0, Impact.tenths), else_=0))
    lost = func.sum(case((Impact.tenths < 0, Impact.tenths), else_=0))
    return [gained.label("gained"), lost.label("lost"), func.sum(Impact.people).label("people")]


def _month(session: AsyncSession) -> ColumnElement[str]:
    """`2027-04` of the day on which an impact begins."""
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(Impact.from_on, "YYYY-MM")
    return func.strftime("%Y-%m", Impact.from_on)


def _numbers(sums: Sequence[int]) -> dict[str, Any]:
    gained, lost, people = (int(number) for number in sums)
    return {"gained": gained / 10, "lost": lost / 10, "net": (gained + lost) / 10, "people": people}


def _groups(sums: _Sums, names: dict[str, str] | None = None) -> list[GroupSum]:
    named = names or {}
    return [GroupSum(value=key, name=named.get(key, key), **_numbers(found)) for key, found in sorted(sums.items())]


def _cells(sums: _Sums) -> list[CellSum]:
    return [CellSum(row=row, column=column, **_numbers(found)) for (row, column), found in sorted(sums.items())]
