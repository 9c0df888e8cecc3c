"""What oversight keeps: the feed, how far it was read, and the projections that the dashboard counts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import UtcDateTime

metadata = MetaData()
Number = BigInteger().with_variant(Integer(), "sqlite")


class Row(DeclarativeBase):
    """A row of this service."""

    metadata = metadata
    type_annotation_map = {str: Text, datetime: UtcDateTime}  # noqa: RUF012


class FeedCounter(Row):
    """The one row that numbers the feed. Locked until the commit, so that numbers are given in commit order.

    `epoch` is made with the table: a position of another epoch belongs to a feed that is no more.
    """

    __tablename__ = "feed_counter"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[str]
    offset: Mapped[int] = mapped_column(Number)


class FeedItem(Row):
    """One line of the feed: a message that was announced. People stand in `headline` by reference only."""

    __tablename__ = "feed_items"

    offset: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    message_id: Mapped[str] = mapped_column(unique=True)
    headline: Mapped[str]
    category: Mapped[str]
    significance: Mapped[str]
    path: Mapped[str]
    time: Mapped[datetime]
    network_id: Mapped[str | None] = mapped_column(comment="where it concerns exactly one")
    stored_at: Mapped[datetime]


class FeedBody(Row):
    """A line of the feed concerns a body."""

    __tablename__ = "feed_bodies"

    body: Mapped[str] = mapped_column(primary_key=True)
    offset: Mapped[int] = mapped_column(Number, primary_key=True)

    __table_args__ = (Index("bodies_of_item", "offset"),)


class FeedSeen(Row):
    """How far somebody has read the feed of a body."""

    __tablename__ = "feed_seen"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(primary_key=True)
    offset: Mapped[int] = mapped_column(Number)
    seen_at: Mapped[datetime]


class FollowUp(Row):
    """What becomes of a line of a body's feed: who took note of it, and whose it is."""

    __tablename__ = "follow_ups"

    body: Mapped[str] = mapped_column(primary_key=True)
    offset: Mapped[int] = mapped_column(Number, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    revision: Mapped[int]
    acknowledged_by: Mapped[str] = mapped_column(comment="a person's id, or empty")
    acknowledged_at: Mapped[datetime | None]
    assigned_to: Mapped[str] = mapped_column(comment="a person's id, or empty")

    __table_args__ = (Index("follow_ups_of_person", "body", "assigned_to"),)


class Comment(Row):
    """What somebody wrote on a line of a body's feed, for those who oversee that area."""

    __tablename__ = "feed_comments"

    id: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]
    offset: Mapped[int] = mapped_column(Number)
    by: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (Index("comments_of_line", "body", "offset", "id"),)


class Body(Row):
    """An oversight body: a Strategic Health Authority now, another kind another day."""

    __tablename__ = "bodies"

    code: Mapped[str] = mapped_column(primary_key=True, comment="ODS code")
    kind: Mapped[str]
    name: Mapped[str]
    region: Mapped[str]


class Network(Row):
    """Projection of `registry.networks`: what the dashboard counts, and since when the stage is what it is."""

    __tablename__ = "networks"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    slug: Mapped[str]
    name: Mapped[str]
    type: Mapped[str]
    care_group: Mapped[str]
    level: Mapped[str]
    stage: Mapped[str]
    stage_since: Mapped[date]
    archived: Mapped[bool]


class Cover(Row):
    """Projection of `registry.networks`: a network covers the area of a body."""

    __tablename__ = "covers"

    body: Mapped[str] = mapped_column(primary_key=True)
    network_id: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (Index("covers_of_network", "network_id"),)


class Challenge(Row):
    """Projection of `registry.challenges`: whether a provider network has answered, and by when it must."""

    __tablename__ = "challenges"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    provider: Mapped[str]
    status: Mapped[str]
    answer_by: Mapped[date]

    __table_args__ = (Index("challenges_by_status", "status", "provider"),)


class Role(Row):
    """Projection of `membership.memberships`: who leads a network, and who did."""

    __tablename__ = "roles"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    network_id: Mapped[str]
    person_id: Mapped[str]
    role: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    status: Mapped[str]

    __table_args__ = (Index("roles_of_network", "network_id"),)


class Person(Row):
    """Projection of `membership.people`: a name for an id, and nothing more."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    name: Mapped[str]
