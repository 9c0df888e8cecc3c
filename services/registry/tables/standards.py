"""Standards, and how each network stands against them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row
from shared.db import JsonB

_OPEN = text("status = 'open'")


class Standard(Row):
    """A rule on a network's stage. `rule` is as `schemas/rules.py` describes it; `mend` is a path with `{slug}`."""

    __tablename__ = "standards"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sentence: Mapped[str] = mapped_column(comment="what is said where it is not met")
    severity: Mapped[str]
    stages: Mapped[list[str]]
    rule: Mapped[dict[str, Any]] = mapped_column(JsonB)
    mend: Mapped[str]
    place: Mapped[int]
    retired: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Edition(Row):
    """The one row that numbers the set of standards. Who changes a standard locks it and counts on.

    `cause` is the message that brought the present edition, and `weight` how loudly its effects are told.
    """

    __tablename__ = "editions"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    cause: Mapped[str]
    weight: Mapped[str]
    changed_at: Mapped[datetime]


class Standing(Row):
    """Projection: whether a network meets a standard that applies to it, since when, why, and which message did it."""

    __tablename__ = "standings"

    network_id: Mapped[str] = mapped_column(primary_key=True)
    standard_id: Mapped[str] = mapped_column(primary_key=True)
    met: Mapped[bool]
    since: Mapped[datetime]
    why: Mapped[str]
    cause: Mapped[str]

    __table_args__ = (Index("standings_by_cause", "cause"),)


class Assessment(Row):
    """A network's health, which `networks.health` repeats for the directory, and the edition it was judged by."""

    __tablename__ = "assessments"

    network_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    health: Mapped[str]
    since: Mapped[datetime]
    unmet: Mapped[list[dict[str, Any]]] = mapped_column(JsonB)
    cause: Mapped[str]
    edition: Mapped[int] = mapped_column(index=True)


class Vacancy(Row):
    """A required role that nobody holds. `since` started the clock; `next_on` is the day of its next escalation.

    `known_on` is when the register learned of it. `status` is open, filled or no longer required.
    """

    __tablename__ = "vacancies"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    network_id: Mapped[str]
    standard_id: Mapped[str]
    name: Mapped[str]
    roles: Mapped[list[str]]
    since: Mapped[date]
    known_on: Mapped[date]
    days: Mapped[int] = mapped_column(comment="of the last escalation")
    next_on: Mapped[date | None] = mapped_column(index=True)
    status: Mapped[str]
    until: Mapped[date | None]

    __table_args__ = (
        Index(
            "vacancies_once", "network_id", "standard_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
    )  # fmt: skip
