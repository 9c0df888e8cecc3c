"""The one row that offsets are taken from, and its epoch."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the row: whoever remembers an offset of another database is told to begin anew."""
    place = sa.table("position", sa.column("one"), sa.column("epoch"), sa.column("value"), sa.column("draft_id"))
    op.execute(place.insert().values(one=1, epoch=secrets.token_hex(4), value=0, draft_id=""))
