"""Changing more networks than one transaction should hold: one by one, with progress; stopped, gone on with, undone.

Invariants:
1. A network, its part in the batch and the batch's progress change in one transaction: each network is done wholly or
   not, however the work ends, and whoever goes on finds exactly what is left.
2. The batch's row is locked for as long as some of it is worked on: however many processes look, each network is done
   once. A batch whose row is locked is passed over.
3. A network that cannot be changed so, or on which the program fails, is left as it is, with the reason; the others
   go on.
4. Those concerned are told when the work ends or is stopped, in one message about all that was done since the last:
   however many of the networks somebody belongs to, they hear of it once.

The cost: the first network is changed up to a minute before its people hear of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.batch_links import require_other_end
from services.registry.commands.batch_steps import changed_so, lock_networks, went_back, would_change
from services.registry.commands.batch_telling import applied, reverted
from services.registry.commands.batches import StillAtWork, locked_batch, new_batch
from services.registry.commands.bodies import require_bodies
from services.registry.commands.networks import NoSuchNetwork
from services.registry.tables import Batch, BatchEffect, Network
from shared.auth import Principal
from shared.away import is_away
from shared.db import among, is_taken_back
from shared.errors import Conflict, Problem
from shared.outbox import publish

log = structlog.get_logger()
AT_ONCE = 10
"""Networks in one transaction: others wait no longer for theirs."""
WORKING = ("changing", "undoing")
WORDS = {"changing": "changed", "undoing": "back"}
"""Step → the outcome of a network for which it is done."""


class NotAtWork(Conflict):
    """Nothing is being changed any more; there is nothing to stop."""


class ChangeFailed(Problem):
    """The program failed on this network, which is as it was. Tell those who run the service: the log says why."""


class NotStopped(Conflict):
    """This change was not stopped, so it cannot be gone on with."""


async def change_one_by_one(
    session: AsyncSession, *, network_ids: Sequence[str], fields: dict[str, Any], by: Principal, reason: str = "",
    minor: bool = False,
) -> Batch:  # fmt: skip
    """Begin to change many networks, each that can be changed so. Raises NoSuchNetwork, UnknownBody."""
    await require_bodies(session, fields.get("add_bodies", []))
    other = await require_other_end(session, fields)
    ids = sorted(set(network_ids))
    known = select(func.count()).select_from(Network).where(among(session, Network.id, ids))
    if (await session.execute(known)).scalar_one() < len(ids):
        raise NoSuchNetwork
    batch = new_batch(fields, by, reason, status="changing", minor=minor)
    batch.total = len(ids)
    session.add(batch)
    session.add_all(
        BatchEffect(
            batch_id=batch.id, network_id=one, revision=0, before={}, kept=False, outcome="waiting", told=False
        )
        for one in ids
    )  # fmt: skip
    if is_taken_back(session):  # the message comes at the end; a preview asks for it now
        await publish(session, applied(batch, await would_change(session, ids, fields), other, by))
    return batch


async def stop_batch(session: AsyncSession, *, batch_id: str) -> Batch:
    """Stop the work before its next networks; what is done stays done. Raises NoSuchBatch, NotAtWork."""
    batch = await locked_batch(session, batch_id)
    if batch.status not in WORKING:
        raise NotAtWork
    batch.stopping, batch.revision = True, batch.revision + 1
    return batch


async def resume_batch(session: AsyncSession, *, batch_id: str) -> Batch:
    """Go on where the work was stopped. Raises NoSuchBatch, StillAtWork, NotStopped."""
    batch = await locked_batch(session, batch_id)
    if batch.status in WORKING:
        raise StillAtWork
    if batch.status != "stopped":
        raise NotStopped
    batch.status, batch.stopped_in, batch.stopping = batch.stopped_in, "", False
    batch.revision += 1
    return batch


def batches_due() -> Select[Any]:
    """The batches that are to be gone on with."""
    return select(Batch.id).where(Batch.status.in_(WORKING))


async def go_on(session: AsyncSession) -> None:
    """Do the next networks of one batch, or end it."""
    query = select(Batch).where(Batch.status.in_(WORKING)).order_by(Batch.id).limit(1)
    batch = (await session.execute(query.with_for_update(skip_locked=True))).scalar_one_or_none()
    if batch is None:
        return
    effects = [] if batch.stopping else await _next(session, batch)
    if not effects:
        return await _end(session, batch)
    by = Principal(batch.made_by if batch.status == "changing" else batch.undone_by, is_staff=True)
    await lock_networks(session, [effect.network_id for effect in effects], batch.fields)
    for effect in effects:
        await STEPS[batch.status](session, batch, effect, by)
    batch.done += len(effects)


async def _next(session: AsyncSession, batch: Batch) -> list[BatchEffect]:
    """The networks that the present step has still to do; one that an undo leaves as it is, is done."""
    left = BatchEffect.outcome == ("waiting" if batch.status == "changing" else "changed")
    query = select(BatchEffect).where(BatchEffect.batch_id == batch.id, left, BatchEffect.kept.is_(False))
    return list(await session.scalars(query.order_by(BatchEffect.network_id).limit(AT_ONCE)))


async def _change(session: AsyncSession, batch: Batch, effect: BatchEffect, by: Principal) -> None:
    try:
        async with _apart(session, effect):
            network, before = await changed_so(session, effect.network_id, batch.fields, by=by, reason=batch.reason)
    except Problem as problem:
        effect.outcome, effect.why = "refused", problem.detail
        batch.refused += 1
        return
    effect.outcome, effect.before, effect.revision = "changed" if before else "same", before, network.revision
    batch.changed += bool(before)


async def _undo(session: AsyncSession, batch: Batch, effect: BatchEffect, by: Principal) -> None:
    try:
        async with _apart(session, effect):
            effect.kept = not await went_back(session, effect, batch.fields, by=by, reason=batch.reason)
    except ChangeFailed as failed:
        effect.kept, effect.why = True, failed.detail
    batch.kept += effect.kept
    if not effect.kept:
        effect.outcome, effect.told = "back", False


@asynccontextmanager
async def _apart(session: AsyncSession, effect: BatchEffect) -> AsyncIterator[None]:
    """Part of the transaction that is undone alone where it fails. Raises what is a reason to refuse it.

    That is a Problem, or ChangeFailed for a fault of the program, which would come again: the other networks do not
    wait for it. A database that is away is no fault of the network; what it interrupts is tried again.
    """
    try:
        async with session.begin_nested():
            yield
    except Problem:
        raise
    except Exception as error:
        if is_away(error):
            raise
        log.exception("network_of_a_batch_failed", batch=effect.batch_id, network=effect.network_id)
        raise ChangeFailed from error


async def _end(session: AsyncSession, batch: Batch) -> None:
    """Leave the step, done or stopped, and tell of what it did."""
    step = batch.status
    untold = select(BatchEffect).where(
        BatchEffect.batch_id == batch.id, BatchEffect.outcome == WORDS[step], BatchEffect.told.is_(False)
    )
    effects = list(await session.scalars(untold))
    for effect in effects:
        effect.told = True
    ids = [effect.network_id for effect in effects]
    networks = list(await session.scalars(
        select(Network).where(among(session, Network.id, ids)).order_by(Network.id)
    ))  # fmt: skip
    by, tell = (batch.made_by, applied) if step == "changing" else (batch.undone_by, reverted)
    batch.status = "stopped" if batch.stopping else {"changing": "applied", "undoing": "undone"}[step]
    batch.stopped_in, batch.stopping = step if batch.stopping else "", False
    batch.revision += 1
    other = await require_other_end(session, batch.fields)
    await publish(session, tell(batch, networks, other, Principal(by, is_staff=True)))


Step = Callable[[AsyncSession, Batch, BatchEffect, Principal], Awaitable[None]]
STEPS: dict[str, Step] = {"changing": _change, "undoing": _undo}
