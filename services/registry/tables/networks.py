"""Networks, the areas that they cover, and the oversight bodies."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import ByteOrder, Row

COMBINED = ("type", "care_group", "level", "purpose", "side", "stage", "health")
"""The facets of which a network has one value each, in the order in which `facet_counts` combines them."""
FACETS = (*COMBINED, "sha")
"""All facets: `sha` is any of a network's bodies."""


class Network(Row):
    """A network's record. `sort_name` orders and compares names without accents or case.

    `name_words` are the words of the name, `search_text` those of all that is searched; the indexes of words are made
    of them.
    """

    __tablename__ = "networks"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sort_name: Mapped[str]
    aliases: Mapped[list[str]]
    type: Mapped[str]
    care_group: Mapped[str]
    level: Mapped[str]
    purpose: Mapped[str]
    side: Mapped[str]
    bodies: Mapped[list[str]]
    host: Mapped[str]
    population: Mapped[int | None]
    web: Mapped[str]
    email: Mapped[str]
    aims: Mapped[str]
    started_on: Mapped[date | None]
    stage: Mapped[str]
    health: Mapped[str] = mapped_column(server_default="not assessed")
    archived: Mapped[bool]
    merged_into: Mapped[str] = mapped_column(server_default="", comment="the id of the network that it became part of")
    split_from: Mapped[str] = mapped_column(server_default="", comment="the id of the network that it was a part of")
    former_slugs: Mapped[list[str]] = mapped_column(server_default="[]", comment="the addresses that it had before")
    name_words: Mapped[str] = mapped_column(ByteOrder, index=True)
    search_text: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index("networks_in_order", "sort_name", "id"),
        *(Index(f"networks_by_{facet}", facet, "sort_name", "id") for facet in COMBINED),
    )


class Address(Row):
    """An address that a network had before its present one. It leads there for ever, and no other network gets it."""

    __tablename__ = "addresses"

    slug: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str]


class Cover(Row):
    """A network covers the area of an oversight body."""

    __tablename__ = "covers"

    body: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str] = mapped_column(primary_key=True)


class Body(Row):
    """An oversight body: a Strategic Health Authority now, another kind another day."""

    __tablename__ = "bodies"

    code: Mapped[str] = mapped_column(primary_key=True, comment="ODS code")
    kind: Mapped[str]
    name: Mapped[str]
    region: Mapped[str]
