"""What was told, once for each audience, and what of it was read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, SmallInteger, Table, Text

from services.notifications.tables.kept import metadata
from shared.db import JsonB, UtcDateTime

position = Table(
    "position",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", Text, nullable=False, comment="made with the table: offsets of another epoch mean nothing here"),
    Column("value", BigInteger, nullable=False, comment="the offset of the newest alert"),
    Column("draft_id", Text, nullable=False, comment="the issue of the newsletter that new alerts go into, or empty"),
    comment="one row; its lock makes the order of offsets the order of commits",
)

alerts = Table(
    "alerts",
    metadata,
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False, server_default="", comment="of the message"),
    Column("headline", Text, nullable=False, comment="names people as {person:<id>}"),
    Column("category", Text, nullable=False),
    Column("significance", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("time", UtcDateTime, nullable=False, comment="of the change"),
    Column("network_id", Text, nullable=False, comment="the first network that it concerns, or is about, or empty"),
    Column("care_group", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Index("alerts_by_time", "time"),
    Index("alerts_of_network", "network_id", "offset"),
)

alert_contents = Table(
    "alert_contents",
    metadata,
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("data", JsonB, nullable=False, comment="the message's state and changes"),
    comment="what programs are sent beside the headline; kept for a while, and apart, because inboxes never read it",
)

alert_audiences = Table(
    "alert_audiences",
    metadata,
    Column("audience", Text, primary_key=True),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Index("audiences_of_alert", "offset"),
)

fanouts = Table(
    "fanouts",
    metadata,
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("after", Text, nullable=False, comment="the last person who was seen to; empty at the beginning"),
    comment="alerts that somebody may want by mail or in the browser at once; a row goes when all have been seen to",
)

read_marks = Table(
    "read_marks",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("up_to", BigInteger, nullable=False, comment="everything up to here is read, but for the exceptions"),
)

read_exceptions = Table(
    "read_exceptions",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("read", Boolean, nullable=False),
)

read_undos = Table(
    "read_undos",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("up_to", BigInteger, nullable=False, comment="where the watermark stood before all was marked as read"),
    Column("exceptions", JsonB, nullable=False, comment="[offset, read] of the exceptions that went with it"),
    comment="what the last 'all read' of a person can be taken back to",
)
