"""Imports: the file, what its rows say, what became of each, and what an undo needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row
from shared.db import JsonB


class Import(Row):
    """One file on its way into the register. `status` is the step that is worked on, or whom it waits for:

        reading ──▶ matching ──▶ judging ──▶ ready ──▶ applying ──▶ applied ──▶ undoing ──▶ undone
           └── failed, stopped ◀───┘           └───────── (a row changed meanwhile: look again)

    `holder` is the process that works on it, for as long as `alive_until` is not past.
    """

    __tablename__ = "imports"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    status: Mapped[str]
    file: Mapped[str] = mapped_column(comment="its name")
    size: Mapped[int]
    encoding: Mapped[str]
    sheet: Mapped[str]
    sheets: Mapped[list[str]]
    heading_row: Mapped[int]
    headings: Mapped[list[str]]
    columns: Mapped[dict[str, Any]] = mapped_column(JsonB, comment="field → place of its column")
    fixed: Mapped[dict[str, Any]] = mapped_column(JsonB, comment="field → the same value for every row")
    matched: Mapped[str] = mapped_column(comment="how the columns were matched: guess, kept or hand")
    automatic: Mapped[bool] = mapped_column(comment="nobody is asked to match the columns")
    rows: Mapped[int]
    new: Mapped[int]
    changed: Mapped[int]
    duplicate: Mapped[int]
    wrong: Mapped[int]
    without_wrong: Mapped[bool]
    keep_changed: Mapped[bool] = mapped_column(comment="an undo leaves what was changed since")
    kept: Mapped[int] = mapped_column(comment="networks that the undo left as they are")
    done: Mapped[int] = mapped_column(comment="of the present step")
    total: Mapped[int]
    begun_at: Mapped[datetime] = mapped_column(comment="the present step")
    problem: Mapped[str]
    reason: Mapped[str]
    minor: Mapped[bool]
    bodies: Mapped[list[str]] = mapped_column(comment="oversight bodies that the changes concern")
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    applied_by: Mapped[str]
    applied_at: Mapped[datetime | None]
    undone_by: Mapped[str]
    undone_at: Mapped[datetime | None]
    stopping: Mapped[bool]
    stopped_in: Mapped[str]
    attempts: Mapped[int]
    holder: Mapped[str]
    alive_until: Mapped[datetime]
    forgotten_at: Mapped[datetime | None] = mapped_column(comment="when the file and its rows were dropped")

    __table_args__ = (Index("imports_by_status", "status"),)


class ImportPiece(Row):
    """A piece of the file as it was sent: it must be there for whichever process reads it."""

    __tablename__ = "import_pieces"

    import_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class ImportRow(Row):
    """A row of the file that holds something. `row` is its number as a spreadsheet shows it; `place` has no gaps."""

    __tablename__ = "import_rows"

    import_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    row: Mapped[int]
    cells: Mapped[list[str]]
    choice: Mapped[str] = mapped_column(comment="same or new, where somebody chose what a likely twin is")


class Verdict(Row):
    """What becomes of a row, and why. `fields` is what it gives, `changes` field → [before, after]."""

    __tablename__ = "import_verdicts"

    import_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    row: Mapped[int]
    name: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str]
    fields: Mapped[dict[str, Any]] = mapped_column(JsonB)
    changes: Mapped[dict[str, Any]] = mapped_column(JsonB)
    network_id: Mapped[str] = mapped_column(comment="the network it changes, repeats or resembles")
    twin_row: Mapped[int | None] = mapped_column(comment="the earlier row it repeats or resembles")
    twin_name: Mapped[str]
    likely: Mapped[bool] = mapped_column(comment="the twin was found by likeness: somebody may choose otherwise")
    choice: Mapped[str]

    __table_args__ = (
        Index("import_verdicts_by_outcome", "import_id", "outcome", "place"),
        Index("import_verdicts_by_network", "import_id", "network_id"),
    )


class Effect(Row):
    """What an import did to a network: how it stood before (None where it `made` it), and the revision it gave it."""

    __tablename__ = "import_effects"

    import_id: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    made: Mapped[bool]
    before: Mapped[dict[str, Any] | None] = mapped_column(JsonB)

    __table_args__ = (Index("import_effects_of_network", "network_id"),)


class Matching(Row):
    """How the columns under these headings were matched the last time."""

    __tablename__ = "import_matchings"

    headings: Mapped[str] = mapped_column(primary_key=True, comment="a hash of the headings, folded")
    columns: Mapped[dict[str, Any]] = mapped_column(JsonB)
    fixed: Mapped[dict[str, Any]] = mapped_column(JsonB)
    used_at: Mapped[datetime]
