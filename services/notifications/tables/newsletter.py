"""The newsletter and all mail: issues, their items and readers, and one delivery for each copy."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

from services.notifications.tables.kept import metadata
from shared.db import UtcDateTime
from shared.outbox import Number

newsletter_readers = Table(
    "newsletter_readers",
    metadata,
    Column("id", Text, primary_key=True, comment="the person's id, or one of its own where there is no account"),
    Column("email", Text, nullable=False, comment="empty for people: theirs is in `people`"),
    Column("confirmed_at", UtcDateTime),
    Column("unsubscribed_at", UtcDateTime),
    Column("name", Text, nullable=False, server_default="", comment="of a reader without an account, as they gave it"),
    Column("asked_at", UtcDateTime, comment="when somebody asked for it; unconfirmed, it is forgotten after a week"),
    Column("wanted", Text, nullable=False, server_default="", comment="care groups they asked for, one a line"),
    Column("consent_how", Text, nullable=False, server_default="", comment="how they said that they want it"),
    Column("consent_on", Date, comment="when they said so"),
    Column("consent_by", Text, nullable=False, server_default="", comment="who vouches for it, for imported readers"),
    Index("newsletter_readers_by_email", "email"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False, server_default="refused", comment="refused, bounced, complaint"),
    comment="addresses that a server refused for good, or that complained: no more mail goes there",
)

returned_mails = Table(
    "returned_mails",
    metadata,
    Column("id", Text, primary_key=True),
    Column("came_at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False, comment="bounce, delay or complaint"),
    Column("address", Text, nullable=False, index=True),
    Column("status", Text, nullable=False, comment="such as 5.1.1 (RFC 3463), or empty"),
    Column("reason", Text, nullable=False),
    Column("mail_id", Text, nullable=False, comment="the Message-ID of ours that it is about, or empty"),
    UniqueConstraint("mail_id", "kind", "address"),
    comment="what mail servers and mail programs sent back",
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issue_id", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("message_id", Text, nullable=False, comment="the message that made it necessary, or empty"),
    Column("text", Text, nullable=False, comment="what is right"),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("number", Integer, nullable=False, server_default="0", comment="within its issue, from 1"),
    Column("headline", Text, nullable=False, server_default="", comment="of the item, put right, or empty"),
    Column("settled", Boolean, nullable=False, server_default=true(), comment="nobody more will have to be told"),
    Index("corrections_of_issue", "issue_id"),
)

issues = Table(
    "issues",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("number", Integer, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("intro", Text, nullable=False),
    Column("words_version", Integer, nullable=False, server_default="0", comment="of title and introduction"),
    Column("edited_by", Text, nullable=False, server_default="", comment="who changed it last by hand"),
    Column("edited_at", UtcDateTime),
    Column("status", Text, nullable=False, comment="draft, approved, sending, paused, sent, cancelled"),
    Column("week_from", Date, nullable=False),
    Column("week_to", Date, nullable=False),
    Column("readers", Integer, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("send_at", UtcDateTime, comment="when it is to be sent by itself"),
    Column("pressed_at", UtcDateTime, comment="when sending began"),
    Column("sent_at", UtcDateTime),
    Column("corrected", Integer, nullable=False, server_default="0", comment="how many corrections it has"),
)

issue_items = Table(
    "issue_items",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issue_id", Text, nullable=False),
    Column("same", Text, nullable=False, comment="what is said of the same is said once, the last time"),
    Column("message_id", Text, nullable=False, index=True, comment="empty for what staff wrote themselves"),
    Column("headline", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("significance", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("network_id", Text, nullable=False),
    Column("care_group", Text, nullable=False),
    Column("audiences", Text, nullable=False, comment="its audiences, one a line"),
    Column("place", Integer, comment="where staff put it, or null"),
    Column("pinned", Boolean, nullable=False),
    Column("dropped", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    Column("own_headline", Text, nullable=False, server_default="", comment="staff's words in place of the headline"),
    Column("own_of", Text, nullable=False, server_default="", comment="the message whose headline they replace"),
    Column("version", Integer, nullable=False, server_default="0", comment="of what staff wrote"),
    Column("edited_by", Text, nullable=False, server_default=""),
    Column("edited_at", UtcDateTime),
    UniqueConstraint("issue_id", "same"),
)

issue_tests = Table(
    "issue_tests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issue_id", Text, nullable=False, index=True),
    Column("as_reader", Text, nullable=False, comment="whose copy it is, or empty for the general one"),
    Column("by", Text, nullable=False, comment="who asked for it, and gets it"),
    Column("at", UtcDateTime, nullable=False),
    comment="copies that staff sent to themselves before an issue went out",
)

IS_OPEN = text("state IN ('pending', 'sending', 'deferred')")
"""Of `deliveries`. Said in these very words by whoever asks what is due (delivery/rows.py)."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column(
        "kind",
        Text,
        nullable=False,
        comment="newsletter, test, correction, signup, alert or webhook (a notice about one)",
    ),
    Column("thing", Text, nullable=False, comment="the issue's id, or the message's, or the webhook's"),
    Column("reader_id", Text, nullable=False, comment="the address is looked up when it is sent"),
    Column("state", Text, nullable=False, comment="pending, sending, sent, bounced, refused, deferred"),
    Column("attempts", SmallInteger, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("holder", Text, nullable=False, comment="the sender that works on it, or empty"),
    Column("repeated", Boolean, nullable=False, comment="sent again because it is unknown whether it had arrived"),
    Column("reason", Text, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("told", Text, nullable=False, server_default="", comment="the items of a newsletter's copy, as `,3,17,`"),
    Column("edition", Integer, nullable=False, server_default="0", comment="how many corrections the copy holds"),
    UniqueConstraint("kind", "thing", "reader_id"),
    Index("deliveries_due", "next_at", "number", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    Index("deliveries_of_reader", "reader_id"),
    Index("deliveries_by_state", "thing", "state"),
)

delivery_marks = Table(
    "delivery_marks",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("holder", Text, nullable=False, comment="the sender that wrote it"),
    Column("at", UtcDateTime, nullable=False),
    Column("begun", Text, nullable=False, comment="copy → its edition, as JSON"),
    Column("sent", Text, nullable=False, comment="copy → its edition and the items that it told, as JSON"),
    comment="what became of copies and does not stand in `deliveries` yet: one row for a group of them",
)

senders = Table(
    "senders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("alive_until", BigInteger, nullable=False, comment="seconds since 1970; after it, what it held is free"),
)
