"""Changing many networks together: all or none, told once, and undone as one.

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

from services.registry.commands.batch_steps import changed_back, changed_so
from services.registry.commands.bodies import require_bodies
from services.registry.commands.networks import LABELS, NameTaken, locked, locked_to_change
from services.registry.tables import Batch, BatchEffect, Network
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.registry import BATCH_ANNOUNCED, BATCH_APPLIED, BATCH_REVERTED, BatchState
from shared.envelope import new_id
from shared.errors import Conflict, NotFound, Problem
from shared.outbox import Change, change, publish

TOLD = "told"
"""The status of a batch that changed nothing and told something."""


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


async def change_together(
    session: AsyncSession, *, network_ids: Sequence[str], fields: dict[str, Any], by: Principal, reason: str = "",
    minor: bool = False,
) -> Batch:  # fmt: skip
    """Change many networks in the same way. Raises NoSuchNetwork, UnknownBody, SomeCannot, NothingToChange."""
    await require_bodies(session, fields.get("add_bodies", []))
    batch = _new(fields, by, reason, status="applied", minor=minor)
    networks, cannot = [], []
    for network_id in sorted(set(network_ids)):  # always in this order: two batches never wait for each other
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
    await publish(session, _told(BATCH_APPLIED, batch, networks, by))
    return batch


async def tell_together(
    session: AsyncSession, *, network_ids: Sequence[str], headline: str, text: str, by: Principal
) -> Batch:
    """Tell something to all who hear of these networks, each once. Raises NoSuchNetwork, SomeCannot."""
    batch = _new({"headline": headline, "text": text}, by, "", status=TOLD)
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
    await publish(session, _told(BATCH_ANNOUNCED, batch, networks, by))
    return batch


async def undo_batch(session: AsyncSession, *, batch_id: str, by: Principal, reason: str = "") -> Batch:
    """Give the networks back what they had, but for those changed since.

    Raises NoSuchBatch, UndoneAlready, NothingToUndo.
    """
    batch = await session.get(Batch, batch_id, with_for_update=True)
    if batch is None:
        raise NoSuchBatch
    if batch.status == TOLD:
        raise NothingToUndo
    if batch.status == "undone":
        raise UndoneAlready
    networks = []
    effects = select(BatchEffect).where(BatchEffect.batch_id == batch.id).order_by(BatchEffect.network_id)
    for effect in list(await session.scalars(effects)):
        network = await locked(session, effect.network_id)
        effect.kept = network.revision != effect.revision or not await _went_back(session, network, effect, by, reason)
        if not effect.kept:
            networks.append(network)
    batch.status, batch.revision, batch.reason = "undone", batch.revision + 1, reason or batch.reason
    batch.kept = batch.changed - len(networks)
    batch.undone_by, batch.undone_at = by.person_id, clock.now()
    await publish(session, _told(BATCH_REVERTED, batch, networks, by))
    return batch


async def _went_back(session: AsyncSession, network: Network, effect: BatchEffect, by: Principal, reason: str) -> bool:
    """Whether the network has again what it had; one whose name another has taken stays off the register."""
    try:
        await changed_back(session, network, effect.before, by=by, reason=reason)
    except NameTaken:
        return False
    return True


def _new(fields: dict[str, Any], by: Principal, reason: str, *, status: str, minor: bool = False) -> Batch:
    return Batch(
        id=new_id(), revision=1, status=status, fields=fields, reason=reason, minor=minor, changed=0, kept=0,
        made_by=by.person_id, made_at=clock.now(), undone_by="", undone_at=None,
    )  # fmt: skip


def _effect(batch: Batch, network: Network, before: dict[str, Any]) -> BatchEffect:
    return BatchEffect(
        batch_id=batch.id, network_id=network.id, revision=network.revision, before=before, kept=False
    )  # fmt: skip


async def _why(session: AsyncSession, network_id: str, problem: Problem) -> dict[str, str]:
    network = await session.get(Network, network_id)
    return {"field": network_id, "message": f"{network.name if network else network_id}: {problem.detail}"}


def _told(contract: Contract, batch: Batch, networks: Sequence[Network], by: Principal) -> Change:
    bodies = list(dict.fromkeys(body for network in networks for body in network.bodies))
    ids = [network.id for network in networks]
    state = BatchState(
        id=batch.id, revision=batch.revision, status=batch.status, networks=ids, bodies=bodies, kept=batch.kept,
        fields={name: ", ".join(v) if isinstance(v, list) else str(v) for name, v in batch.fields.items()},
    )  # fmt: skip
    is_word = batch.status == TOLD
    concerns = Concerns(networks=tuple(ids), bodies=() if is_word else tuple(bodies), staff=not is_word)
    announcement = Announcement(
        headline=_headline(batch, networks)[:300], category="news" if is_word else "governance",
        path=f"/networks/together/{batch.id}", concerns=concerns,
    ) if networks else None  # fmt: skip
    return change(
        contract, state, key=batch.id, announcement=announcement, actor=by.person_id, reason=batch.reason,
        minor=batch.minor,
    )  # fmt: skip


def _headline(batch: Batch, networks: Sequence[Network]) -> str:
    if batch.status == TOLD:
        return str(batch.fields["headline"])
    which = networks[0].name if len(networks) == 1 else f"{networks[0].name} and {len(networks) - 1} more networks"
    is_back = batch.status == "undone"
    names = [LABELS.get(name, name) for name in dict.fromkeys(_called(name) for name in batch.fields)]
    if "archived" in batch.fields:
        return f"{which} {'put back on' if is_back else 'taken off'} the register"
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{which}: {listed} {'changed back' if is_back else 'changed'}"


def _called(name: str) -> str:
    return "bodies" if name in ("add_bodies", "remove_bodies") else name
