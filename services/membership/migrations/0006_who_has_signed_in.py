"""Who has signed in, and what a mail about that says."""

import sqlalchemy as sa
from alembic import op

from shared.db import JsonB, UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table, and the column of letters; those that wait say nothing there."""
    op.create_table(
        "first_sign_ins",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.add_column("letters", sa.Column("about", JsonB, server_default="{}", nullable=False))
