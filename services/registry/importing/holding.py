"""Who works on an import: one process, for as long as it says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.tables import Import
from shared import clock
from shared.db import Database

WORKED_ON = ("reading", "judging", "applying", "undoing")
LEASE = timedelta(seconds=15)
BEAT_SECONDS = 3.0
MOST_ATTEMPTS = 5


class Lost(Exception):
    """Another process holds the import now; leave it to that one."""


class Stopped(Exception):
    """Somebody stopped it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """An import that *holder* works on."""

    database: Database
    import_id: str
    holder: str

    async def say(self, session: AsyncSession, **values: Any) -> None:
        """Write how far it has come, in the transaction of *session*. Raises Lost, and Stopped where somebody asked."""
        ours = update(Import).where(Import.id == self.import_id, Import.holder == self.holder)
        said = ours.values(alive_until=clock.now() + LEASE, **values).returning(Import.stopping)
        stopping = (await session.execute(said)).scalar_one_or_none()
        if stopping is None:
            raise Lost
        if stopping:
            raise Stopped

    async def beat(self) -> None:
        """Say that we are alive, while a step takes long between its words."""
        async with self.database.transaction() as session:
            ours = update(Import).where(Import.id == self.import_id, Import.holder == self.holder)
            await session.execute(ours.values(alive_until=clock.now() + LEASE))

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Beat until the block ends."""

        async def beat_on() -> None:
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                with suppress(Exception):  # a database that is away fails the step too, and that is heard
                    await self.beat()

        beating = asyncio.create_task(beat_on(), name="import-alive")
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)


async def record_of(session: AsyncSession, import_id: str) -> Import:
    """The import as it is now, out of the session."""
    found = (await session.execute(select(Import).where(Import.id == import_id))).scalar_one()
    session.expunge(found)
    return found


async def due(session: AsyncSession) -> str | None:
    """The id of the oldest import that waits for work and that nobody works on."""
    waiting = select(Import.id).where(Import.status.in_(WORKED_ON), Import.alive_until < clock.now())
    return (await session.execute(waiting.order_by(Import.uploaded_at).limit(1))).scalar_one_or_none()


async def take(session: AsyncSession, import_id: str, holder: str) -> bool:
    """Hold the import, unless somebody was quicker."""
    free = update(Import).where(Import.id == import_id, Import.status.in_(WORKED_ON), Import.alive_until < clock.now())
    held = free.values(holder=holder, alive_until=clock.now() + LEASE, attempts=Import.attempts + 1)
    return (await session.execute(held.returning(Import.id))).scalar_one_or_none() is not None


async def let_go(session: AsyncSession, hold: Hold) -> None:
    """Hold it no more: the next process need not wait for the lease to lapse."""
    ours = update(Import).where(Import.id == hold.import_id, Import.holder == hold.holder)
    await session.execute(ours.values(holder="", alive_until=clock.now() - LEASE))
