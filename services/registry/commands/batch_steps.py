"""What a change of many networks does to one of them, and how that is taken back.

Each step is recorded in the network's history and told to nobody: the batch tells all of it once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.archiving import archive_network, restore_network
from services.registry.commands.batch_links import holding, linked_so, other_end, unlinked
from services.registry.commands.networks import (
    NameTaken,
    NoSuchNetwork,
    before_change,
    cover,
    locked,
    locked_to_change,
    revised,
    said,
)
from services.registry.commands.stages import move_stage
from services.registry.tables import BatchEffect, Network
from shared.auth import Principal
from shared.contracts.registry import NETWORK_CHANGED
from shared.db import among
from shared.outbox import publish

STEPS = frozenset({"stage", "archived", "add_bodies", "remove_bodies"})
"""What is not simply a field that is given."""


async def lock_networks(session: AsyncSession, network_ids: Collection[str], asked: Mapping[str, Any]) -> None:
    """Lock all that a change touches before any of it is made, in the order of ids. Raises NoSuchNetwork.

    Two batches then never wait for each other crosswise; nor does a batch that holds the turn of the rules of links
    wait for a network whose holder waits for that turn.
    """
    ids = {*network_ids, other_end(asked)} - {""}
    query = select(Network.id).where(among(session, Network.id, sorted(ids))).order_by(Network.id).with_for_update()
    if len((await session.execute(query)).all()) < len(ids):
        raise NoSuchNetwork


async def changed_so(
    session: AsyncSession, network_id: str, asked: Mapping[str, Any], *, by: Principal, reason: str
) -> tuple[Network, dict[str, Any]]:
    """The network, changed as *asked*, and how it stood before in what changed.

    Raises what a change of the network alone would raise, before anything of it is changed.
    """
    if other_end(asked):
        network = await locked(session, network_id)
        return network, await linked_so(session, network, asked, by=by, reason=reason)
    network = await locked_to_change(session, network_id, None)
    before: dict[str, Any] = {"stage": network.stage} if asked.get("stage", network.stage) != network.stage else {}
    if before:
        await move_stage(session, network_id=network.id, to=asked["stage"], by=by, reason=reason, announced=False)
    fields = _fields(network, asked)
    before |= {name: getattr(network, name) for name in fields}
    await _give(session, network, fields, by=by, reason=reason)
    if asked.get("archived"):
        await archive_network(session, network_id=network.id, by=by, reason=reason, announced=False)
        before["archived"] = False
    return network, before


async def would_change(session: AsyncSession, network_ids: Sequence[str], asked: Mapping[str, Any]) -> list[Network]:
    """Those of the networks that have it otherwise than *asked*, as far as their records tell."""
    query = select(Network).where(among(session, Network.id, list(network_ids)), Network.archived.is_(False))
    networks = (await session.execute(query.order_by(Network.id))).scalars()
    if other := other_end(asked):
        held = await holding(session, list(network_ids), asked.get("link") or asked["end_link"])
        return [one for one in networks if (one.id in held) == ("end_link" in asked) and one.id != other]
    return [one for one in networks if asked.get("archived") or _fields(one, asked) or _moves(one, asked)]


async def went_back(
    session: AsyncSession, effect: BatchEffect, asked: Mapping[str, Any], *, by: Principal, reason: str
) -> bool:
    """Whether the network has again what it had: not where it was changed since, or another has its name now."""
    network = await locked(session, effect.network_id)
    if other_end(asked):
        return await unlinked(session, asked, effect.before, by=by, reason=reason)
    if network.revision != effect.revision:
        return False
    try:
        await _changed_back(session, network, effect.before, by=by, reason=reason)
    except NameTaken:
        return False
    return True


async def _changed_back(
    session: AsyncSession, network: Network, before: Mapping[str, Any], *, by: Principal, reason: str
) -> None:
    if "archived" in before:
        await restore_network(session, network_id=network.id, by=by, reason=reason, announced=False)
    fields = {name: value for name, value in before.items() if name != "archived"}
    await _give(session, network, fields, by=by, reason=reason)


def _moves(network: Network, asked: Mapping[str, Any]) -> bool:
    return bool(asked.get("stage", network.stage) != network.stage)


def _fields(network: Network, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are given, where the network has them otherwise; its stage has a way of its own."""
    wanted = {name: value for name, value in asked.items() if name not in STEPS} | _areas(network, asked)
    return {name: value for name, value in wanted.items() if getattr(network, name) != value}


def _areas(network: Network, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The bodies that the network covers with those that are added and without those that are taken away."""
    added, removed = asked.get("add_bodies", []), asked.get("remove_bodies", [])
    if not added and not removed:
        return {}
    return {"bodies": [body for body in dict.fromkeys([*network.bodies, *added]) if body not in removed]}


async def _give(
    session: AsyncSession, network: Network, fields: Mapping[str, Any], *, by: Principal, reason: str
) -> None:
    if not fields:
        return
    before = before_change(network)
    revised(network, dict(fields))
    if "bodies" in fields:
        await cover(session, network)
    told = said(NETWORK_CHANGED, network, headline=network.name, before=before, by=by, reason=reason, announced=False)
    await publish(session, told)
