"""Whom this service knows: people, the audiences they belong to, what they asked for."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, false, text

from services.notifications.tables.kept import metadata
from shared.db import UtcDateTime

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
    Index("eager_of_audience", "audience", "person_id", sqlite_where=text("eager = 1"), postgresql_where=text("eager")),
)

mutes = Table(
    "mutes",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("network_id", Text, primary_key=True),
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
    Index("eager_people", "person_id", sqlite_where=text("eager = 1"), postgresql_where=text("eager")),
)  # fmt: skip

choices = Table(
    "choices",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("network_id", Text, primary_key=True),
    Column("forms", Text, nullable=False, comment="a channel for each kind of this network's changes"),
)
