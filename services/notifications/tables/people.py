"""Whom this service knows: people, the audiences they belong to, what they asked for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, SmallInteger, Table, Text, false, text

from services.notifications.tables.kept import metadata
from shared.db import UtcDateTime

HAS_CHOSEN = text("forms <> '......'")
"""Of `preferences`. Said in these very words, because SQLite takes the small index below only then."""

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("known_since", UtcDateTime, nullable=False),
    comment="projection of membership.people; the only table with names and addresses of people with an account",
)

networks = Table(
    "networks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("care_group", Text, nullable=False),
    comment="projection of registry.networks",
)

audience_members = Table(
    "audience_members",
    metadata,
    Column("audience", Text, primary_key=True),
    Column("person_id", Text, primary_key=True, comment="or the id of a newsletter's reader without an account"),
    Column("source", Text, primary_key=True, comment="what makes them belong: a role's id, person, own choice"),
    Column("route", Text, nullable=False, comment="member, role, follow, officer, staff, interest"),
    Column("revision", Integer, nullable=False, comment="of the source"),
    Column(
        "active", Boolean, nullable=False, comment="rows of ended roles stay, so that an old message changes nothing"
    ),
    Column("since", UtcDateTime, nullable=False, comment="what happened earlier is not told to them"),
    Column("eager", Boolean, nullable=False, server_default=false(), comment="the person's, as in `preferences`"),
    Index("audiences_of_person", "person_id", "active"),
    Index("people_of_audience", "audience", "active", "route", "person_id", "since"),
    Index("eager_of_audience", "audience", "person_id", sqlite_where=text("eager = 1"), postgresql_where=text("eager")),
)

mutes = Table(
    "mutes",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("network_id", Text, primary_key=True),
    Index("mutes_of_network", "network_id", "person_id"),
)

preferences = Table(
    "preferences",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("revision", Integer, nullable=False, server_default="0", comment="of all that the person's inbox shows"),
    Column("shape", Integer, nullable=False, server_default="0", comment="of what stands in it, read or unread"),
    Column("forms", Text, nullable=False, server_default="......", comment="a channel for each kind, see channels.py"),
    Column("eager", Boolean, nullable=False, server_default=false(), comment="reached outside the pages: mail or push"),
    Column("interests_chosen", Boolean, nullable=False, comment="chose care groups here: the record's no longer count"),
    Column("zone", Text, nullable=False, server_default="Europe/London", comment="the reader's time zone"),
    Column("quiet_from", SmallInteger, comment="minutes after midnight, local; null: never quiet"),
    Column("quiet_to", SmallInteger, comment="minutes after midnight, local"),
    Column("daily_at", SmallInteger, nullable=False, server_default="420", comment="of the summary, local minutes"),
    Index("people_who_chose", "person_id", sqlite_where=HAS_CHOSEN, postgresql_where=HAS_CHOSEN),
    Index("eager_people", "person_id", sqlite_where=text("eager = 1"), postgresql_where=text("eager")),
)  # fmt: skip

choices = Table(
    "choices",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("network_id", Text, primary_key=True),
    Column("forms", Text, nullable=False, comment="a channel for each kind of this network's changes"),
    Index("choices_of_network", "network_id", "person_id"),
)

merged_choices = Table(
    "merged_choices",
    metadata,
    Column("source", Text, primary_key=True, comment="the network that became part of another"),
    Column("target", Text, primary_key=True),
    Column("what", Text, primary_key=True, comment="follow, mute, forms or subscription"),
    Column("id", Text, primary_key=True, comment="of the person or the subscription"),
    comment="what was chosen for a network because it had been chosen for one that became part of it",
)

summaries = Table(
    "summaries",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("due_at", UtcDateTime, index=True, comment="when their next summary is put together; null: none is due"),
    Column("daily_due", UtcDateTime, comment="when the daily one is; null: they chose nothing to come daily"),
    Column("after", BigInteger, nullable=False, comment="what was told up to here stands in `summary_items` already"),
    comment="people who have something coming in a summary",
)

summary_items = Table(
    "summary_items",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("offset", BigInteger, primary_key=True, autoincrement=False, comment="of the alert"),
    Column("by", Text, nullable=False, comment="mail or push"),
    Column("thing", Text, nullable=False, comment="the summary that told it, or empty while it waits"),
    comment="one row for each alert that one person is told in a summary: no alert stands in two",
)
