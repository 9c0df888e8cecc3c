"""What a measurement says: a figure with its unit, the aim, and what it was measured beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table. `met` is None where no aim is set."""

    what: str
    value: float
    unit: str
    aim: str = ""
    met: bool | None = None
    beside: str = ""

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def percentile(values: Sequence[float], part: float) -> float:
    """The value that *part* (0–1) of *values* do not exceed; NaN of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")
