"""Counting the networks of an area: a few grouped queries over the projections, whatever the size of the area."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.queries.challenges import unanswered, unanswered_by_body
from services.oversight.queries.feed import NATIONAL
from services.oversight.schemas import BodyOut, BodyOverview, Counts, Dashboard, National, Vacancy
from services.oversight.tables import Body, Cover, Network, Role
from shared import clock
from shared.errors import NotFound
from shared.made import Made

REQUIRED = ("lead_doctor", "lead_nurse", "lead_professional", "lead_manager")
"""The roles that a managed network must have somebody in."""
_CODE: BindParameter[str] = bindparam("code", type_=Cover.__table__.c.body.type)
_TODAY: BindParameter[date] = bindparam("today", type_=Role.__table__.c.since.type)


class NoSuchBody(NotFound):
    """There is no oversight body with this code; /api/bodies lists them."""


async def body_at(session: AsyncSession, code: str) -> BodyOut:
    """The body of that ODS code, or the whole country for `national`. Raises NoSuchBody."""
    if code == NATIONAL:
        return BodyOut(code=NATIONAL, kind=NATIONAL, name="All oversight bodies", region="")
    body = await session.get(Body, code)
    if body is None:
        raise NoSuchBody
    return BodyOut.model_validate(body)


async def dashboard(session: AsyncSession, code: str) -> Dashboard:
    """What an officer sees of the networks that cover an area. Raises NoSuchBody."""
    body = await body_at(session, code)
    rows = await _counted(session, code)
    return Dashboard(
        body=body, counts=_counts(rows), coverage=_by(rows, "care_group", zeros=True),
        vacancies=await vacancies_of(session, code), challenges=await unanswered(session, code), as_of=clock.now(),
    )  # fmt: skip


async def national(session: AsyncSession) -> National:
    """The whole country: each body's figures, and the baseline (care group × body) with its gaps."""
    bodies = [BodyOut.model_validate(body) for body in await session.scalars(select(Body).order_by(Body.code))]
    rows, cells = await _counted(session, NATIONAL), await _cells(session)
    vacancies = await vacancies_of(session, NATIONAL)
    vacant = await _by_body(session, Counter(vacancy.network_id for vacancy in vacancies))
    waiting = await unanswered_by_body(session)
    groups = sorted(_by(rows, "care_group"))
    coverage = {group: {body.code: cells[group][body.code] for body in bodies} for group in groups}
    items = [_overview(body, coverage, vacant[body.code], waiting[body.code]) for body in bodies]
    return National(
        items=items, total=len(items), counts=_counts(rows), coverage=coverage, vacancies=vacancies,
        challenges=await unanswered(session, NATIONAL), as_of=clock.now(),
    )  # fmt: skip


def _overview(body: BodyOut, coverage: dict[str, dict[str, int]], vacancies: int, unanswered: int) -> BodyOverview:
    covered = [counts[body.code] for counts in coverage.values()]
    return BodyOverview(
        body=body, networks=sum(covered), gaps=covered.count(0), vacancies=vacancies, unanswered=unanswered
    )


async def _counted(session: AsyncSession, code: str) -> Sequence[Any]:
    """Each combination of the counted fields on the whole register, with how many of its networks are in the area."""
    return await _COUNTED[code == NATIONAL].rows(session, {"code": code})


def _combinations(*, everywhere: bool) -> Select[str, str, str, str, int]:
    fields = (Network.level, Network.type, Network.stage, Network.care_group)
    inside: ColumnElement[int] = func.count(Network.id if everywhere else Cover.network_id)
    query = select(*fields, inside.label("networks")).where(Network.archived.is_(False)).group_by(*fields)
    if everywhere:
        return query
    return query.outerjoin(Cover, and_(Cover.network_id == Network.id, Cover.body == _CODE))


def _counts(rows: Sequence[Any]) -> Counts:
    return Counts(
        networks=sum(row.networks for row in rows), by_level=_by(rows, "level"), by_type=_by(rows, "type"),
        by_stage=_by(rows, "stage"), by_care_group=_by(rows, "care_group"),
    )  # fmt: skip


def _by(rows: Sequence[Any], field: str, *, zeros: bool = False) -> dict[str, int]:
    """Value → networks, in the order of the values; with *zeros* also the values that the area has none of."""
    found: Counter[str] = Counter()
    for row in rows:
        found[getattr(row, field)] += row.networks
    return {value: count for value, count in sorted(found.items()) if count or zeros}


async def _cells(session: AsyncSession) -> dict[str, Counter[str]]:
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    for care_group, body, count in await _CELLS.rows(session, {}):
        cells[care_group][body] = count
    return cells


async def _by_body(session: AsyncSession, networks: Counter[str]) -> Counter[str]:
    """Body → how many of what *networks* counts are in its area."""
    query = select(Cover.body, Cover.network_id).where(Cover.network_id.in_(networks))
    found: Counter[str] = Counter()
    for body, network_id in await session.execute(query):
        found[body] += networks[network_id]
    return found


async def vacancies_of(session: AsyncSession, code: str) -> list[Vacancy]:
    """The required roles that nobody holds in the managed networks of an area, the oldest vacancy first."""
    rows = await _VACANT[code == NATIONAL].rows(session, {"code": code, "today": clock.today()})
    found = [_vacancy(row) for row in rows]
    return sorted(found, key=lambda vacancy: (vacancy.since, vacancy.name, REQUIRED.index(vacancy.role)))


def _vacant(*, everywhere: bool) -> Select[Any]:
    required = union_all(*(select(literal(role).label("role")) for role in REQUIRED)).subquery("required")
    role = Role.__table__.c
    post = role.network_id == Network.id, role.role == required.c.role, role.since <= _TODAY
    held = exists().where(*post, role.status == "active", or_(role.until.is_(None), role.until >= _TODAY))
    ended = select(func.max(role.until)).where(*post).scalar_subquery()
    query = (
        select(Network.id, Network.name, Network.slug, Network.stage_since, required.c.role, ended.label("ended"))
        .join(required, true())
        .where(Network.stage == "managed", Network.archived.is_(False), ~held)
    )
    return query if everywhere else query.where(Network.id.in_(select(Cover.network_id).where(Cover.body == _CODE)))


_COUNTED = {everywhere: Made(_combinations(everywhere=everywhere)) for everywhere in (True, False)}
_VACANT = {everywhere: Made(_vacant(everywhere=everywhere)) for everywhere in (True, False)}
_CELLS = Made(
    select(Network.care_group, Cover.body, func.count().label("networks"))
    .join(Cover, Cover.network_id == Network.id)
    .where(Network.archived.is_(False))
    .group_by(Network.care_group, Cover.body)
)
"""Made once, for the whole country and for one area: to put them together took longer than their answers."""


def _vacancy(row: Any) -> Vacancy:
    """It began when the network had to have somebody, or on the day after the last one's last."""
    after = row.ended + timedelta(days=1) if row.ended else date.min
    return Vacancy(
        network_id=row.id, name=row.name, slug=row.slug, role=row.role, since=max(row.stage_since, after)
    )  # fmt: skip
