"""Marks: what became of copies and which come next, written for all connections in shared transactions."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery import hot, rows
from services.notifications.delivery.rows import Held
from services.notifications.delivery.together import Together
from shared.db import Database
from shared.mailer import Accepted, Deferred, Outcome, Refused, Unknown
from shared.telemetry import MAILS

RETRY_PAUSES = (60, 300, 1800, 7200, 21600)
"""Seconds before the second to sixth try, each a fifth more or less, so that what failed together does not come again
together; after the sixth a copy counts as refused."""
JITTER = 0.2
ADDRESS_CODES = frozenset({550, 551, 553})
"""What a server answers when it is the address that it refuses, not the mail or the moment."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a copy. `told`: which items of the issue it held, for a newsletter's."""

    copy: Held
    outcome: Outcome
    told: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    finished: Finished | None
    following: Held | None


class Marks:
    """One transaction writes what finished while the one before it was being committed."""

    def __init__(self, database: Database, holder: str) -> None:
        """Write marks for the sender *holder*."""
        self._database = database
        self._direct = database.direct()
        self._holder = holder
        self._steps: Together[_Step, int | None] = Together(self._write, "delivery-marks")

    def write(self, finished: Finished | None, following: Held | None) -> asyncio.Future[int | None]:
        """Record what finished and mark what comes next; once that is committed, its edition if it may go."""
        return self._steps.add(_Step(finished, following))

    async def close(self) -> None:
        """Keep no connection while there is nothing to mark."""
        await self._steps.settled()
        await self._direct.close()

    async def _write(self, group: list[_Step]) -> list[int | None]:
        finished = [step.finished for step in group if step.finished]
        following = [step.following.number for step in group if step.following]
        sent = {f.copy.number: f.told for f in finished if isinstance(f.outcome, Accepted)}
        if len(sent) < len(finished):
            await self._write_failed([f for f in finished if not isinstance(f.outcome, Accepted)])
        begun = await hot.mark(self._direct, self._holder, sent=sent, following=following)
        for one in finished:
            MAILS.labels(type(one.outcome).__name__.lower()).inc()
        return [begun.get(step.following.number) if step.following else None for step in group]

    async def _write_failed(self, failed: list[Finished]) -> None:
        async with self._database.transaction() as session:
            if in_vain := [f.copy.number for f in failed if _server_is_away(f.outcome)]:
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
