"""What events keeps: gatherings, bookings, and projections of the networks, their members and people's names."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, MetaData, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import JsonB, UtcDateTime

metadata = MetaData()


class Row(DeclarativeBase):
    """A row of this service."""

    metadata = metadata
    type_annotation_map = {str: Text, datetime: UtcDateTime, list[str]: JsonB}  # noqa: RUF012


class Event(Row):
    """A gathering of one or several networks. `capacity` None is no limit."""

    __tablename__ = "events"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    title: Mapped[str]
    kind: Mapped[str]
    description: Mapped[str]
    networks: Mapped[list[str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str]
    online_url: Mapped[str]
    access: Mapped[str] = mapped_column(comment="open, members or invited")
    capacity: Mapped[int | None]
    status: Mapped[str] = mapped_column(comment="scheduled or cancelled")
    updated_at: Mapped[datetime]

    __table_args__ = (Index("events_in_order", "starts_at", "id"),)


class Holder(Row):
    """A network holds a gathering."""

    __tablename__ = "holders"

    network_id: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (Index("holders_of_event", "event_id"),)


class Handover(Row):
    """A gathering went over from one network to another, which it had before or not."""

    __tablename__ = "handovers"

    source_id: Mapped[str] = mapped_column(primary_key=True)
    target_id: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    held_by_both: Mapped[bool]


class Booking(Row):
    """A person's place at a gathering, or in the queue for one. `turn` orders the queue; a new try is a new turn."""

    __tablename__ = "bookings"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    event_id: Mapped[str]
    person_id: Mapped[str]
    status: Mapped[str] = mapped_column(comment="booked, waiting or cancelled")
    turn: Mapped[int]
    made_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("event_id", "person_id"),
        Index("queue_of_event", "event_id", "status", "turn"),
        Index("bookings_of_person", "person_id"),
    )


class Network(Row):
    """Projection of `registry.networks`: its name, and whom its gatherings concern besides its members."""

    __tablename__ = "networks"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    slug: Mapped[str]
    name: Mapped[str]
    care_group: Mapped[str]
    bodies: Mapped[list[str]]
    archived: Mapped[bool]


class Cover(Row):
    """Projection of `registry.networks`: a network covers the area of an oversight body."""

    __tablename__ = "covers"

    body: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (Index("covers_of_network", "network_id"),)


class Role(Row):
    """Projection of `membership.memberships`: who belongs to which network, as what."""

    __tablename__ = "roles"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    network_id: Mapped[str]
    person_id: Mapped[str]
    role: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    status: Mapped[str]

    __table_args__ = (Index("roles_of_person", "person_id", "network_id"),)


class Person(Row):
    """Projection of `membership.people`: a name for an id, and nothing more."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    name: Mapped[str]
