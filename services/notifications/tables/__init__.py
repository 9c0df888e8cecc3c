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
    deliveries,
    issue_items,
    issue_tests,
    issues,
    newsletter_readers,
    senders,
    suppressions,
)
from services.notifications.tables.people import (
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
from services.notifications.tables.subscriptions import (
    feed_keys,
    subscription_keys,
    subscriptions,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
)

__all__ = [
    "alert_audiences",
    "alert_contents",
    "alerts",
    "audience_members",
    "browsers",
    "choices",
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
    "senders",
    "subscription_keys",
    "subscriptions",
    "summaries",
    "summary_items",
    "suppressions",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_endpoints",
]
