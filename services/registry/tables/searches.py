"""What people look for in the directory, which networks they were told of, and what they want to see of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row
from services.registry.tables.networks import FACETS

KEPT = tuple(facet for facet in FACETS if facet != "health")
"""The facets that a search keeps: of a health that turned, oversight and the network's own people are told already."""


class SavedSearch(Row):
    """What somebody looks for, under the name that they gave it. An empty facet is any.

    `begins` is how the longest word of `q` begins, so that a network that changed finds those that it may match.
    """

    __tablename__ = "saved_searches"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    person_id: Mapped[str]
    name: Mapped[str]
    q: Mapped[str]
    type: Mapped[str]
    care_group: Mapped[str]
    level: Mapped[str]
    purpose: Mapped[str]
    side: Mapped[str]
    stage: Mapped[str]
    sha: Mapped[str] = mapped_column(comment="the ODS code of the oversight body whose area is covered")
    begins: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("searches_of_person", "person_id"),
        Index("searches_that_may_match", "begins", "care_group", "sha"),
    )


class SavedMatch(Row):
    """A network that came to match a saved search: its owner is told once."""

    __tablename__ = "saved_matches"

    search_id: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str] = mapped_column(primary_key=True)
    matched_at: Mapped[datetime]


class ShownColumns(Row):
    """What somebody wants to see of each network in the directory."""

    __tablename__ = "shown_columns"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    names: Mapped[list[str]]
