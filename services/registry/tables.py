"""What the register keeps: networks, bodies, and projections of who leads them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import JsonB, UtcDateTime

metadata = MetaData()


class Row(DeclarativeBase):
    """A row of this service."""

    metadata = metadata
    type_annotation_map = {str: Text, datetime: UtcDateTime, list[str]: JsonB}  # noqa: RUF012


class Network(Row):
    """A network's record. `sort_name` orders and compares names without accents or case."""

    __tablename__ = "networks"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sort_name: Mapped[str]
    aliases: Mapped[list[str]]
    type: Mapped[str]
    care_group: Mapped[str]
    level: Mapped[str]
    purpose: Mapped[str]
    side: Mapped[str]
    bodies: Mapped[list[str]]
    host: Mapped[str]
    population: Mapped[int | None]
    web: Mapped[str]
    email: Mapped[str]
    aims: Mapped[str]
    started_on: Mapped[date | None]
    stage: Mapped[str]
    archived: Mapped[bool]
    search_text: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (Index("networks_in_order", "sort_name", "id"), Index("networks_by_care_group", "care_group"))


class Cover(Row):
    """A network covers the area of an oversight body."""

    __tablename__ = "covers"

    body: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str] = mapped_column(primary_key=True)


class Body(Row):
    """An oversight body: a Strategic Health Authority now, another kind another day."""

    __tablename__ = "bodies"

    code: Mapped[str] = mapped_column(primary_key=True, comment="ODS code")
    kind: Mapped[str]
    name: Mapped[str]
    region: Mapped[str]


class Role(Row):
    """Projection of `membership.memberships`: who holds which role where."""

    __tablename__ = "roles"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    network_id: Mapped[str]
    person_id: Mapped[str]
    role: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    status: Mapped[str]

    __table_args__ = (Index("roles_of_network", "network_id"), Index("roles_of_person", "person_id"))


class Person(Row):
    """Projection of `membership.people`: a name for an id, and nothing more."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    name: Mapped[str]
