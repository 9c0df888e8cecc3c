"""Taking an import back: every network it touched stands as it stood before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.importing.gathering import BATCH, Batch, Gathered, keep, networks_by_id, out_of, pour
from services.registry.tables import Effect, Import, Role
from shared.contracts.registry import NetworkState
from shared.db import among
from shared.outbox import Change
from shared.staging import Stage


class Undoing:
    """Gathers what takes an import back."""

    def __init__(self, record: Import, stage: Stage) -> None:
        """Gather on *stage*."""
        self._record = record
        self._stage = stage
        self.gathered = Gathered()
        self.kept: list[str] = []

    async def batches(self, session: AsyncSession) -> AsyncIterator[list[Effect]]:
        """What the import did, in the order of the networks."""
        after = ""
        mine = select(Effect).where(Effect.import_id == self._record.id).order_by(Effect.network_id).limit(BATCH)
        while rows := await out_of(session, mine.where(Effect.network_id > after)):
            yield rows
            after = rows[-1].network_id

    async def gather(self, session: AsyncSession, effects: Sequence[Effect]) -> None:
        """Gather how these networks stood before; what was changed since is kept as it is."""
        networks = await networks_by_id(session, [effect.network_id for effect in effects])
        reason = f"Import of {self._record.file} undone" + (f": {self._record.reason}" if self._record.reason else "")
        batch = Batch(self._record.undone_by, reason)
        held = await held_by_somebody(session, [effect.network_id for effect in effects if effect.made])
        for effect in effects:
            network = networks.get(effect.network_id)
            if network is None or network.revision != effect.revision or network.id in held:
                self.kept.append(effect.network_id)
            else:
                batch.change(network, _before(effect))
        await keep(self._stage, self.gathered, batch)

    async def pour(self, session: AsyncSession) -> list[Change]:
        """Write all of it; there is nothing else to say. Raises Meanwhile."""
        await pour(session, self._stage, self.gathered)
        return []


def _before(effect: Effect) -> dict[str, Any]:
    if effect.before is None:
        return {"archived": True}
    state = NetworkState.model_validate(effect.before)
    return {name: getattr(state, name) for name in NetworkState.model_fields if name not in ("id", "revision", "slug")}


async def held_by_somebody(session: AsyncSession, network_ids: Sequence[str]) -> set[str]:
    """Of networks that an import made, those in which somebody has a role by now."""
    if not network_ids:
        return set()
    query = select(Role.network_id).where(among(session, Role.network_id, list(network_ids)), Role.status == "active")
    return set((await session.execute(query)).scalars())
