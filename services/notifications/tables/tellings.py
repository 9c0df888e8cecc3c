"""How fast people were told: counted by day, by way and by how long it took, so that no row grows with the readers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Text

from services.notifications.tables.kept import metadata
from shared.db import UtcDateTime

tellings = Table(
    "tellings",
    metadata,
    Column("day", Date, primary_key=True, comment="on which they were told (UTC)"),
    Column("way", Text, primary_key=True, comment="live, feed, inbox, mail or webhook"),
    Column("within", Integer, primary_key=True, autoincrement=False, comment="so many milliseconds"),
    Column("count", BigInteger, nullable=False),
)

telling_marks = Table(
    "telling_marks",
    metadata,
    Column("way", Text, primary_key=True),
    Column("began", UtcDateTime, nullable=False, comment="what was told before was not measured"),
    Column("counted_to", UtcDateTime, nullable=False),
    Column("after", BigInteger, nullable=False, comment="rows up to this number are counted, where they have numbers"),
)
