"""Exports of long lists: made in the background, kept for a week, fetched as often as wanted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row


class Export(Row):
    """One list on its way out. The gateway that holds it reads the list in its owner's name, page after page."""

    __tablename__ = "exports"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    status: Mapped[str] = mapped_column(comment="making, made, stopped or failed")
    of: Mapped[str] = mapped_column(comment="which list")
    question: Mapped[str] = mapped_column(comment="the list's own filters, as in its address")
    title: Mapped[str]
    columns: Mapped[list[str]]
    people: Mapped[bool] = mapped_column(comment="it names people, so an erasure removes it")
    cursor: Mapped[str]
    done: Mapped[int]
    total: Mapped[int]
    problem: Mapped[str]
    by: Mapped[str]
    ordered_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    attempts: Mapped[int]
    holder: Mapped[str]
    alive_until: Mapped[datetime]

    __table_args__ = (Index("exports_by_status", "status"), Index("exports_of_person", "by", "ordered_at"))


class ExportPart(Row):
    """Some of its rows, as compressed JSON."""

    __tablename__ = "export_parts"

    export_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]
