"""The step that changes the register: its rows become changes, gathered to be written in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.naming import RESERVED, slug_of
from services.registry.commands.networks import before_change, new_network
from services.registry.importing.gates import refusals
from services.registry.importing.gathering import BATCH, EFFECTS, Batch, Gathered, keep, networks_by_id, out_of, pour
from services.registry.importing.matching import Matches, matches_of
from services.registry.tables import Address, Import, Network, Verdict
from services.registry.wording import folded
from shared.db import among
from shared.outbox import Change
from shared.staging import Stage

AT_ONCE = 25
"""Rows between two turns of others."""


class Applying:
    """Gathers the changes of one import, a batch of rows at a time."""

    def __init__(self, record: Import, stage: Stage, *, gated: bool = True) -> None:
        """Gather on *stage*. Not *gated*, a row may say any stage of a network."""
        self._gated = gated
        self._record = record
        self._stage = stage
        self.gathered = Gathered()
        self._matches: Matches | None = None
        self._slugs: set[str] = set(RESERVED)
        self._numbers: dict[str, int] = {}

    async def batches(self, session: AsyncSession) -> AsyncIterator[list[Verdict]]:
        """The rows to apply: changes in the order of the networks, lest two imports wait crosswise; then new ones."""
        mine = select(Verdict).where(Verdict.import_id == self._record.id).limit(BATCH)
        changed = mine.where(Verdict.outcome == "changed").order_by(Verdict.network_id)
        after: Any = ""
        while rows := await out_of(session, changed.where(Verdict.network_id > after)):
            yield rows
            after = rows[-1].network_id
        new = mine.where(Verdict.outcome == "new").order_by(Verdict.place)
        after = -1
        while rows := await out_of(session, new.where(Verdict.place > after)):
            yield rows
            after = rows[-1].place

    async def gather(self, session: AsyncSession, verdicts: Sequence[Verdict]) -> None:
        """Gather what these rows change."""
        networks = await networks_by_id(session, [v.network_id for v in verdicts if v.network_id and not _is_fresh(v)])
        refused = await refusals(session, map(_as_row, verdicts)) if self._gated else {}
        names_taken = await self._names_taken(session, verdicts)
        await self._learn_slugs(session, verdicts)
        batch = Batch(self._record.applied_by, self._reason)
        for number, verdict in enumerate(verdicts):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)  # let others of this process have a turn
            if verdict.place in refused:
                self.gathered.stale.append(verdict.place)
            else:
                self._put(batch, verdict, networks, names_taken)
        await self._keep(session, batch)

    async def pour(self, session: AsyncSession) -> list[Change]:
        """Write all of it; returns what else there is to say. Raises Meanwhile."""
        await pour(session, self._stage, self.gathered)
        if self._matches is None:
            return []
        await self._matches.pour()
        return self._matches.told(self._record)

    def _put(self, batch: Batch, verdict: Verdict, networks: Mapping[str, Network], names_taken: set[str]) -> None:
        network = networks.get(verdict.network_id)
        if verdict.outcome == "new" and _name_of(verdict) in names_taken:
            self.gathered.stale.append(verdict.place)
        elif _is_fresh(verdict):
            batch.create(new_network(_typed(verdict.fields), slug=self._free_slug(verdict.fields["name"])))
        elif network is None or not _as_judged(network, verdict):
            self.gathered.stale.append(verdict.place)
        else:
            batch.change(network, _given(network, verdict))

    def _free_slug(self, name: str) -> str:
        """An address that nothing has, also among the rows above. Numbers go on where the last one ended."""
        slug = wanted = slug_of(name)
        while slug in self._slugs:
            number = self._numbers.get(wanted, 2)
            self._numbers[wanted] = number + 1
            slug = f"{wanted}-{number}"
        self._slugs.add(slug)
        return slug

    @property
    def _reason(self) -> str:
        return f"Imported from {self._record.file}" + (f": {self._record.reason}" if self._record.reason else "")

    async def _names_taken(self, session: AsyncSession, verdicts: Sequence[Verdict]) -> set[str]:
        names = [_name_of(verdict) for verdict in verdicts if verdict.outcome == "new"]
        query = select(Network.sort_name).where(among(session, Network.sort_name, names), Network.archived.is_(False))
        return set((await session.execute(query)).scalars()) if names else set()

    async def _learn_slugs(self, session: AsyncSession, verdicts: Sequence[Verdict]) -> None:
        """The addresses in use that these rows might want, or that lead somewhere still."""
        wanted = sorted({slug_of(verdict.fields["name"]) for verdict in verdicts if _is_fresh(verdict)} - self._slugs)
        if not wanted:
            return
        for slug in (Network.slug, Address.slug):
            taken = (await session.execute(select(slug).where(among(session, slug, wanted)))).scalars().all()
            for crowded in taken:
                numbered = (await session.execute(select(slug).where(slug.like(f"{crowded}-%")))).scalars()
                self._slugs |= {crowded, *numbered}

    async def _keep(self, session: AsyncSession, batch: Batch) -> None:
        await keep(self._stage, self.gathered, batch)
        if self._matches is None:
            self._matches = await matches_of(session, self._record, self._stage)
        await self._matches.note(session, [change.envelope for change in batch.changes])
        effects = [
            {
                "import_id": self._record.id, "network_id": network.id, "revision": network.revision,
                "made": before is None, "before": before,
            }
            for network, before in zip(batch.networks, batch.befores, strict=True)
        ]  # fmt: skip
        await self._stage.add(EFFECTS, effects)  # type: ignore[arg-type]


def _name_of(verdict: Verdict) -> str:
    """The name that a row gives, as the register compares it."""
    return folded(verdict.fields["name"])


def _as_row(verdict: Verdict) -> dict[str, Any]:
    return {name: getattr(verdict, name) for name in ("place", "outcome", "fields", "changes", "network_id", "likely")}


def _is_fresh(verdict: Verdict) -> bool:
    """Whether a row makes a network, rather than changing one or bringing one back."""
    return verdict.outcome == "new" and (verdict.likely or not verdict.network_id)


def _as_judged(network: Network, verdict: Verdict) -> bool:
    """Whether the network still is what the preview compared the row with."""
    if verdict.outcome == "new":
        return network.archived
    state = before_change(network)
    return not network.archived and all(state[name] == pair[0] for name, pair in verdict.changes.items())


def _given(network: Network, verdict: Verdict) -> dict[str, Any]:
    if verdict.outcome == "new":
        return _typed(verdict.fields) | {"archived": False}
    return _typed({name: pair[1] for name, pair in verdict.changes.items()})


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields out of JSON: a day is a date again."""
    started = fields.get("started_on")
    return {**fields, "started_on": date.fromisoformat(started)} if started else dict(fields)
