"""Changing many networks together: all or none, told once, and undone as one.

Invariants:
1. Each network's own change is recorded in its history and told to nobody; one message tells all of it, so that a
   member of several of them hears of it once.
2. An undo gives back only what nobody has changed since: a network whose revision is another stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.networks import LABELS, before_change, locked, locked_to_change, revised, said
from services.registry.tables import Batch, BatchEffect, Network
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.registry import BATCH_APPLIED, BATCH_REVERTED, NETWORK_CHANGED, BatchState
from shared.envelope import new_id
from shared.errors import Conflict, NotFound
from shared.outbox import Change, change, publish


class NoSuchBatch(NotFound):
    """There is no such change of many networks; look through the list of them."""


class NothingToChange(Conflict):
    """Every one of these networks has it so already; choose another value or other networks."""


class UndoneAlready(Conflict):
    """This change is undone already."""


async def change_together(
    session: AsyncSession, *, network_ids: Sequence[str], fields: dict[str, Any], by: Principal, reason: str = "",
    minor: bool = False,
) -> Batch:  # fmt: skip
    """Give many networks the same *fields*. Raises NoSuchNetwork, AlreadyArchived, NothingToChange."""
    batch = Batch(
        id=new_id(), revision=1, status="applied", fields=fields, reason=reason, minor=minor, changed=0, kept=0,
        made_by=by.person_id, made_at=clock.now(), undone_by="", undone_at=None,
    )  # fmt: skip
    networks, changes = [], []
    for network_id in sorted(set(network_ids)):  # always in this order: two batches never wait for each other
        network = await locked_to_change(session, network_id, None)
        if before := {name: getattr(network, name) for name in fields if getattr(network, name) != fields[name]}:
            changes.append(_changed(network, {name: fields[name] for name in before}, by, reason))
            session.add(BatchEffect(
                batch_id=batch.id, network_id=network.id, revision=network.revision, before=before, kept=False
            ))  # fmt: skip
            networks.append(network)
    if not networks:
        raise NothingToChange
    batch.changed = len(networks)
    session.add(batch)
    await publish(session, *changes, _told(BATCH_APPLIED, batch, networks, by))
    return batch


async def undo_batch(session: AsyncSession, *, batch_id: str, by: Principal, reason: str = "") -> Batch:
    """Give the networks back what they had, but for those changed since. Raises NoSuchBatch, UndoneAlready."""
    batch = await session.get(Batch, batch_id, with_for_update=True)
    if batch is None:
        raise NoSuchBatch
    if batch.status == "undone":
        raise UndoneAlready
    networks, changes = [], []
    effects = select(BatchEffect).where(BatchEffect.batch_id == batch.id).order_by(BatchEffect.network_id)
    for effect in list(await session.scalars(effects)):
        network = await locked(session, effect.network_id)
        effect.kept = network.revision != effect.revision
        if not effect.kept:
            changes.append(_changed(network, effect.before, by, reason))
            networks.append(network)
    batch.status, batch.revision, batch.reason = "undone", batch.revision + 1, reason or batch.reason
    batch.kept = batch.changed - len(networks)
    batch.undone_by, batch.undone_at = by.person_id, clock.now()
    await publish(session, *changes, _told(BATCH_REVERTED, batch, networks, by))
    return batch


def _changed(network: Network, fields: dict[str, Any], by: Principal, reason: str) -> Change:
    before = before_change(network)
    revised(network, fields)
    return said(NETWORK_CHANGED, network, headline=network.name, before=before, by=by, reason=reason, announced=False)


def _told(contract: Contract, batch: Batch, networks: Sequence[Network], by: Principal) -> Change:
    bodies = list(dict.fromkeys(body for network in networks for body in network.bodies))
    ids = [network.id for network in networks]
    state = BatchState(
        id=batch.id, revision=batch.revision, status=batch.status, networks=ids, bodies=bodies, kept=batch.kept,
        fields={name: str(value) for name, value in batch.fields.items()},
    )  # fmt: skip
    announcement = Announcement(
        headline=_headline(batch, networks)[:300], category="governance", path=f"/networks/together/{batch.id}",
        concerns=Concerns(networks=tuple(ids), bodies=tuple(bodies), staff=True),
    )  # fmt: skip
    return change(
        contract, state, key=batch.id, announcement=announcement if networks else None, actor=by.person_id,
        reason=batch.reason, minor=batch.minor,
    )  # fmt: skip


def _headline(batch: Batch, networks: Sequence[Network]) -> str:
    names = [LABELS.get(name, name) for name in batch.fields]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    which = networks[0].name if len(networks) == 1 else f"{networks[0].name} and {len(networks) - 1} more networks"
    return f"{which}: {listed} {'changed back' if batch.status == 'undone' else 'changed'}"
