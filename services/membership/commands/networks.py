"""The network's row here: a projection, and the lock that gives a network's roles their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.tables import Address, Network
from shared.db import upsert
from shared.errors import NotFound


class NoSuchNetwork(NotFound):
    """There is no network at this address; if it was made this very second, try again in a moment."""


async def locked_network(session: AsyncSession, network_id: str) -> Network:
    """The network, its row locked until the transaction ends.

    One that the register has not told us of yet gets a row without a name; routes refuse it (`require_network`).
    """
    found = await session.get(Network, network_id, with_for_update=True)
    if found is None:
        await know_networks(session, rows=[{"id": network_id}])
        found = await session.get_one(Network, network_id, with_for_update=True)
    return found


async def know_networks(session: AsyncSession, *, rows: Sequence[dict[str, Any]]) -> None:
    """Note networks (`id`, and as far as known slug, name, care_group, bodies) before the register's message comes."""
    empty = {"revision": 0, "slug": "", "name": "", "care_group": "", "bodies": [], "archived": False}
    statement = upsert(session, Network.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
    await session.execute(statement, [{**empty, **row} for row in rows])


_ADDRESS: BindParameter[str] = bindparam("address")
_AT = select(Network).where((Network.id == _ADDRESS) | (Network.slug == _ADDRESS), Network.name != "")
"""Made once: every page of a network asks it several times."""


async def require_network(session: AsyncSession, address: str) -> Network:
    """The network whose id, slug or former slug is *address*. Raises NoSuchNetwork."""
    found = (await session.execute(_AT, {"address": address})).scalar_one_or_none()
    if found is None:
        former = select(Address.network_id).where(Address.slug == address).scalar_subquery()
        found = (await session.execute(select(Network).where(Network.id == former))).scalar_one_or_none()
    if found is None:
        raise NoSuchNetwork
    return found
