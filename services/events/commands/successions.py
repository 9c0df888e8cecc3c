"""What becomes of the gatherings of a network that became part of another."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.events.commands.bookings import key_of, locked
from services.events.commands.events import hold, state_of, touch
from services.events.tables import Event, Holder, Network
from shared.auth import Principal
from shared.contracts.events import EVENT_CHANGED
from shared.outbox import Change, change, publish


async def hand_over(session: AsyncSession, *, source: str, target: str, by: Principal) -> None:
    """Let *target* hold what *source* held, past and to come, each gathering once. Nobody is told: the merge was."""
    # The register says that the old one is archived, on another topic: nobody may schedule for it in between.
    await session.execute(update(Network).where(Network.id == source).values(archived=True))
    held = select(Holder.event_id).where(Holder.network_id == source).order_by(Holder.event_id)
    changes = [await _handed_over(session, event_id, source, target, by) for event_id in await session.scalars(held)]
    await publish(session, *changes)


async def _handed_over(session: AsyncSession, event_id: str, source: str, target: str, by: Principal) -> Change:
    event: Event = await locked(session, event_id)
    before = state_of(event).model_dump(mode="json")
    event.networks = list(dict.fromkeys(target if network == source else network for network in event.networks))
    await hold(session, event)
    touch(event)
    return change(EVENT_CHANGED, state_of(event), key=key_of(event), before=before, actor=by.person_id)
