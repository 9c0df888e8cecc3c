"""Reading the register."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import cast

import orjson
from sqlalchemy import ColumnElement, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands import NoSuchNetwork, folded
from services.registry.schemas import FACETS, Entry, FacetCount, Lead, LedNetwork
from services.registry.tables import Body, Cover, Network, Person, Role
from shared.errors import BadRequest
from shared.history import history, history_of

LEADING = ("lead_doctor", "lead_nurse", "lead_professional", "lead_manager")


class WrongCursor(BadRequest):
    """The cursor is not one of ours; begin again without it."""


async def network_at(session: AsyncSession, address: str) -> Network:
    """The network whose id or slug is *address*. Raises NoSuchNetwork."""
    query = select(Network).where((Network.id == address) | (Network.slug == address))
    network = (await session.execute(query)).scalar_one_or_none()
    if network is None:
        raise NoSuchNetwork
    return network


def matching(session: AsyncSession, *, q: str = "", **wanted: str) -> list[ColumnElement[bool]]:
    """The conditions of a search: every word of *q* (the last may be unfinished), and each facet given."""
    conditions: list[ColumnElement[bool]] = [Network.archived.is_(False)]
    if words := folded(q).split():
        conditions.append(_has_words(session, words))
    for facet, value in wanted.items():
        if value and facet == "sha":
            conditions.append(Network.id.in_(select(Cover.network_id).where(Cover.body == value)))
        elif value:
            conditions.append(getattr(Network, facet) == value)
    return conditions


def _has_words(session: AsyncSession, words: list[str]) -> ColumnElement[bool]:
    cleaned = ["".join(c for c in word if c.isalnum()) for word in words]
    cleaned = [word for word in cleaned if word]
    if session.get_bind().dialect.name == "postgresql":
        terms = " & ".join(f"{word}:*" for word in cleaned)
        found = text("to_tsvector('simple', search_text) @@ to_tsquery('simple', :terms)")
    else:
        terms = " AND ".join(f'"{word}"*' for word in cleaned) or '""'
        found = text("networks.rowid IN (SELECT rowid FROM networks_words WHERE networks_words MATCH :terms)")
    return cast("ColumnElement[bool]", found.bindparams(terms=terms))


async def networks_page(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, limit: int, cursor: str | None
) -> tuple[list[Network], str | None, int]:
    """A page of networks in the order of their names: (networks, the next cursor, how many match in all)."""
    total = (await session.execute(select(func.count()).select_from(Network).where(*conditions))).scalar_one()
    query = select(Network).where(*conditions).order_by(Network.sort_name, Network.id).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(Network.sort_name, Network.id) > _position(cursor))
    found = list((await session.execute(query)).scalars())
    more = len(found) > limit
    return found[:limit], _cursor(found[limit - 1]) if more else None, total


def _cursor(network: Network) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([network.sort_name, network.id])).decode()


def _position(cursor: str) -> tuple[str, str]:
    try:
        name, identity = orjson.loads(base64.urlsafe_b64decode(cursor))
        return str(name), str(identity)
    except (binascii.Error, ValueError):
        raise WrongCursor from None


async def facets_of(session: AsyncSession, conditions: Sequence[ColumnElement[bool]]) -> dict[str, list[FacetCount]]:
    """Value → count for every facet, over the networks that match: one pass for all but the bodies."""
    columns = [getattr(Network, name) for name in FACETS if name != "sha"]
    counts: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    for *values, count in await session.execute(select(*columns, func.count()).where(*conditions).group_by(*columns)):
        for column, value in zip(columns, values, strict=True):
            counts[column.key][value] = counts[column.key].get(value, 0) + count
    covered = select(Cover.body, func.count()).join(Network, Network.id == Cover.network_id)
    counts["sha"] = dict((await session.execute(covered.where(*conditions).group_by(Cover.body))).all())
    return {name: _counted(values) for name, values in counts.items()}


def _counted(values: dict[str, int]) -> list[FacetCount]:
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return [FacetCount(value=value, count=count) for value, count in ordered]


async def leads_of(session: AsyncSession, network_ids: Sequence[str]) -> dict[str, list[Lead]]:
    """Network id → those who lead it now, with their names."""
    query = (
        select(Role, Person.name)
        .outerjoin(Person, Person.id == Role.person_id)
        .where(Role.network_id.in_(network_ids), Role.role.in_(LEADING), Role.status == "active")
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


async def history_page(session: AsyncSession, network_id: str, *, limit: int, cursor: str | None) -> list[Entry]:
    """The newest changes of a network, with the names of those who made them."""
    entries = await history_of(session, network_id, limit=limit, before=cursor or "~")
    actors = {entry["actor"] for entry in entries}
    query = select(Person.id, Person.name).where(Person.id.in_(actors))
    names = dict((await session.execute(query)).all())
    return [Entry(**entry, actor_name=names.get(entry["actor"], "")) for entry in entries]


async def bodies(session: AsyncSession) -> list[Body]:
    """The oversight bodies, in the order of their codes."""
    return list((await session.execute(select(Body).order_by(Body.code))).scalars())


async def history_count(session: AsyncSession, network_id: str) -> int:
    """How many changes a network has had."""
    return (await session.execute(select(func.count()).where(history.c.key == network_id))).scalar_one()


async def all_networks(session: AsyncSession) -> AsyncIterator[Network]:
    """Every network on the register in the order of their names, a few hundred in memory at a time."""
    query = select(Network).where(Network.archived.is_(False)).order_by(Network.sort_name, Network.id)
    async for network in await session.stream_scalars(query.execution_options(yield_per=500)):
        yield network
