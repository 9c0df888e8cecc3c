"""What every table of the register has in common."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import MetaData, Text
from sqlalchemy.orm import DeclarativeBase

from shared.db import JsonB, UtcDateTime

metadata = MetaData()

ByteOrder = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its bytes, as SQLite has it: what begins alike stands together in the index."""


class Row(DeclarativeBase):
    """A row of this service."""

    metadata = metadata
    type_annotation_map = {str: Text, datetime: UtcDateTime, list[str]: JsonB}  # noqa: RUF012
