"""Summaries and browsers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.db import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Quiet hours and summaries, browsers that are sent notifications, and what "all read" can be taken back to."""
    op.create_table(
        "browsers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False, comment="the push service's address for this browser"),
        sa.Column("p256dh", sa.Text(), nullable=False, comment="the browser's public key"),
        sa.Column("auth", sa.Text(), nullable=False, comment="the secret that it shares with us"),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint"),
        comment="one row for each browser that asked for notifications",
    )
    op.create_index(op.f("ix_browsers_person_id"), "browsers", ["person_id"], unique=False)
    op.create_table(
        "pushes",
        sa.Column("browser_id", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False, comment="the message's id, or a summary's"),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False, comment="when it is due, or its sender's hold ends"),
        sa.PrimaryKeyConstraint("browser_id", "thing"),
        comment="notifications on their way; a row goes when its push service took it",
    )
    op.create_index(op.f("ix_pushes_next_at"), "pushes", ["next_at"], unique=False)
    op.create_table(
        "read_undos",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column(
            "up_to", sa.BigInteger(), nullable=False, comment="where the watermark stood before all was marked as read"
        ),
        sa.Column(
            "exceptions",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
            comment="[offset, read] of the exceptions that went with it",
        ),
        sa.PrimaryKeyConstraint("person_id"),
        comment="what the last 'all read' of a person can be taken back to",
    )
    op.create_table(
        "summaries",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column(
            "due_at", UtcDateTime(), nullable=True, comment="when their next summary is put together; null: none is due"
        ),
        sa.Column(
            "daily_due",
            UtcDateTime(),
            nullable=True,
            comment="when the daily one is; null: they chose nothing to come daily",
        ),
        sa.Column(
            "after",
            sa.BigInteger(),
            nullable=False,
            comment="what was told up to here stands in `summary_items` already",
        ),
        sa.PrimaryKeyConstraint("person_id"),
        comment="people who have something coming in a summary",
    )
    op.create_index(op.f("ix_summaries_due_at"), "summaries", ["due_at"], unique=False)
    op.create_table(
        "summary_items",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), autoincrement=False, nullable=False, comment="of the alert"),
        sa.Column("by", sa.Text(), nullable=False, comment="mail or push"),
        sa.Column("thing", sa.Text(), nullable=False, comment="the summary that told it, or empty while it waits"),
        sa.PrimaryKeyConstraint("person_id", "offset"),
        comment="one row for each alert that one person is told in a summary: no alert stands in two",
    )
    op.add_column(
        "preferences",
        sa.Column("zone", sa.Text(), server_default="Europe/London", nullable=False, comment="the reader's time zone"),
    )
    op.add_column(
        "preferences",
        sa.Column(
            "quiet_from", sa.SmallInteger(), nullable=True, comment="minutes after midnight, local; null: never quiet"
        ),
    )
    op.add_column(
        "preferences", sa.Column("quiet_to", sa.SmallInteger(), nullable=True, comment="minutes after midnight, local")
    )
    op.add_column(
        "preferences",
        sa.Column(
            "daily_at", sa.SmallInteger(), server_default="420", nullable=False, comment="of the summary, local minutes"
        ),
    )
    op.execute(
        """
        INSERT INTO summaries (person_id, due_at, after)
        SELECT chose.person_id, people.known_since, position.value FROM position
        CROSS JOIN (SELECT person_id FROM preferences WHERE forms LIKE '%2%'
                    UNION SELECT person_id FROM choices WHERE forms LIKE '%2%') chose
        JOIN people ON people.id = chose.person_id
        """
    )  # a moment long past: the worker looks at them at once, and finds out when their day begins
