"""Imports and exports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db import UtcDateTime

revision = "0008"
down_revision = "0007"

__all__ = ["UtcDateTime", "postgresql"]


def upgrade() -> None:
    """Imports and exports."""
    op.create_table(
        "export_parts",
        sa.Column("export_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("export_id", "number"),
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="making, made, stopped or failed"),
        sa.Column("of", sa.Text(), nullable=False, comment="which list"),
        sa.Column("question", sa.Text(), nullable=False, comment="the list's own filters, as in its address"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "columns", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("people", sa.Boolean(), nullable=False, comment="it names people, so an erasure removes it"),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("ordered_at", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("alive_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("exports_by_status", "exports", ["status"], unique=False)
    op.create_index("exports_of_person", "exports", ["by", "ordered_at"], unique=False)
    op.create_table(
        "import_effects",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made", sa.Boolean(), nullable=False),
        sa.Column(
            "before", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True
        ),
        sa.PrimaryKeyConstraint("import_id", "network_id"),
    )
    op.create_index("import_effects_of_network", "import_effects", ["network_id"], unique=False)
    op.create_table(
        "import_matchings",
        sa.Column("headings", sa.Text(), nullable=False, comment="a hash of the headings, folded"),
        sa.Column(
            "columns", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "fixed", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("headings"),
    )
    op.create_table(
        "import_pieces",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "number"),
    )
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column(
            "cells", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "choice", sa.Text(), nullable=False, comment="same or new, where somebody chose what a likely twin is"
        ),
        sa.PrimaryKeyConstraint("import_id", "place"),
    )
    op.create_table(
        "import_verdicts",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "fields", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "changes", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("network_id", sa.Text(), nullable=False, comment="the network it changes, repeats or resembles"),
        sa.Column("twin_row", sa.Integer(), nullable=True, comment="the earlier row it repeats or resembles"),
        sa.Column("twin_name", sa.Text(), nullable=False),
        sa.Column(
            "likely",
            sa.Boolean(),
            nullable=False,
            comment="the twin was found by likeness: somebody may choose otherwise",
        ),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "place"),
    )
    op.create_index("import_verdicts_by_network", "import_verdicts", ["import_id", "network_id"], unique=False)
    op.create_index("import_verdicts_by_outcome", "import_verdicts", ["import_id", "outcome", "place"], unique=False)
    op.create_table(
        "imports",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False, comment="its name"),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column(
            "sheets", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("heading_row", sa.Integer(), nullable=False),
        sa.Column(
            "headings", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "columns",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
            comment="field → place of its column",
        ),
        sa.Column(
            "fixed",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
            comment="field → the same value for every row",
        ),
        sa.Column("matched", sa.Text(), nullable=False, comment="how the columns were matched: guess, kept or hand"),
        sa.Column("automatic", sa.Boolean(), nullable=False, comment="nobody is asked to match the columns"),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("duplicate", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("without_wrong", sa.Boolean(), nullable=False),
        sa.Column("keep_changed", sa.Boolean(), nullable=False, comment="an undo leaves what was changed since"),
        sa.Column("kept", sa.Integer(), nullable=False, comment="networks that the undo left as they are"),
        sa.Column("done", sa.Integer(), nullable=False, comment="of the present step"),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False, comment="the present step"),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("minor", sa.Boolean(), nullable=False),
        sa.Column(
            "bodies",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
            comment="oversight bodies that the changes concern",
        ),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("stopping", sa.Boolean(), nullable=False),
        sa.Column("stopped_in", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("alive_until", UtcDateTime(), nullable=False),
        sa.Column("forgotten_at", UtcDateTime(), nullable=True, comment="when the file and its rows were dropped"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("imports_by_status", "imports", ["status"], unique=False)
