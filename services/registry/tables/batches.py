"""Changes that were made to many networks together, and what each did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row
from shared.db import JsonB


class Batch(Row):
    """One change of many networks. `status` is applied or undone."""

    __tablename__ = "batches"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    status: Mapped[str]
    fields: Mapped[dict[str, Any]] = mapped_column(JsonB, comment="what every network was given")
    reason: Mapped[str]
    minor: Mapped[bool]
    changed: Mapped[int] = mapped_column(comment="networks that had it otherwise before")
    kept: Mapped[int] = mapped_column(comment="networks changed since, which an undo left alone")
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    undone_by: Mapped[str]
    undone_at: Mapped[datetime | None]


class BatchEffect(Row):
    """What a batch did to a network: how its fields stood before, and the revision that it gave it."""

    __tablename__ = "batch_effects"

    batch_id: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    before: Mapped[dict[str, Any]] = mapped_column(JsonB)
    kept: Mapped[bool] = mapped_column(comment="an undo left it alone")
