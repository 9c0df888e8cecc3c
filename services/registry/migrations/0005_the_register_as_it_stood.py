"""The register as it stood: former addresses, where a network went, and its versions, made from the history."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.commands.versions import version_of
from shared.db import JsonB, UtcDateTime

revision = "0005"
down_revision = "0004"

AT_ONCE = 1_000
history = sa.table(
    "history", sa.column("id"), sa.column("subject"), sa.column("type"), sa.column("revision"),
    sa.column("time", UtcDateTime()), sa.column("state", JsonB),
)  # fmt: skip


def upgrade() -> None:
    """Add the columns and tables, and a version for each change of a network so far."""
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    gone = "the id of the network that it became part of"
    op.add_column("networks", sa.Column("merged_into", sa.Text(), server_default="", nullable=False, comment=gone))
    part = "the id of the network that it was a part of"
    op.add_column("networks", sa.Column("split_from", sa.Text(), server_default="", nullable=False, comment=part))
    had = "the addresses that it had before"
    op.add_column("networks", sa.Column("former_slugs", json, server_default="[]", nullable=False, comment=had))
    op.create_table(
        "addresses",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    versions = op.create_table(
        "network_versions",
        sa.Column("subject", sa.Text(), nullable=False, comment="the network's id"),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False, comment="the id of the history's entry"),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("sort_name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("care_group", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("bodies", sa.Text(), nullable=False, comment="the codes, with a space on either side of each"),
        sa.Column(
            "words", sa.Text(), nullable=False, comment="what is searched, with a space on either side of each word"
        ),
        sa.PrimaryKeyConstraint("subject", "revision"),
    )
    op.create_index("network_versions_in_time", "network_versions", ["subject", "valid_from", "revision"])
    names = set(versions.c.keys())
    for rows in _versions(op.get_bind()):
        op.bulk_insert(versions, [{name: row[name] for name in names} for row in rows])


def _versions(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """The versions that the history tells of, some at a time; `valid_from` never falls within a network."""
    place: tuple[str, int] = ("", 0)
    begun: Any = None
    while entries := _after(connection, place):
        rows = []
        for entry in entries:
            begun = max(begun, entry.time) if entry.subject == place[0] else entry.time
            place = (entry.subject, entry.revision)
            rows.append(
                {
                    "subject": entry.subject, "revision": entry.revision, "entry": entry.id, "valid_from": begun,
                    **version_of(entry.state),
                }
            )  # fmt: skip
        yield rows


def _after(connection: sa.Connection, place: tuple[str, int]) -> list[Any]:
    columns = history.c
    of_networks = sa.select(history).where(columns.type.like("networks.registry.network.%"))
    following = of_networks.where(sa.tuple_(columns.subject, columns.revision) > sa.tuple_(*map(sa.literal, place)))
    return list(connection.execute(following.order_by(columns.subject, columns.revision).limit(AT_ONCE)))
