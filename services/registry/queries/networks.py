"""Finding networks."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.networks import NoSuchNetwork
from services.registry.commands.unmerging import UNDONE_WITHIN, NotMerged, last_merge
from services.registry.schemas.lifecycle import Merged
from services.registry.tables import Address, Network
from shared import clock

_ADDRESS: BindParameter[str] = bindparam("address")
_AT = select(Network).where((Network.id == _ADDRESS) | (Network.slug == _ADDRESS))
"""Made once: nearly every page of a network asks it several times."""


async def network_at(session: AsyncSession, address: str) -> Network:
    """The network whose id, slug or former slug is *address*. Raises NoSuchNetwork."""
    network = (await session.execute(_AT, {"address": address})).scalar_one_or_none()
    if network is None:
        former = select(Network).join(Address, Address.network_id == Network.id).where(Address.slug == address)
        network = (await session.execute(former)).scalar_one_or_none()
    if network is None:
        raise NoSuchNetwork
    return network


async def merged_at(session: AsyncSession, address: str) -> Merged:
    """What the network at *address* became part of. Raises NoSuchNetwork, NotMerged."""
    network = await network_at(session, address)
    if not network.merged_into:
        raise NotMerged
    merge = await last_merge(session, network.id, network.merged_into)
    until = merge.merged_at + UNDONE_WITHIN if merge else None
    return Merged(
        into=network.merged_into, merged_at=merge.merged_at if merge else None, undo_until=until,
        can_be_undone=until is not None and until > clock.now(),
    )  # fmt: skip


async def network_id_at(session: AsyncSession, address: str) -> str:
    """The id of the network at *address*; the row is not kept, so that a command locks it as it is then."""
    network = await network_at(session, address)
    session.expunge(network)
    return network.id


async def all_networks(session: AsyncSession) -> AsyncIterator[Network]:
    """Every network on the register in the order of their names, a few hundred in memory at a time."""
    query = select(Network).where(Network.archived.is_(False)).order_by(Network.sort_name, Network.id)
    async for network in await session.stream_scalars(query.execution_options(yield_per=500)):
        yield network
