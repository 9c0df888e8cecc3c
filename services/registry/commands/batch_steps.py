"""What a change of many networks does to one of them, and how that is taken back.

Each step is recorded in the network's history and told to nobody: the batch tells all of it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.archiving import archive_network, restore_network
from services.registry.commands.networks import before_change, cover, locked_to_change, revised, said
from services.registry.commands.stages import move_stage
from services.registry.tables import Network
from shared.auth import Principal
from shared.contracts.registry import NETWORK_CHANGED
from shared.outbox import publish

STEPS = frozenset({"stage", "archived", "add_bodies", "remove_bodies"})
"""What is not simply a field that is given."""


async def changed_so(
    session: AsyncSession, network_id: str, asked: Mapping[str, Any], *, by: Principal, reason: str
) -> tuple[Network, dict[str, Any]]:
    """The network, changed as *asked*, and how it stood before in what changed.

    Raises what a change of the network alone would raise, before anything of it is changed.
    """
    network = await locked_to_change(session, network_id, None)
    before: dict[str, Any] = {"stage": network.stage} if asked.get("stage", network.stage) != network.stage else {}
    if before:
        await move_stage(session, network_id=network.id, to=asked["stage"], by=by, reason=reason, announced=False)
    wanted = {name: value for name, value in asked.items() if name not in STEPS} | _areas(network, asked)
    fields = {name: value for name, value in wanted.items() if getattr(network, name) != value}
    before |= {name: getattr(network, name) for name in fields}
    await _give(session, network, fields, by=by, reason=reason)
    if asked.get("archived"):
        await archive_network(session, network_id=network.id, by=by, reason=reason, announced=False)
        before["archived"] = False
    return network, before


async def changed_back(
    session: AsyncSession, network: Network, before: Mapping[str, Any], *, by: Principal, reason: str
) -> None:
    """Give *network* back what it had *before*. Raises NameTaken where it cannot come back on the register."""
    if "archived" in before:
        await restore_network(session, network_id=network.id, by=by, reason=reason, announced=False)
    fields = {name: value for name, value in before.items() if name != "archived"}
    await _give(session, network, fields, by=by, reason=reason)


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
