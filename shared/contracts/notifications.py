"""What `notifications` says: that an issue of the newsletter was sent, and what programs subscribe to."""

from __future__ import annotations

from datetime import datetime

from shared.contracts import State, contract, topic


class IssueState(State):
    """An issue of the newsletter that went out."""

    number: int
    title: str
    status: str
    readers: int
    sent_at: datetime | None


class SubscriptionState(State):
    """A program's subscription. `owner_id` is a person's id or `staff`; `host` is all that is said of its address."""

    name: str
    owner_id: str
    host: str
    form: str
    types: list[str]
    networks: list[str]
    bodies: list[str]
    care_groups: list[str]
    categories: list[str]
    status: str
    status_reason: str


ISSUES = topic("notifications.issues")
ISSUE_SENT = contract(
    ISSUES, "networks.notifications.issue.sent.v1", IssueState, "An issue of the newsletter was sent."
)
ISSUE_CHANGED = contract(
    ISSUES,
    "networks.notifications.issue.changed.v1",
    IssueState,
    "An issue was drafted, edited, approved, scheduled, paused, resumed, cancelled or corrected.",
)

ISSUE_HELD = contract(
    ISSUES,
    "networks.notifications.issue.held.v1",
    IssueState,
    "An approved issue that was to go by itself is held back: what its own words tell of has changed since.",
)

SUBSCRIPTIONS = topic("notifications.subscriptions")
SUBSCRIPTION_ADDED = contract(
    SUBSCRIPTIONS, "networks.notifications.subscription.added.v1", SubscriptionState, "A webhook was added."
)
SUBSCRIPTION_CHANGED = contract(
    SUBSCRIPTIONS,
    "networks.notifications.subscription.changed.v1",
    SubscriptionState,
    "A webhook was changed, given a new secret, switched on or off by hand.",
)
SUBSCRIPTION_DISABLED = contract(
    SUBSCRIPTIONS,
    "networks.notifications.subscription.disabled.v1",
    SubscriptionState,
    "A webhook was switched off because its receiver failed for long or wants no more.",
)
SUBSCRIPTION_REMOVED = contract(
    SUBSCRIPTIONS, "networks.notifications.subscription.removed.v1", SubscriptionState, "A webhook was removed."
)
