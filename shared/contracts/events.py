"""What `events` says: gatherings of networks, and bookings."""

from __future__ import annotations

from datetime import datetime

from shared.contracts import SHARED, State, contract, topic


class EventState(State):
    """A gathering of one or several networks. Times are in UTC; `status` is scheduled or cancelled."""

    title: str
    kind: str
    description: str
    networks: list[str]
    starts_at: datetime
    ends_at: datetime
    place: str
    online_url: str
    access: str
    capacity: int | None
    status: str


class BookingState(State):
    """One person's place at one event: booked, waiting or cancelled."""

    event_id: str
    person_id: str
    status: str


EVENTS = topic("events.events")
EVENT_SCHEDULED = contract(EVENTS, "networks.events.event.scheduled.v1", EventState, "An event was scheduled.")
EVENT_CHANGED = contract(EVENTS, "networks.events.event.changed.v1", EventState, "An event was changed.")
EVENT_CANCELLED = contract(EVENTS, "networks.events.event.cancelled.v1", EventState, "An event was cancelled.")

BOOKINGS = topic("events.bookings", partitions=SHARED)
BOOKING_MADE = contract(BOOKINGS, "networks.events.booking.made.v1", BookingState, "A place was booked or waited for.")
BOOKING_CANCELLED = contract(BOOKINGS, "networks.events.booking.cancelled.v1", BookingState, "A place was given up.")
