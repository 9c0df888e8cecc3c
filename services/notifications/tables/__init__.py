"""What notifications keeps: whom it knows, what they were told, what is being sent."""

from services.notifications.tables.alerts import (
    alert_audiences,
    alert_contents,
    alerts,
    fanouts,
    position,
    read_exceptions,
    read_marks,
    read_undos,
)
from services.notifications.tables.kept import metadata
from services.notifications.tables.newsletter import (
    corrections,
    deliveries,
    issue_items,
    issue_tests,
    issues,
    newsletter_readers,
    returned_mails,
    senders,
    suppressions,
)
from services.notifications.tables.people import (
    HAS_CHOSEN,
    audience_members,
    choices,
    mutes,
    networks,
    people,
    preferences,
    summaries,
    summary_items,
)
from services.notifications.tables.pushes import browsers, pushes
from services.notifications.tables.readers import reader_address, reader_name
from services.notifications.tables.subscriptions import (
    feed_keys,
    subscription_keys,
    subscriptions,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
)
from services.notifications.tables.tellings import telling_marks, tellings

__all__ = [
    "HAS_CHOSEN",
    "alert_audiences",
    "alert_contents",
    "alerts",
    "audience_members",
    "browsers",
    "choices",
    "corrections",
    "deliveries",
    "fanouts",
    "feed_keys",
    "issue_items",
    "issue_tests",
    "issues",
    "metadata",
    "mutes",
    "networks",
    "newsletter_readers",
    "people",
    "position",
    "preferences",
    "pushes",
    "read_exceptions",
    "read_marks",
    "read_undos",
    "reader_address",
    "reader_name",
    "returned_mails",
    "senders",
    "subscription_keys",
    "subscriptions",
    "summaries",
    "summary_items",
    "suppressions",
    "telling_marks",
    "tellings",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_endpoints",
]
