"""How a time and a list are said in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def on_this_day(moment: datetime) -> str:
    """A day, as in `12 March 2010`."""
    return f"{moment.day} {moment:%B %Y}"


def at_this_time(moment: datetime) -> str:
    """A day and a time (UTC), as in `12 March 2010, 14:00`."""
    return f"{on_this_day(moment)}, {moment:%H:%M}"


def list_of(words: Sequence[str]) -> str:
    """Words in a row, as in `time, place and capacity`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
