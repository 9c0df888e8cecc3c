"""What an import is going to change, gathered beside the database, and poured into it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.networks import before_change, revised, state_of
from services.registry.tables import Cover, Effect, Network
from shared.contracts import Contract
from shared.contracts.registry import NETWORK_ARCHIVED, NETWORK_CHANGED, NETWORK_CREATED, NETWORK_RESTORED
from shared.db import among
from shared.outbox import Change, change
from shared.staging import Stage

BATCH = 500
NETWORKS, COVERS, EFFECTS = Network.__table__, Cover.__table__, Effect.__table__


class Meanwhile(Exception):
    """The register changed between the gathering and the writing; gather again."""


@dataclass
class Gathered:
    """What the pouring must find: how many networks, which bodies they concern, and the rows that are out of date."""

    networks: int = 0
    bodies: set[str] = field(default_factory=set)
    stale: list[int] = field(default_factory=list)


class Batch:
    """Networks as they are to be, with what is said of each."""

    def __init__(self, by: str, reason: str) -> None:
        """Changes by the person *by*."""
        self._by, self._reason = by, reason
        self.networks: list[Network] = []
        self.befores: list[dict[str, Any] | None] = []
        self.changes: list[Change] = []
        self.bodies: set[str] = set()

    def create(self, network: Network) -> None:
        """A network that was not there."""
        self._say(NETWORK_CREATED, network, None)

    def change(self, network: Network, fields: dict[str, Any]) -> None:
        """A network whose *fields* change. It may leave the register by it, or come back."""
        before = before_change(network)
        self.bodies.update(network.bodies)
        revised(network, fields)
        leaves, comes = network.archived and not before["archived"], before["archived"] and not network.archived
        contract = NETWORK_ARCHIVED if leaves else NETWORK_RESTORED if comes else NETWORK_CHANGED
        self._say(contract, network, before)

    def _say(self, contract: Contract, network: Network, before: dict[str, Any] | None) -> None:
        self.bodies.update(network.bodies)
        self.networks.append(network)
        self.befores.append(before)
        self.changes.append(
            change(
                contract, state_of(network), key=network.id, before=before, actor=self._by,
                reason=self._reason[:500], minor=True,
            )
        )  # fmt: skip


async def keep(stage: Stage, gathered: Gathered, batch: Batch) -> None:
    """Gather *batch*."""
    names = [column.key for column in NETWORKS.columns]
    rows = [{name: getattr(network, name) for name in names} for network in batch.networks]
    covers = [{"body": body, "network_id": n.id} for n in batch.networks for body in dict.fromkeys(n.bodies)]
    await stage.add(NETWORKS, rows)  # type: ignore[arg-type]
    await stage.add(COVERS, covers)  # type: ignore[arg-type]
    await stage.say(batch.changes)
    gathered.networks += len(rows)
    gathered.bodies |= batch.bodies


async def pour(session: AsyncSession, stage: Stage, gathered: Gathered) -> None:
    """Write everything that was gathered, in the transaction of *session*. Raises Meanwhile where it no longer fits."""
    staged = stage.of(NETWORKS)  # type: ignore[arg-type]
    if staged is None:
        return
    await _refuse_second_name(session, staged)
    replaced = ", ".join(f'"{c.name}" = excluded."{c.name}"' for c in NETWORKS.columns if c.name != "id")
    newer = f"ON CONFLICT (id) DO UPDATE SET {replaced} WHERE networks.revision = excluded.revision - 1"
    if await stage.pour(NETWORKS, newer) != gathered.networks:  # type: ignore[arg-type]
        raise Meanwhile
    await session.execute(delete(Cover).where(Cover.network_id.in_(select(staged.c.id))))
    await stage.pour(COVERS)  # type: ignore[arg-type]
    await stage.pour(EFFECTS)  # type: ignore[arg-type]
    await stage.pour_said()


async def _refuse_second_name(session: AsyncSession, staged: Any) -> None:
    """A network of a new one's name may have come since it was gathered."""
    same = select(func.count()).select_from(Network).join(staged, staged.c.sort_name == Network.sort_name)
    clash = same.where(Network.archived.is_(False), staged.c.archived.is_(False), Network.id != staged.c.id)
    if (await session.execute(clash)).scalar_one():
        raise Meanwhile


async def networks_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, Network]:
    """Networks as they are now, out of the session."""
    if not ids:
        return {}
    found = await out_of(session, select(Network).where(among(session, Network.id, list(ids))))
    return {network.id: network for network in found}


async def out_of(session: AsyncSession, query: Any) -> list[Any]:
    """The rows of *query* as they are now, out of the session."""
    found = list((await session.execute(query.execution_options(populate_existing=True))).scalars())
    for row in found:
        session.expunge(row)
    return found
