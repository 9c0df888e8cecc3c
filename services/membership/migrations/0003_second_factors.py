"""Second factors: the keys of authenticator apps, and recovery codes."""

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "second_factors",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False, comment="encrypted with a key made of TIDINGS_SECRET"),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("ix_recovery_codes_person_id", "recovery_codes", ["person_id"])
