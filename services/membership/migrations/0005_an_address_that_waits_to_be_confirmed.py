"""An address that waits to be confirmed by the link that was mailed there."""

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add its table, and what a mail server said that refused an invitation."""
    op.create_table(
        "email_changes",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_index("ix_email_changes_expires_at", "email_changes", ["expires_at"])
    op.add_column("invitations", sa.Column("refusal", sa.Text(), server_default="", nullable=False))
