"""Who leads what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Date, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.queries.bodies import bodies
from services.registry.queries.directory import Asked, Found, found
from services.registry.queries.questions import Question, is_question, understood
from services.registry.schemas.leads import Lead, LedNetwork
from services.registry.tables import Person, Role
from shared.db import is_among, listed
from shared.made import Made

LEADING = ("lead_doctor", "lead_nurse", "lead_professional", "lead_manager")


async def question_in(session: AsyncSession, q: str) -> Question | None:
    """What *q* asks, where it asks who leads something."""
    if not is_question(q):
        return None
    return understood(q, {body.code: body.name for body in await bodies(session)})


async def leads_of(
    session: AsyncSession, network_ids: Sequence[str], role: str = "", *, on: date | None = None
) -> dict[str, list[Lead]]:
    """Network id → those who lead it now, or led it *on* a day, with their names; in that *role*, where one is said."""
    if session.new or session.dirty or session.deleted:
        await session.flush()  # the roles that this very change gives and takes count
    asked = {"networks": listed(session, network_ids), "roles": listed(session, _roles(role))}
    found: dict[str, list[Lead]] = {}
    for row in await (_NOW.rows(session, asked) if on is None else _ON.rows(session, {**asked, "on": on})):
        lead = Lead(person_id=row.person_id, name=row.name or "A former member", role=row.role, since=row.since)
        found.setdefault(row.network_id, []).append(lead)
    return found


def _holders(held: ColumnElement[bool]) -> Made:
    """Made once: every change of a network and every page of one asks it."""
    query = select(Role.network_id, Role.person_id, Role.role, Role.since, Person.name)
    query = query.outerjoin(Person, Person.id == Role.person_id).order_by(Role.role, Role.since)

    def asked(dialect: str) -> Select[str, str, str, date, str]:
        of_these = is_among(dialect, Role.__table__.c.network_id, "networks")
        return query.where(of_these, is_among(dialect, Role.__table__.c.role, "roles"), held)

    return Made(asked)


_DAY = bindparam("on", type_=Date())
_NOW = _holders(Role.status == "active")
_ON = _holders((Role.since <= _DAY) & (Role.until.is_(None) | (Role.until >= _DAY)))


async def led_since(session: AsyncSession, network_ids: Sequence[str], role: str = "") -> dict[str, date]:
    """Network id → the first day on which nobody led it any more, for those of *network_ids* that somebody did lead."""
    if not network_ids:
        return {}
    query = (
        select(Role.network_id, func.max(Role.until))
        .where(Role.network_id.in_(network_ids), Role.role.in_(_roles(role)), Role.until.is_not(None))
        .group_by(Role.network_id)
    )
    return {network: until + timedelta(days=1) for network, until in await session.execute(query) if until}


def _roles(role: str) -> Sequence[str]:
    return (role,) if role in LEADING else LEADING


async def led_networks(
    session: AsyncSession, asked: Asked, *, role: str = "", limit: int = 100, cursor: str | None = None
) -> tuple[list[LedNetwork], Found]:
    """Who leads the networks that are asked for; "nobody, since" where that is the answer."""
    page = await found(session, asked, limit=limit, cursor=cursor, by_facet=False)
    ids = [network.id for network in page.networks]
    leads = await leads_of(session, ids, role)
    ended = await led_since(session, [identity for identity in ids if identity not in leads], role)
    rows = [
        LedNetwork(
            network={"id": n.id, "slug": n.slug, "name": n.name},
            leads=leads.get(n.id, []),
            nobody_since=ended.get(n.id),
        )
        for n in page.networks
    ]
    return rows, page
