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
from services.registry.tables import Address, Cover, Network
from shared.errors import BadRequest


class WrongCursor(BadRequest):
    """The cursor is not one of ours; begin again without it."""


async def network_at(session: AsyncSession, address: str) -> Network:
    """The network whose id, slug or former slug is *address*. Raises NoSuchNetwork."""
    query = select(Network).where((Network.id == address) | (Network.slug == address))
    network = (await session.execute(query)).scalar_one_or_none()
    if network is None:
        former = select(Network).join(Address, Address.network_id == Network.id).where(Address.slug == address)
        network = (await session.execute(former)).scalar_one_or_none()
    if network is None:
        raise NoSuchNetwork
    return network


async def network_id_at(session: AsyncSession, address: str) -> str:
    """The id of the network at *address*; the row is not kept, so that a command locks it as it is then."""
    network = await network_at(session, address)
    session.expunge(network)
    return network.id


def matching(session: AsyncSession, *, q: str = "", archived: bool = False, **wanted: str) -> list[ColumnElement[bool]]:
    """The conditions of a search: every word of *q* (the last may be unfinished), and each facet given."""
    conditions: list[ColumnElement[bool]] = [Network.archived.is_(archived)]
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
        query = query.where(tuple_(Network.sort_name, Network.id) > position_in(cursor))
    found = list((await session.execute(query)).scalars())
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return found[:limit], cursor_of(last.sort_name, last.id) if last else None, total


def cursor_of(sort_name: str, identity: str) -> str:
    """Where a page in the order of the names ended."""
    return base64.urlsafe_b64encode(orjson.dumps([sort_name, identity])).decode()


def position_in(cursor: str) -> tuple[str, str]:
    """The place that `cursor_of` wrote. Raises WrongCursor."""
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
