"""What makes searching and counting quick: the words of the register, and how many networks are alike.

Both are kept by the database's own triggers (see the migration `search`), so that whatever changes a network, by
whichever way, keeps them too.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from services.registry.tables.kept import ByteOrder, metadata
from shared.outbox import Number

search_words = Table(
    "search_words",
    metadata,
    Column("word", ByteOrder, nullable=False, index=True),
    comment="every word that a network has or had; unique but for words that two transactions brought at once",
)

facet_counts = Table(
    "facet_counts",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("combination", Text, nullable=False, comment="JSON: the facets' values in their order, the bodies last"),
    Column("networks", Integer, nullable=False, comment="how many more, or less; the sum of a combination counts"),
    Column("is_sum", Boolean, nullable=False, comment="made of others, which are gone"),
    Index("facet_counts_to_sum", "is_sum", "number"),
    comment="appended to and never updated, so that no two changes wait for one another",
)
