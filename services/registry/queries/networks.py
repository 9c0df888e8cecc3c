"""Finding networks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from typing import cast

import orjson
from sqlalchemy import ColumnElement, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.naming import folded
from services.registry.commands.networks import NoSuchNetwork
from services.registry.tables import Cover, Network
from shared.errors import BadRequest


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


async def all_networks(session: AsyncSession) -> AsyncIterator[Network]:
    """Every network on the register in the order of their names, a few hundred in memory at a time."""
    query = select(Network).where(Network.archived.is_(False)).order_by(Network.sort_name, Network.id)
    async for network in await session.stream_scalars(query.execution_options(yield_per=500)):
        yield network
