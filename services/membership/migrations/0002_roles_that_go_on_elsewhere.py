"""Roles that go on elsewhere: where networks are merged or split; and the former addresses of networks."""

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what tells where a role came from and went, and the addresses."""
    op.create_table(
        "addresses",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.add_column("roles", sa.Column("continues", sa.Text(), server_default="", nullable=False))
    op.add_column("roles", sa.Column("continued_in", sa.Text(), server_default="", nullable=False))
    op.add_column("roles", sa.Column("told_since", UtcDateTime(), nullable=True))
