"""The day on which a test runs: a suite that begins before midnight goes on after it."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today() -> date:
    """The date in UTC, also where the product's clock was moved."""
    return datetime.now(UTC).date()
