"""Links between networks."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row

SYMMETRIC = frozenset({"works_with", "shares_pathway_with"})
"""Kinds that say the same of both networks: the one with the smaller id stands first."""
OPEN = ("proposed", "confirmed")
"""The statuses of a link that is, or may become, one."""
_OPEN = text("status IN ('proposed', 'confirmed')")


class Link(Row):
    """A link, read from left to right: *network_id* `parent_of` *other_id*. See `LinkState`."""

    __tablename__ = "links"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    kind: Mapped[str]
    network_id: Mapped[str]
    other_id: Mapped[str]
    care_group: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    note: Mapped[str]
    status: Mapped[str]
    proposed_by: Mapped[str]
    ended_with: Mapped[str] = mapped_column(
        default="", server_default="", comment="the network that left the register and with which it ended"
    )
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "links_once", "network_id", "other_id", "kind", "care_group", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index("links_of_other", "other_id"),
        Index("links_of_network", "network_id"),
    )  # fmt: skip
