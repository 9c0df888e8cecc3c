"""Who leads what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.queries.networks import matching
from services.registry.schemas.leads import Lead, LedNetwork
from services.registry.tables import Network, Person, Role

LEADING = ("lead_doctor", "lead_nurse", "lead_professional", "lead_manager")


async def leads_of(
    session: AsyncSession, network_ids: Sequence[str], *, on: date | None = None
) -> dict[str, list[Lead]]:
    """Network id → those who lead it now, or led it *on* a day, with their names."""
    held = Role.status == "active" if on is None else (Role.since <= on) & (Role.until.is_(None) | (Role.until >= on))
    query = (
        select(Role, Person.name)
        .outerjoin(Person, Person.id == Role.person_id)
        .where(Role.network_id.in_(network_ids), Role.role.in_(LEADING), held)
        .order_by(Role.role, Role.since)
    )
    found: dict[str, list[Lead]] = {}
    for role, name in await session.execute(query):
        lead = Lead(person_id=role.person_id, name=name or "A former member", role=role.role, since=role.since)
        found.setdefault(role.network_id, []).append(lead)
    return found


async def led_networks(session: AsyncSession, *, care_group: str, sha: str, limit: int = 100) -> list[LedNetwork]:
    """Who leads the networks of a care group in an area; "nobody, since" where that is the answer."""
    conditions = matching(session, care_group=care_group, sha=sha)
    networks = list(
        (await session.execute(select(Network).where(*conditions).order_by(Network.sort_name).limit(limit))).scalars()
    )
    ids = [network.id for network in networks]
    leads, ended = await leads_of(session, ids), await _last_led(session, ids)
    return [
        LedNetwork(
            network={"id": n.id, "slug": n.slug, "name": n.name},
            leads=leads.get(n.id, []),
            nobody_since=None if n.id in leads else ended.get(n.id),
        )
        for n in networks
    ]


async def _last_led(session: AsyncSession, network_ids: Sequence[str]) -> dict[str, date]:
    query = (
        select(Role.network_id, func.max(Role.until))
        .where(Role.network_id.in_(network_ids), Role.role.in_(LEADING), Role.until.is_not(None))
        .group_by(Role.network_id)
    )
    return {network: until + timedelta(days=1) for network, until in await session.execute(query) if until}
