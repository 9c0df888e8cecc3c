"""The pairs of networks that may overlap."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row


class Overlap(Row):
    """Two networks that have people or an area and care group in common; `one_id` is the smaller id.

    `areas` are the bodies that both cover where their care group is the same; `alike` is the likeness of their names,
    0 to 100; `score` ranks, 0 where there is nothing to suggest. A dismissal is remembered with what was known then.
    """

    __tablename__ = "network_pairs"

    one_id: Mapped[str] = mapped_column(primary_key=True)
    other_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    revision: Mapped[int]
    people: Mapped[int]
    areas: Mapped[list[str]]
    alike: Mapped[int]
    score: Mapped[int]
    status: Mapped[str]
    dismissed_at: Mapped[datetime | None]
    dismissed_by: Mapped[str]
    dismissed_reason: Mapped[str]
    dismissed_people: Mapped[int]
    dismissed_areas: Mapped[list[str]]

    __table_args__ = (Index("network_pairs_in_order", "status", "score"), Index("network_pairs_of_other", "other_id"))
