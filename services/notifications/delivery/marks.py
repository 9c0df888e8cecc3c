"""Marks: what became of copies and which come next, written for all connections in shared transactions."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery import hot, rows
from services.notifications.delivery.rows import Held
from services.notifications.delivery.settling import settle
from services.notifications.delivery.together import Together
from services.notifications.tables import delivery_marks
from shared.db import Database
from shared.mailer import Accepted, Deferred, Outcome, Refused, Unknown
from shared.telemetry import MAILS

RETRY_PAUSES = (60, 300, 1800, 7200, 21600)
"""Seconds before the second to sixth try, each a fifth more or less, so that what failed together does not come again
together; after the sixth a copy counts as refused."""
JITTER = 0.2
ADDRESS_CODES = frozenset({550, 551, 553})
"""What a server answers when it is the address that it refuses, not the mail or the moment."""
SETTLE_SECONDS = 0.25
"""From one settling to the next while copies are marked: what shows how far a sending has come is as far behind."""


class Finished(NamedTuple):
    """What became of a copy. `edition` and `told`: the corrections and the items that it held, for a newsletter's."""

    copy: Held
    outcome: Outcome
    edition: int = 0
    told: str = ""


class _Step(NamedTuple):
    finished: Finished | None = None
    following: Held | None = None
    is_giving_back: bool = False


class Marks:
    """One transaction writes what finished on all connections, which go in lockstep."""

    def __init__(self, database: Database, holder: str, connections: Callable[[], int]) -> None:
        """Write marks for the sender *holder*, which has so many *connections*."""
        self._database = database
        self._direct = database.direct()
        self._holder = holder
        self._mine = delivery_marks.c.holder == holder
        self._steps: Together[_Step, int | None] = Together(self._write, "delivery-marks", connections)
        self._settle_at = 0.0
        self._settling: asyncio.Task[None] | None = None

    def write(self, finished: Finished | None, following: Held | None) -> asyncio.Future[int | None]:
        """Record what finished and mark what comes next; once that is committed, its edition if it may go."""
        return self._steps.add(_Step(finished, following))

    async def give_back(self) -> None:
        """Let go of all that has not begun. In turn with the marks, so that nothing begins meanwhile."""
        await self._steps.add(_Step(is_giving_back=True))

    def settle_in_time(self) -> None:
        """Settle beside the sending where it is time, once at a time. Raises what went wrong the last time."""
        if self._settle_at > time.monotonic():
            return
        if self._settling is None or self._settling.done():
            if self._settling is not None:
                self._settling.result()
            self._settle_at = time.monotonic() + SETTLE_SECONDS
            self._settling = asyncio.create_task(self._settle(), name="delivery-settling")

    async def close(self) -> None:
        """Settle all, and keep no connection while there is nothing to mark."""
        await self._steps.settled()
        await self._direct.close()
        if self._settling is not None:
            await asyncio.gather(self._settling, return_exceptions=True)  # what it left is settled now
        await self._settle()

    async def _write(self, group: list[_Step]) -> list[int | None]:
        finished = [step.finished for step in group if step.finished]
        following = [step.following.number for step in group if step.following]
        self.settle_in_time()
        sent = {f.copy.number: (f.edition, f.told) for f in finished if isinstance(f.outcome, Accepted)}
        failed = [f for f in finished if not isinstance(f.outcome, Accepted)]
        is_giving_back = any(step.is_giving_back for step in group)
        if failed or is_giving_back:
            await self._write_failed(failed, is_giving_back=is_giving_back)
        begun: dict[int, int] = {}
        if sent or following:
            begun = await hot.mark(self._direct, self._holder, sent=sent, following=following)
        for outcome, count in Counter(type(one.outcome).__name__.lower() for one in finished).items():
            MAILS.labels(outcome).inc(count)
        return [begun.get(step.following.number) if step.following else None for step in group]

    async def _settle(self) -> None:
        async with self._database.transaction() as session:
            await settle(session, self._mine)

    async def _write_failed(self, failed: list[Finished], *, is_giving_back: bool) -> None:
        async with self._database.transaction() as session:
            await settle(session, self._mine)
            in_vain = [f.copy.number for f in failed if _server_is_away(f.outcome)]
            if in_vain or is_giving_back:
                await rows.give_back(session, self._holder, in_vain)
            for one in failed:
                if not _server_is_away(one.outcome):
                    await _mark_failed(session, one)


def _server_is_away(outcome: Outcome) -> bool:
    return isinstance(outcome, Deferred) and outcome.server_away


async def _mark_failed(session: AsyncSession, finished: Finished) -> None:
    copy, outcome = finished.copy, finished.outcome
    if isinstance(outcome, Refused):
        reason = f"{outcome.code} {outcome.text}"
        await rows.mark_refused(session, copy, reason, suppress=outcome.code in ADDRESS_CODES)
    elif copy.attempts >= len(RETRY_PAUSES):
        await rows.mark_refused(
            session, copy, f"Given up after {copy.attempts + 1} tries: {outcome.text}", suppress=False
        )
    else:
        unknown = isinstance(outcome, Unknown)
        seconds = 1 if unknown else RETRY_PAUSES[copy.attempts] * random.uniform(1 - JITTER, 1 + JITTER)
        await rows.mark_deferred(session, copy, outcome.text, seconds=seconds, repeated=unknown)
