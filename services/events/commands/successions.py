"""What becomes of the gatherings of a network that became part of another, and when that is undone."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.events.commands.bookings import key_of, locked
from services.events.commands.events import hold, state_of, touch
from services.events.tables import Event, Handover, Holder, Network
from shared.auth import Principal
from shared.contracts.events import EVENT_CHANGED
from shared.db import upsert
from shared.outbox import Change, change, publish


async def hand_over(session: AsyncSession, *, source: str, target: str, by: Principal) -> None:
    """Let *target* hold what *source* held, past and to come, each gathering once. Nobody is told: the merge was."""
    # The register says that the old one is archived, on another topic: nobody may schedule for it in between.
    await session.execute(update(Network).where(Network.id == source).values(archived=True))
    held = select(Holder.event_id).where(Holder.network_id == source).order_by(Holder.event_id)
    changes = []
    for event_id in (await session.scalars(held)).all():
        event = await locked(session, event_id)
        known = {"source_id": source, "target_id": target, "event_id": event_id}
        noted = upsert(session, Handover.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
        await session.execute(noted, {**known, "held_by_both": target in event.networks})
        networks = dict.fromkeys(target if network == source else network for network in event.networks)
        changes.append(await _held_by(session, event, list(networks), by))
    await publish(session, *changes)


async def hand_back(session: AsyncSession, *, source: str, target: str, by: Principal) -> None:
    """Let *source* hold again what went over from it to *target*, unless *target* holds it no more. Nobody is told."""
    await session.execute(update(Network).where(Network.id == source).values(archived=False))
    query = select(Handover).where(Handover.source_id == source, Handover.target_id == target)
    changes = []
    for handover in (await session.scalars(query.order_by(Handover.event_id))).all():
        event = await locked(session, handover.event_id)
        if target in event.networks:
            back = [source, target] if handover.held_by_both else [source]
            networks = [one for network in event.networks for one in (back if network == target else [network])]
            changes.append(await _held_by(session, event, list(dict.fromkeys(networks)), by))
        await session.delete(handover)
    await publish(session, *changes)


async def _held_by(session: AsyncSession, event: Event, networks: list[str], by: Principal) -> Change:
    before = state_of(event).model_dump(mode="json")
    event.networks = networks
    await hold(session, event)
    touch(event)
    return change(EVENT_CHANGED, state_of(event), key=key_of(event), before=before, actor=by.person_id)
