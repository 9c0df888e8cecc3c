"""What is due, in its order."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

IS_OPEN = sa.text("state IN ('pending', 'sending', 'deferred')")


def upgrade() -> None:
    """What is due, in its order."""
    op.drop_index("deliveries_due", table_name="deliveries")
    op.create_index(
        "deliveries_due", "deliveries", ["next_at", "number"], sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    )
