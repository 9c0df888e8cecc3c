"""What `notifications` says: that an issue of the newsletter was sent."""

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


ISSUES = topic("notifications.issues", partitions=1)
ISSUE_SENT = contract(
    ISSUES, "networks.notifications.issue.sent.v1", IssueState, "An issue of the newsletter was sent."
)
ISSUE_CHANGED = contract(
    ISSUES,
    "networks.notifications.issue.changed.v1",
    IssueState,
    "An issue was drafted, edited, approved, paused or resumed.",
)
