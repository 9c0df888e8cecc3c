"""Browser notifications: which browsers asked for them, and what is on its way there."""

from __future__ import annotations

from sqlalchemy import Column, SmallInteger, Table, Text

from services.notifications.tables.kept import metadata
from shared.db import UtcDateTime

browsers = Table(
    "browsers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, nullable=False, index=True),
    Column("endpoint", Text, nullable=False, unique=True, comment="the push service's address for this browser"),
    Column("p256dh", Text, nullable=False, comment="the browser's public key"),
    Column("auth", Text, nullable=False, comment="the secret that it shares with us"),
    Column("made_at", UtcDateTime, nullable=False),
    comment="one row for each browser that asked for notifications",
)

pushes = Table(
    "pushes",
    metadata,
    Column("browser_id", Text, primary_key=True),
    Column("thing", Text, primary_key=True, comment="the message's id, or a summary's"),
    Column("attempts", SmallInteger, nullable=False),
    Column("next_at", UtcDateTime, nullable=False, index=True, comment="when it is due, or its sender's hold ends"),
    comment="notifications on their way; a row goes when its push service took it",
)
