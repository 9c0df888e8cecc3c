"""What `oversight` says: that somebody follows up a line of a body's feed."""

from __future__ import annotations

from datetime import datetime

from shared.contracts import State, contract, topic


class LineState(State):
    """A line of a body's feed, and who follows it up. `line` is the id of the message that the line tells of."""

    body: str
    line: str
    acknowledged_by: str
    acknowledged_at: datetime | None
    assigned_to: str
    comments: int


FOLLOW_UPS = topic("oversight.follow-ups")
LINE_ACKNOWLEDGED = contract(
    FOLLOW_UPS, "networks.oversight.line.acknowledged.v1", LineState, "An officer took note of a line, or took it back."
)
LINE_ASSIGNED = contract(
    FOLLOW_UPS,
    "networks.oversight.line.assigned.v1",
    LineState,
    "A line of a feed was given to somebody, or to nobody.",
)
LINE_COMMENTED = contract(
    FOLLOW_UPS, "networks.oversight.line.commented.v1", LineState, "Somebody commented on a line of a feed."
)
