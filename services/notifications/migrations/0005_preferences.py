"""Preferences."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A channel for each kind of change, in general and for single networks, in place of one switch."""
    op.create_table(
        "choices",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("forms", sa.Text(), nullable=False, comment="a channel for each kind of this network's changes"),
        sa.PrimaryKeyConstraint("person_id", "network_id"),
    )
    op.create_table(
        "fanouts",
        sa.Column("offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "after", sa.Text(), nullable=False, comment="the last person who was seen to; empty at the beginning"
        ),
        sa.PrimaryKeyConstraint("offset"),
        comment="alerts that somebody may want by mail or in the browser at once; a row goes when all have been seen to",
    )
    op.create_index("alerts_of_network", "alerts", ["network_id", "offset"], unique=False)
    op.add_column("audience_members", sa.Column("eager", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("preferences", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    op.add_column("preferences", sa.Column("shape", sa.Integer(), server_default="0", nullable=False))
    op.add_column("preferences", sa.Column("forms", sa.Text(), server_default="......", nullable=False))
    op.add_column("preferences", sa.Column("eager", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name, table, columns in (
        ("eager_of_audience", "audience_members", ["audience", "person_id"]),
        ("eager_people", "preferences", ["person_id"]),
    ):
        op.create_index(name, table, columns, sqlite_where=sa.text("eager = 1"), postgresql_where=sa.text("eager"))
    op.execute("UPDATE preferences SET forms = '444444', eager = true WHERE immediate")
    op.execute(
        "UPDATE audience_members SET eager = true WHERE person_id IN (SELECT person_id FROM preferences WHERE eager)"
    )
    op.drop_column("preferences", "immediate")
