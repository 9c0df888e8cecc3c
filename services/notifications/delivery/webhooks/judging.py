"""What an answer means: for its message, and for its endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import uniform
from typing import Any

from services.notifications.delivery.webhooks.rows import Tried
from shared import clock
from shared.outside.calls import Answer

RETRY_PAUSES = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 36000.0)
"""Seconds before the second to the eighth try: five seconds to ten hours, more than a day in all."""
JITTER = 0.2
"""Each pause is longer or shorter by up to this part, so that what failed together does not come again together."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
PATIENT_WITH = 3
"""Failures in a row before an endpoint as a whole is left alone for a while."""
GONE = 410
ASKED_TO_WAIT = frozenset({429, 503})
LONGEST_WAIT = 3600.0


def judged(row: Mapping[str, Any], answer: Answer) -> Tried:
    """What becomes of a message after *answer*; *row* is its delivery before."""
    if answer.is_success:
        return Tried(row["number"], "delivered", answer=answer)
    reason = reason_of(answer)
    if row["kind"] == "test" or answer.status == GONE:
        return Tried(row["number"], "failed", reason, answer)
    if row["attempts"] >= len(RETRY_PAUSES):
        return Tried(row["number"], "failed", f"Given up after {row['attempts'] + 1} tries. {reason}", answer)
    seconds = max(with_jitter(RETRY_PAUSES[row["attempts"]]), asked_to_wait(answer))
    return Tried(row["number"], "retrying", reason, answer, clock.now() + timedelta(seconds=seconds))


def reason_of(answer: Answer) -> str:
    """What was wrong, in a sentence."""
    if answer.status is None:
        return answer.reason
    if answer.status == GONE:
        return "The receiver answered 410: it wants no more messages."
    if 300 <= answer.status < 400:
        where = f" to {answer.headers['location'][:120]}" if answer.headers.get("location") else ""
        return f"The receiver answered {answer.status}, a redirect{where}. It is not followed: enter the new address."
    return f"The receiver answered {answer.status}."


def asked_to_wait(answer: Answer) -> float:
    """The seconds that the receiver asked for, at most an hour; 0 where it did not."""
    text = answer.headers.get("retry-after", "") if answer.status in ASKED_TO_WAIT else ""
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdigit() else 0.0


def paused_until(failures: int, answer: Answer | None) -> datetime | None:
    """Until when an endpoint that failed so often in a row is left alone."""
    seconds = asked_to_wait(answer) if answer else 0.0
    if failures >= PATIENT_WITH:
        longest = min(FIRST_PAUSE * 2 ** min(failures - PATIENT_WITH, 20), LONGEST_PAUSE)
        seconds = max(seconds, with_jitter(longest))
    return clock.now() + timedelta(seconds=seconds) if seconds else None


def with_jitter(seconds: float) -> float:
    """*seconds*, somewhat longer or shorter."""
    return seconds * uniform(1 - JITTER, 1 + JITTER)


def why_disabled(row: Mapping[str, Any], tried: Tried, last_arrived: datetime | None) -> str:
    """Why the subscription is to be disabled after this try; empty where it goes on.

    One message that is refused for ever disables nothing while others arrive.
    """
    if tried.answer is not None and tried.answer.status == GONE and row["kind"] != "test":
        return "The receiver answered 410 Gone: it wants no more messages."
    given_up = tried.state == "failed" and row["kind"] != "test"
    if given_up and (last_arrived is None or last_arrived < row["ordered_at"]):
        vain = f"A message was tried {row['attempts'] + 1} times in vain, and nothing else arrived meanwhile."
        return f"{vain} {reason_of(tried.answer)}" if tried.answer else vain
    return ""
