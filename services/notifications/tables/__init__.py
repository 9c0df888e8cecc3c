"""What notifications keeps: whom it knows, what they were told, what is being sent."""

from services.notifications.tables.alerts import alert_audiences, alerts, position, read_exceptions, read_marks
from services.notifications.tables.kept import metadata
from services.notifications.tables.newsletter import (
    deliveries,
    issue_items,
    issues,
    newsletter_readers,
    senders,
    suppressions,
)
from services.notifications.tables.people import audience_members, mutes, networks, people, preferences

__all__ = [
    "alert_audiences", "alerts", "audience_members", "deliveries", "issue_items", "issues", "metadata", "mutes",
    "networks", "newsletter_readers", "people", "position", "preferences", "read_exceptions", "read_marks", "senders",
    "suppressions",
]  # fmt: skip
