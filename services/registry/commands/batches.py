"""Changing many networks together: all or none, told once, and undone as one. (One by one: batch_jobs.py.)

Invariants:
1. Each network's own change is recorded in its history and told to nobody; one message tells all of it, so that a
   member of several of them hears of it once.
2. Where one of them cannot be changed so, none is, and the refusal says of each why.
3. An undo gives back only what nobody has changed since: a network whose revision is another stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.batch_links import require_other_end
from services.registry.commands.batch_steps import changed_so, lock_networks, went_back
from services.registry.commands.batch_telling import TOLD, announced, applied, reverted
from services.registry.commands.bodies import require_bodies
from services.registry.commands.networks import locked_to_change
from services.registry.tables import Batch, BatchEffect, Network
from shared import clock
from shared.auth import Principal
from shared.envelope import new_id
from shared.errors import Conflict, NotFound, Problem
from shared.outbox import publish


class NoSuchBatch(NotFound):
    """There is no such change of many networks; look through the list of them."""


class NothingToChange(Conflict):
    """Every one of these networks has it so already; choose another value or other networks."""


class SomeCannot(Conflict):
    """Nothing was changed, because some of these networks cannot be changed so. Leave them out, or see to what is
    missing first; `errors` says of each why."""


class UndoneAlready(Conflict):
    """This change is undone already."""


class NothingToUndo(Conflict):
    """What was told cannot be taken back; tell the same people what is right."""


class StillAtWork(Conflict):
    """This change is still being made or undone; stop it first, or wait for its end."""


async def change_together(
    session: AsyncSession, *, network_ids: Sequence[str], fields: dict[str, Any], by: Principal, reason: str = "",
    minor: bool = False,
) -> Batch:  # fmt: skip
    """Change many networks in the same way. Raises NoSuchNetwork, UnknownBody, SomeCannot, NothingToChange."""
    await require_bodies(session, fields.get("add_bodies", []))
    await lock_networks(session, network_ids, fields)
    batch = new_batch(fields, by, reason, status="applied", minor=minor)
    networks, cannot = [], []
    for network_id in sorted(set(network_ids)):
        try:
            network, before = await changed_so(session, network_id, fields, by=by, reason=reason)
        except NotFound:
            raise
        except Problem as problem:
            cannot.append(await _why(session, network_id, problem))
            continue
        if before:
            session.add(_effect(batch, network, before))
            networks.append(network)
    if cannot:
        raise SomeCannot(errors=cannot)
    if not networks:
        raise NothingToChange
    batch.changed = len(networks)
    session.add(batch)
    await publish(session, applied(batch, networks, await require_other_end(session, fields), by))
    return batch


async def tell_together(
    session: AsyncSession, *, network_ids: Sequence[str], headline: str, text: str, by: Principal
) -> Batch:
    """Tell something to all who hear of these networks, each once. Raises NoSuchNetwork, SomeCannot."""
    batch = new_batch({"headline": headline, "text": text}, by, "", status=TOLD)
    await lock_networks(session, network_ids, {})
    networks, cannot = [], []
    for network_id in sorted(set(network_ids)):
        try:
            networks.append(await locked_to_change(session, network_id, None))
        except NotFound:
            raise
        except Problem as problem:
            cannot.append(await _why(session, network_id, problem))
    if cannot:
        raise SomeCannot(errors=cannot)
    session.add_all(_effect(batch, network, {}) for network in networks)
    batch.changed = len(networks)
    session.add(batch)
    await publish(session, announced(batch, networks, by))
    return batch


async def undo_batch(session: AsyncSession, *, batch_id: str, by: Principal, reason: str = "") -> Batch:
    """Give the networks back what they had, but for those changed since: at once, or one by one as they were changed.

    Raises NoSuchBatch, UndoneAlready, NothingToUndo, StillAtWork.
    """
    batch = await locked_batch(session, batch_id)
    if batch.status == TOLD:
        raise NothingToUndo
    if batch.status == "undone":
        raise UndoneAlready
    if batch.status in ("changing", "undoing"):
        raise StillAtWork
    batch.undone_by, batch.undone_at, batch.reason = by.person_id, clock.now(), reason or batch.reason
    if batch.total:
        batch.status, batch.done, batch.stopping, batch.stopped_in = "undoing", 0, False, ""
        batch.revision += 1
        return batch
    return await _undone_at_once(session, batch, by, reason)


async def _undone_at_once(session: AsyncSession, batch: Batch, by: Principal, reason: str) -> Batch:
    query = select(BatchEffect).where(BatchEffect.batch_id == batch.id).order_by(BatchEffect.network_id)
    effects, networks = list(await session.scalars(query)), []
    await lock_networks(session, [effect.network_id for effect in effects], batch.fields)
    for effect in effects:
        effect.kept = not await went_back(session, effect, batch.fields, by=by, reason=reason)
        if not effect.kept:
            networks.append(await session.get_one(Network, effect.network_id))
    batch.status, batch.revision = "undone", batch.revision + 1
    batch.kept = batch.changed - len(networks)
    await publish(session, reverted(batch, networks, await require_other_end(session, batch.fields), by))
    return batch


async def locked_batch(session: AsyncSession, batch_id: str) -> Batch:
    """The batch, its row locked until the transaction ends. Raises NoSuchBatch."""
    batch = await session.get(Batch, batch_id, with_for_update=True)
    if batch is None:
        raise NoSuchBatch
    return batch


def new_batch(fields: dict[str, Any], by: Principal, reason: str, *, status: str, minor: bool = False) -> Batch:
    """The row of a change that begins."""
    return Batch(
        id=new_id(), revision=1, status=status, fields=fields, reason=reason, minor=minor, changed=0, kept=0, total=0,
        done=0, refused=0, stopping=False, stopped_in="", made_by=by.person_id, made_at=clock.now(), undone_by="",
        undone_at=None,
    )  # fmt: skip


def _effect(batch: Batch, network: Network, before: dict[str, Any]) -> BatchEffect:
    return BatchEffect(
        batch_id=batch.id, network_id=network.id, revision=network.revision, before=before, kept=False
    )  # fmt: skip


async def _why(session: AsyncSession, network_id: str, problem: Problem) -> dict[str, str]:
    network = await session.get(Network, network_id)
    return {"field": network_id, "message": f"{network.name if network else network_id}: {problem.detail}"}
