"""How a time and a list are said in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Europe/London")
"""The time zone of the health service: what a clock on the wall there shows."""


def on_this_day(moment: datetime) -> str:
    """A day, as in `12 March 2010`."""
    local = moment.astimezone(LOCAL)
    return f"{local.day} {local:%B %Y}"


def at_this_time(moment: datetime) -> str:
    """A day and a time on the wall, as in `12 March 2010, 14:00`."""
    return f"{on_this_day(moment)}, {moment.astimezone(LOCAL):%H:%M}"


def list_of(words: Sequence[str]) -> str:
    """Words in a row, as in `time, place and capacity`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
