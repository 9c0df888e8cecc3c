"""One projection of roles, and no lists kept as files: three tables that nothing reads go."""

from alembic import op

revision = "0015"
down_revision = "0014"

GONE = ("belongings", "export_parts", "exports")


def upgrade() -> None:
    """Drop what nothing reads."""
    for table in GONE:
        op.drop_table(table)
