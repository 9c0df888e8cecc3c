"""Projections of what membership says: who leads what, and what they are called."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row


class Role(Row):
    """Projection of `membership.memberships`: who holds which role where, plain members too."""

    __tablename__ = "roles"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    network_id: Mapped[str]
    person_id: Mapped[str]
    role: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    status: Mapped[str]

    __table_args__ = (Index("roles_of_network", "network_id", "role", "status"), Index("roles_of_person", "person_id"))


class Person(Row):
    """Projection of `membership.people`: a name for an id, and nothing more."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    name: Mapped[str]


class Profession(Row):
    """Projection of `membership.people`: what a person is by profession, for standards that count professions."""

    __tablename__ = "professions"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    profession: Mapped[str] = mapped_column(primary_key=True)
