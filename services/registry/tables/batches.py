"""Changes that were made to many networks together, and what each did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row
from shared.db import JsonB


class Batch(Row):
    """One change of many networks. `status`:

        at once:     applied ──▶ undone                told (it changed nothing)
        one by one:  changing ──▶ applied ──▶ undoing ──▶ undone
                        └─▶ stopped ◀───────────┘     (and on again from there)

    `total` is 0 for what was made at once.
    """

    __tablename__ = "batches"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    status: Mapped[str]
    fields: Mapped[dict[str, Any]] = mapped_column(JsonB, comment="what every network was given")
    reason: Mapped[str]
    minor: Mapped[bool]
    changed: Mapped[int] = mapped_column(comment="networks that had it otherwise before")
    kept: Mapped[int] = mapped_column(comment="networks changed since, which an undo left alone")
    total: Mapped[int] = mapped_column(server_default=text("0"), default=0, comment="networks to change one by one")
    done: Mapped[int] = mapped_column(
        server_default=text("0"), default=0, comment="of those that the present step has to do"
    )
    refused: Mapped[int] = mapped_column(
        server_default=text("0"), default=0, comment="networks that cannot be changed so"
    )
    stopping: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    stopped_in: Mapped[str] = mapped_column(server_default="", default="")
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    undone_by: Mapped[str]
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index("batches_by_status", "status"),)


class BatchEffect(Row):
    """What a batch did to a network: how its fields stood before, and the revision that it gave it.

    `outcome`: waiting, same (it was so already), refused (`why`), changed, or back (undone). `told`: whether those
    concerned have heard of the outcome.
    """

    __tablename__ = "batch_effects"

    batch_id: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    before: Mapped[dict[str, Any]] = mapped_column(JsonB)
    kept: Mapped[bool] = mapped_column(comment="an undo left it alone")
    outcome: Mapped[str] = mapped_column(server_default="changed", default="changed")
    why: Mapped[str] = mapped_column(server_default="", default="")
    told: Mapped[bool] = mapped_column(server_default=text("true"), default=True)

    __table_args__ = (Index("batch_effects_by_outcome", "batch_id", "outcome", "network_id"),)
