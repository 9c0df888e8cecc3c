"""The register as it stood: a narrow row for each revision of each network, with what lists choose and order by; and
for each turn of its health, which has revisions of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row


class Version(Row):
    """A revision of a network, in force from `valid_from` until the next one's. The whole state is in the history."""

    __tablename__ = "network_versions"

    subject: Mapped[str] = mapped_column(primary_key=True, comment="the network's id")
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valid_from: Mapped[datetime]
    entry: Mapped[str] = mapped_column(comment="the id of the history's entry")
    archived: Mapped[bool]
    sort_name: Mapped[str]
    type: Mapped[str]
    care_group: Mapped[str]
    level: Mapped[str]
    purpose: Mapped[str]
    side: Mapped[str]
    stage: Mapped[str]
    bodies: Mapped[str] = mapped_column(comment="the codes, with a space on either side of each")
    words: Mapped[str] = mapped_column(comment="what is searched, with a space on either side of each word")

    __table_args__ = (Index("network_versions_in_time", "subject", "valid_from", "revision"),)


class HealthVersion(Row):
    """A network's health from `valid_from` until its next revision's; before the first it was not assessed."""

    __tablename__ = "health_versions"

    subject: Mapped[str] = mapped_column(primary_key=True, comment="the network's id")
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valid_from: Mapped[datetime]
    entry: Mapped[str] = mapped_column(comment="the id of the history's entry")
    health: Mapped[str]

    __table_args__ = (Index("health_versions_in_time", "subject", "valid_from", "revision"),)
