"""Booking a place, giving it up, and the queue.

Invariants:
1. The event's row is locked before its bookings are counted: never more are booked than there are places, however
   many ask at once.
2. A person has one booking for an event; it is booked, waiting or cancelled, and may be taken up again.
3. A place that becomes free goes to whoever waits longest, in the transaction that freed it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.events.access import NotInvited, may_come
from services.events.tables import Booking, Event
from services.events.wording import at_this_time
from shared import clock
from shared.announcement import Announcement, Concerns, Significance
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.events import BOOKING_CANCELLED, BOOKING_MADE, BookingState
from shared.envelope import new_id
from shared.errors import Conflict, NotFound
from shared.outbox import Change, change, publish


class NoSuchEvent(NotFound):
    """There is no gathering at this address; look in the list of what is on."""


class NoSuchBooking(NotFound):
    """You have no place at this gathering and do not wait for one."""


class NotBookable(Conflict):
    """This gathering was cancelled or is over; places can no longer be booked or given up."""


class AlreadyBooked(Conflict):
    """You have a place at this gathering or wait for one already; give it up first to ask again."""


class FullyBooked(Conflict):
    """Every place is booked; ask again with the waiting list to be let in when one becomes free."""


async def book_place(
    session: AsyncSession, *, event_id: str, by: Principal, waiting_list: bool = True, reason: str = ""
) -> Booking:
    """Book a place for *by*, or, where there is none and *waiting_list*, a place in the queue.

    Raises NoSuchEvent, NotBookable, NotInvited, AlreadyBooked, FullyBooked.
    """
    event = await _bookable(session, event_id)
    if not await may_come(session, by, event):
        raise NotInvited
    booking = await booking_of(session, event_id, by.person_id)
    if booking is not None and booking.status != "cancelled":
        raise AlreadyBooked(status_now=booking.status)
    booked, last_turn = await _standing(session, event_id)
    is_free = event.capacity is None or booked < event.capacity
    if not is_free and not waiting_list:
        raise FullyBooked
    before = state_of(booking).model_dump(mode="json") if booking else None
    booking = booking or Booking(id=new_id(), revision=0, event_id=event_id, person_id=by.person_id)
    booking.status = "booked" if is_free else "waiting"
    booking.turn = last_turn + 1
    booking.made_at = clock.now()
    booking.revision += 1
    session.add(booking)
    headline = (
        f"You have a place at {_called(event)}" if is_free else f"You are on the waiting list of {_called(event)}"
    )
    await publish(session, _said(BOOKING_MADE, event, booking, headline, before=before, by=by, reason=reason))
    return booking


async def give_up_place(session: AsyncSession, *, event_id: str, by: Principal, reason: str = "") -> Booking:
    """Give up the place of *by*, or their turn in the queue; whoever waits longest gets it.

    Raises NoSuchEvent, NotBookable, NoSuchBooking.
    """
    event = await _bookable(session, event_id)
    booking = await booking_of(session, event_id, by.person_id)
    if booking is None or booking.status == "cancelled":
        raise NoSuchBooking
    before = state_of(booking).model_dump(mode="json")
    booking.status = "cancelled"
    booking.revision += 1
    headline = f"You gave up your place at {_called(event)}"
    if before["status"] == "waiting":
        headline = f"You left the waiting list of {_called(event)}"
    await publish(session, _said(BOOKING_CANCELLED, event, booking, headline, before=before, by=by, reason=reason))
    await fill_places(session, event, by=by)
    return booking


async def fill_places(session: AsyncSession, event: Event, *, by: Principal) -> None:
    """Let in those who wait, in their order, as far as there are places. The event's row must be locked."""
    if event.status != "scheduled" or event.ends_at <= clock.now():
        return
    await session.flush()
    query = select(Booking).where(Booking.event_id == event.id, Booking.status == "waiting").order_by(Booking.turn)
    if event.capacity is not None:
        query = query.limit(max(0, event.capacity - await booked_count(session, event.id)))
    changes: list[Change] = []
    for booking in await session.scalars(query):
        before = state_of(booking).model_dump(mode="json")
        booking.status = "booked"
        booking.revision += 1
        headline = f"A place became free: you are booked for {_called(event)}"
        said = _said(BOOKING_MADE, event, booking, headline, before=before, by=by, significance="normal")
        changes.append(said)
    if changes:
        await publish(session, *changes)


async def forget_bookings(session: AsyncSession, *, person_ids: Sequence[str]) -> None:
    """Forget what the erased booked; their places go to those who wait."""
    theirs = select(Booking.event_id).where(Booking.person_id.in_(person_ids)).distinct()
    for event_id in sorted(await session.scalars(theirs)):
        event = await locked(session, event_id)
        await session.execute(delete(Booking).where(Booking.event_id == event_id, Booking.person_id.in_(person_ids)))
        await fill_places(session, event, by=Principal())


async def locked(session: AsyncSession, event_id: str) -> Event:
    """The event, its row locked until the transaction ends. Raises NoSuchEvent."""
    event = await session.get(Event, event_id, with_for_update=True, populate_existing=True)
    if event is None:
        raise NoSuchEvent
    return event


async def booking_of(session: AsyncSession, event_id: str, person_id: str) -> Booking | None:
    """Somebody's booking for an event, also a cancelled one."""
    query = select(Booking).where(Booking.event_id == event_id, Booking.person_id == person_id)
    return (await session.execute(query)).scalar_one_or_none()


async def booked_count(session: AsyncSession, event_id: str) -> int:
    """How many places are booked."""
    query = select(func.count()).where(Booking.event_id == event_id, Booking.status == "booked")
    return (await session.execute(query)).scalar_one()


def held(event_id: str) -> ColumnElement[bool]:
    """The condition that a booking holds a place at an event, or a turn in its queue."""
    return and_(Booking.event_id == event_id, Booking.status.in_(("booked", "waiting")))


def state_of(booking: Booking) -> BookingState:
    """The public state of a booking's row."""
    return BookingState.model_validate(booking, from_attributes=True)


def key_of(event: Event) -> str:
    """The key of an event's messages: its network where it has one, so that they keep their order with the
    network's other messages here; else its own id."""
    return event.networks[0] if len(event.networks) == 1 else event.id


async def _bookable(session: AsyncSession, event_id: str) -> Event:
    event = await locked(session, event_id)
    if event.status != "scheduled" or event.ends_at <= clock.now():
        raise NotBookable
    return event


async def _standing(session: AsyncSession, event_id: str) -> tuple[int, int]:
    """How many places are booked, and the last turn given. One query: a hundred may wait for the row meanwhile."""
    booked = func.count().filter(Booking.status == "booked")
    query = select(booked, func.coalesce(func.max(Booking.turn), 0)).where(Booking.event_id == event_id)
    count, turn = (await session.execute(query)).one()
    return count, turn


def _called(event: Event) -> str:
    return f"{event.title}, {at_this_time(event.starts_at)}"


def _said(
    contract: Contract, event: Event, booking: Booking, headline: str, *, before: dict[str, object] | None,
    by: Principal, reason: str = "", significance: Significance = "minor",
) -> Change:  # fmt: skip
    """The message about a booking, told to nobody but the person whose place it is."""
    told = Announcement(
        headline=headline[:300], category="events", significance=significance, path=f"/events/{event.id}",
        concerns=Concerns(people=(booking.person_id,)),
    )  # fmt: skip
    return change(
        contract,
        state_of(booking),
        key=key_of(event),
        before=before,
        announcement=told,
        actor=by.person_id,
        reason=reason,
    )
