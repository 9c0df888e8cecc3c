"""The stages of a network, and which way leads from one to another: also for whoever does not move it by hand."""

from __future__ import annotations

GROWTH = ("informal", "emerging", "managed")
"""The stages of growth, in their order."""
FIRST = GROWTH[0]
"""Where a network begins of which nothing else is said; no gate stands before it."""
WAYS = {
    "informal": ("emerging", "managed", "closing"), "emerging": ("managed", "informal", "closing"),
    "managed": ("emerging", "informal", "closing"), "closing": ("closed", *GROWTH), "closed": GROWTH,
}  # fmt: skip
"""Stage → where a network may go from there."""


def is_promotion(stage: str, to: str) -> bool:
    """Whether the way from one stage to the other leads through gates."""
    return to in GROWTH and (stage not in GROWTH or GROWTH.index(to) > GROWTH.index(stage))


def no_way(stage: str, to: str) -> str:
    """The sentence where no way leads from *stage* to *to*."""
    return f"A network that is {stage} can become {' or '.join(WAYS[stage])}, not {to}."
