"""Channels: in which form somebody is told of something, and what is suggested to whom.

A *choice* is six digits, one for each kind in the order of KINDS; a digit is the place of a channel in CHANNELS, and
a dot is where nothing was chosen. So a person's choices for a network are one short text, and the stronger of two
channels is the larger of two digits, in Python as in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.announcement import CHANNELS, KINDS, Channel

OFF, WEEKLY, DAILY, LIVE, MAIL = "01234"
NOTHING_CHOSEN = "." * len(KINDS)
ALL_OFF, ALL_LIVE, ALL_MAIL = OFF * len(KINDS), LIVE * len(KINDS), MAIL * len(KINDS)

ROUTES = ("person", "role", "member", "follow", "officer", "interest", "staff", "everyone")
"""In the order in which they explain why somebody was told: the nearest first."""
SUGGESTED = {
    #           governance, events, news, discussion, resources, workforce
    "person":   LIVE   + LIVE   + LIVE   + LIVE   + LIVE   + LIVE,
    "role":     LIVE   + LIVE   + LIVE   + LIVE   + LIVE   + LIVE,
    "member":   LIVE   + LIVE   + LIVE   + LIVE   + WEEKLY + WEEKLY,
    "follow":   LIVE   + LIVE   + LIVE   + WEEKLY + WEEKLY + OFF,
    "officer":  LIVE   + LIVE   + LIVE   + OFF    + WEEKLY + LIVE,
    "interest": WEEKLY + WEEKLY + WEEKLY + OFF    + WEEKLY + OFF,
    "staff":    LIVE   + LIVE   + LIVE   + LIVE   + WEEKLY + LIVE,
    "everyone": LIVE   + LIVE   + LIVE   + LIVE   + LIVE   + LIVE,
}  # fmt: skip
"""For each route what counts where nobody chose. Nobody is mailed each change unless they ask for it."""
PRESETS = {
    "suggested": NOTHING_CHOSEN,
    "everything": ALL_LIVE,
    "important": LIVE + LIVE + WEEKLY + OFF + OFF + LIVE,
    "nothing": ALL_OFF,
}
"""The short choices. `important`: decisions, dates and workforce at once, the news once a week."""


def code_of(chosen: Mapping[str, str | None], onto: str = NOTHING_CHOSEN) -> str:
    """*onto* with the channel of each kind in *chosen*; None takes a choice back."""
    digits = list(onto)
    for kind, channel in chosen.items():
        digits[KINDS.index(kind)] = "." if channel is None else str(CHANNELS.index(channel))
    return "".join(digits)


def chosen_in(code: str) -> dict[str, Channel | None]:
    """Kind → channel, or None where nothing was chosen."""
    return {kind: None if digit == "." else CHANNELS[int(digit)] for kind, digit in zip(KINDS, code, strict=True)}


def preset_of(code: str) -> str:
    """The short choice that *code* is, or `own`."""
    return next((name for name, preset in PRESETS.items() if preset == code), "own")
