"""What turns with the calendar: a day comes, and something that is stored falls due.

Invariants:
1. What is due is read from the database, never from a timer: what fell due while nobody ran is found at the next look.
2. A turn looks again under the lock of what it turns, and moves it on in the transaction that says so: however many
   processes look, each thing happens once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.service import Parts, Worker

PAUSE = 60.0
"""Seconds between two looks at the calendar, unless it matters sooner."""


def turning(
    name: str, due: Callable[[], Select[Any]], turn: Callable[[AsyncSession], Awaitable[Any]], *, pause: float = PAUSE
) -> Worker:
    """A worker that calls *turn* in a transaction of its own for as long as *due* finds a row.

    *due* is asked for anew each time, because it depends on the day. *turn* takes some of what is due, not all of a
    long absence at once, so that nobody waits long for the database. *pause*: seconds after a look that finds nothing.
    """

    async def look(parts: Parts) -> None:
        while True:
            async with parts.database.reading() as session:
                found = (await session.execute(due().limit(1))).first()
            if found is None:
                await asyncio.sleep(pause)
                continue
            async with parts.database.transaction() as session:
                await turn(session)

    look.__name__ = name
    return look
