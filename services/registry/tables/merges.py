"""What merges of networks brought about, so that they can be undone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row


class Merge(Row):
    """One network became part of another: what the other took over, and the ids of what moved or ended with it."""

    __tablename__ = "merges"

    id: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[str]
    target_id: Mapped[str]
    merged_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    aliases: Mapped[list[str]] = mapped_column(comment="names that the target had not")
    bodies: Mapped[list[str]] = mapped_column(comment="areas that the target had not")
    links: Mapped[list[str]]
    ended_links: Mapped[list[str]]
    challenges: Mapped[list[str]]
    ended_challenges: Mapped[list[str]]
    service_changes: Mapped[list[str]]

    __table_args__ = (Index("merges_of_source", "source_id", "merged_at"),)
