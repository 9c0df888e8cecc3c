"""Facets as words: on PostgreSQL one index knows a network's words, which of them are its name's, and its facets.

A word with two choices is then one walk through one index. Names had an index of their own before; nothing released
reads it.
"""

from alembic import op

from services.registry.tables import wordlist

revision = "0014"
down_revision = "0013"

FACETS = ("type", "care_group", "level", "purpose", "side", "stage", "health")


def upgrade() -> None:
    """Make the column of words anew, with its index."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in wordlist.statements(FACETS):
            op.get_bind().exec_driver_sql(statement)
