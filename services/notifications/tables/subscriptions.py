"""Subscriptions of programs: what they picked, the messages ordered for them, and what came of each try."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, Table, Text, UniqueConstraint, text

from services.notifications.tables.kept import metadata
from shared.db import JsonB, UtcDateTime
from shared.outbox import Number

IS_OPEN = text("state IN ('waiting', 'retrying')")
"""Of `webhook_deliveries`. Said in these very words, because SQLite takes the small indexes below only then."""

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("owner_id", Text, nullable=False, index=True, comment="a person's id, or `staff` for the team's own"),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("form", Text, nullable=False, comment="full or signal"),
    Column("types", JsonB, nullable=False),
    Column("networks", JsonB, nullable=False),
    Column("bodies", JsonB, nullable=False),
    Column("care_groups", JsonB, nullable=False),
    Column("categories", JsonB, nullable=False),
    Column("secrets", JsonB, nullable=False, comment="[{salt, since, until}], the newest first; no secret is stored"),
    Column("status", Text, nullable=False, comment="active or disabled"),
    Column("status_reason", Text, nullable=False),
    Column("status_at", UtcDateTime, nullable=False),
    Column("disabled_after", BigInteger, comment="the last offset that was matched before it was disabled"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

subscription_keys = Table(
    "subscription_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("subscription_id", Text, primary_key=True),
    Index("keys_of_subscription", "subscription_id"),
    comment="by what a change finds the subscriptions that may want it, without looking at the others",
)

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("subscription_id", Text, primary_key=True),
    Column("next_at", UtcDateTime, comment="when its next message is due; null: none waits"),
    Column("paused_until", UtcDateTime, comment="it failed several times: nothing is tried before"),
    Column("holder", Text, nullable=False, comment="the sender that visits it, or empty"),
    Column("pace", Text, nullable=False, comment="new, quick or slow"),
    Column("failures", Integer, nullable=False, comment="tries in vain since the last that arrived"),
    Column("failing_since", UtcDateTime),
    Column("delivered_at", UtcDateTime, comment="the last time that something arrived"),
    Index("endpoints_due", "pace", "next_at"),
    comment="the sender's side of a subscription",
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("subscription_id", Text, nullable=False),
    Column("message_id", Text, nullable=False, comment="also the webhook-id"),
    Column("kind", Text, nullable=False, comment="change or test"),
    Column("offset", BigInteger, nullable=False, comment="of the alert, 0 for a test: messages go in this order"),
    Column("network_id", Text, nullable=False, comment="two messages of one network never go at once"),
    Column("state", Text, nullable=False, comment="waiting, retrying, delivered, failed or withdrawn"),
    Column("attempts", SmallInteger, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime, comment="when it was delivered, failed or withdrawn"),
    UniqueConstraint("subscription_id", "message_id"),
    Index("webhook_deliveries_of_message", "message_id"),
    Index("webhook_deliveries_settled", "settled_at"),
    Index(
        "webhook_deliveries_due", "subscription_id", "next_at", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    ),
    Index(
        "webhook_deliveries_in_order", "subscription_id", "offset", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    ),
)  # fmt: skip

webhooks_to_order = Table(
    "webhooks_to_order",
    metadata,
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("reached", Text, nullable=False, comment="the subscription up to which messages are ordered"),
    comment="alerts whose messages are not all ordered yet: of receivers that are slow or owe an answer",
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("delivery", BigInteger, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("status", SmallInteger, comment="null: no answer came"),
    Column("headers", JsonB, nullable=False, comment="of the answer"),
    Column("body", Text, nullable=False, comment="the beginning of the answer"),
    Column("milliseconds", Integer, nullable=False),
    Column("reason", Text, nullable=False, comment="why no answer came"),
)

feed_keys = Table(
    "feed_keys",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True, comment="of the secret part of their feeds' addresses"),
    Column("made_at", UtcDateTime, nullable=False),
)
