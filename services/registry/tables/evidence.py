"""Evidence that a network does what its standards ask for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row


class Evidence(Row):
    """A document or result of one kind, in date up to and including `review_by`; None: for good.

    `status` is current, lapsed or retracted. What a message of another service brought has its `subject` and
    `subject_revision`, so that a newer message of the same subject replaces it.
    """

    __tablename__ = "evidence"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    network_id: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    link: Mapped[str]
    dated: Mapped[date]
    review_by: Mapped[date | None]
    status: Mapped[str]
    subject: Mapped[str]
    subject_revision: Mapped[int]
    recorded_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index("evidence_of_network", "network_id", "kind"),
        Index("evidence_by_day", "status", "review_by"),
    )
