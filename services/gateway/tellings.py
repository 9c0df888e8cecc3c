"""How fast streams were told: measured where they are written to, and handed to notifications, which counts.

Invariant: what waits is bounded. Times are rounded to two digits, so a day has some hundreds of them, not one a
delivery; what cannot be handed over waits, and is lost with the process. It is a measurement, not a message.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date

import structlog

from services.gateway.clients import Clients
from shared import clock
from shared.errors import Problem

log = structlog.get_logger()
HAND_OVER_SECONDS = 5.0
MOST_AT_ONCE = 1000
WAYS = {"alerts": "live", "feed": "feed"}
"""Kind of hub → the way in which its streams are told."""


class Tellings:
    """What was measured and not yet handed over."""

    def __init__(self, clients: Clients) -> None:
        """Hand over through *clients*."""
        self._clients = clients
        self._waiting: Counter[tuple[str, date, int]] = Counter()

    def note(self, kind: str, seconds: float, count: int) -> None:
        """*count* streams of a hub's *kind* were told this long after the change."""
        self._waiting[WAYS[kind], clock.today(), rounded(seconds)] += count

    async def run(self) -> None:
        """Hand over until cancelled."""
        while True:
            await asyncio.sleep(HAND_OVER_SECONDS)
            await self.hand_over()

    async def hand_over(self) -> None:
        """Hand over what waits; where notifications is away it waits on."""
        taken = dict(list(self._waiting.items())[:MOST_AT_ONCE])
        if not taken:
            return
        for key in taken:
            del self._waiting[key]
        measured = [
            {"way": way, "day": day.isoformat(), "milliseconds": milliseconds, "count": count}
            for (way, day, milliseconds), count in taken.items()
        ]
        try:
            await self._clients.change("notifications", "POST", "/internal/tellings", measured)
        except Problem as problem:
            log.warning("tellings_wait", reason=problem.detail)
            self._waiting.update(taken)


def rounded(seconds: float) -> int:
    """Whole milliseconds, of two digits that count: 7, 23, 140, 12000. Clocks that disagree give no time below none."""
    milliseconds = max(0, round(seconds * 1000))
    step = int(10 ** max(0, len(str(milliseconds)) - 2))
    return round(milliseconds / step) * step
