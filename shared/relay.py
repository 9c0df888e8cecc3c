"""The relay: carries the outbox to the log.

Invariants:
1. Read the oldest rows, append them with acknowledgement from all replicas, then delete them: a moment later, and
   those of several appends together. A crash in between appends them again under the same ids; consumers know a
   message by its id. Where there are many, the next are read and the last deleted during an append, but one append
   follows the other.
2. One relay a service at a time (advisory lock; a locked file for SQLite), so that order per key holds.
3. There is no cursor: whatever stands in the outbox is still to be carried. A slow transaction that commits a
   lower number late is carried late, and never skipped.
4. At the first failure it stops, waits and begins again with the oldest row. A wake-up is a hint, polling is the
   guarantee.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import orjson
import structlog
from sqlalchemy import Delete, Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.away import is_away
from shared.db import Database, is_among, listed
from shared.engines import CONNECT_TIMEOUT
from shared.log import EventLog, LogAway, NewRecord
from shared.made import Made, Rows
from shared.outbox import outbox
from shared.telemetry import OUTBOX_AGE, OUTBOX_ROWS
from shared.together import together

log = structlog.get_logger()
BATCH = 500
POLL_SECONDS = 0.25
LONGEST_PAUSE = 5.0
DELETE_SECONDS = 0.02
"""From an append until its rows are deleted: what the messages lead to goes first."""
DELETE_PACE = 0.1
"""Between two such transactions."""


def _oldest(dialect: str) -> Select[Any]:
    waiting = ~is_among(dialect, outbox.c.number, "carried")
    return select(outbox).where(waiting).order_by(outbox.c.number).limit(BATCH)


def _deleted(dialect: str) -> Delete:
    return delete(outbox).where(is_among(dialect, outbox.c.number, "carried"))


_OLDEST, _DELETED = Made(_oldest), Made(_deleted)


class Relay:
    """Runs for the life of the process. `away` says, in a sentence, why nothing is carried, or is None."""

    def __init__(self, database: Database, event_log: EventLog) -> None:
        """Carry the outbox of *database* to *event_log*."""
        self._database = database
        self._log = event_log
        self._woken = asyncio.Event()
        self._carried: list[int] = []
        self._delete_at = 0.0
        self._deleted_at = 0.0
        self._session: AsyncSession | None = None
        self.away: str | None = None

    async def wake(self) -> None:
        """Look at the outbox now rather than at the next poll, and before the caller goes on: others wait for it."""
        self._woken.set()
        await asyncio.sleep(0)

    async def run(self) -> None:
        """Carry until cancelled, alone: others of this service wait for the lock."""
        pause = 0.1
        while True:
            try:
                async with _alone(self._database), self._looking():
                    self._carried = []  # what was carried and not deleted before a failure is carried again
                    while True:
                        await self._carry_all()
                        self.away, pause = None, 0.1
                        await self._wait()
            except Exception as error:
                self.away = _reason(error)
                log.warning("relay_paused", service=self._database.name, reason=self.away, seconds=round(pause, 1))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def delete(self) -> None:
        """Delete what was carried: exactly those rows, for numbers between them may belong to open transactions."""
        done = list(self._carried)
        async with self._database.transaction() as session:
            await _DELETED.rows(session, {"carried": listed(session, done)})
        self._carried = self._carried[len(done) :]
        self._deleted_at = time.monotonic()

    @asynccontextmanager
    async def _looking(self) -> AsyncIterator[AsyncSession]:
        """The session that reads; while this runs it is one, for opening it costs ten times what it reads with it."""
        if self._session is not None:
            yield self._session
            return
        async with self._database.reading() as session:
            self._session = session
            try:
                yield session
            finally:
                self._session = None

    async def _carry_all(self) -> None:
        self._woken.clear()
        rows = await self._oldest()
        while len(rows) == BATCH:
            rows = await self._append_and_read_on(rows)
        await self._append(rows)
        if self._carried and (len(self._carried) >= BATCH or time.monotonic() >= self._delete_at):
            await self.delete()

    async def _append_and_read_on(self, rows: Rows) -> Rows:
        """Append *rows*; meanwhile read what comes after them, and delete what was carried before.

        What is begun anew after a failure must find nothing of it going on.
        """
        jobs = [self._oldest(but=[row.number for row in rows]), self._append(rows)]
        jobs += [self.delete()] if self._carried else []
        return cast("Rows", (await together(*jobs))[0])

    async def _oldest(self, *, but: Sequence[int] = ()) -> Rows:
        """The oldest rows but those that were carried, and *but* those that are just being."""
        async with self._looking() as session:
            rows = await _OLDEST.rows(session, {"carried": listed(session, [*self._carried, *but])})
        self._measure(rows)
        return rows

    async def _append(self, rows: Rows) -> None:
        if not rows:
            return
        await self._log.append([_record(row) for row in rows])
        if not self._carried:
            self._delete_at = max(time.monotonic() + DELETE_SECONDS, self._deleted_at + DELETE_PACE)
        self._carried += [row.number for row in rows]

    async def _wait(self) -> None:
        due = self._delete_at - time.monotonic() if self._carried else POLL_SECONDS
        try:
            async with asyncio.timeout(min(due, POLL_SECONDS)):  # wait_for of 3.11 can swallow a cancellation
                await self._woken.wait()
        except TimeoutError:
            return

    def _measure(self, rows: Rows) -> None:
        age = (clock.now() - rows[0].written_at).total_seconds() if rows else 0
        OUTBOX_AGE.labels(self._database.name).set(max(age, 0))
        OUTBOX_ROWS.labels(self._database.name).set(len(rows))


def _record(row: Any) -> NewRecord:
    headers = tuple([(name, content.encode()) for name, content in orjson.loads(row.headers)])
    return NewRecord(row.topic, row.key, headers, row.value)


def _reason(error: Exception) -> str:
    if isinstance(error, LogAway):
        return error.detail
    if is_away(error):
        return "The database does not answer."
    return f"The relay failed: {type(error).__name__}: {error}"


@asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[None]:
    if database.is_sqlite:
        async with _file_lock(Path(f"{database.url.database}.relay")):
            yield
    else:
        async with _advisory_lock(database):
            yield


@asynccontextmanager
async def _file_lock(path: Path) -> AsyncIterator[None]:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _advisory_lock(database: Database) -> AsyncIterator[None]:
    """Held by a connection of its own: PostgreSQL gives it up when that connection ends.

    The wait is a poll because neither lock can be waited for without holding a thread.
    """
    import asyncpg

    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT, command_timeout=10)
    try:
        while not await connection.fetchval("SELECT pg_try_advisory_lock(hashtext('relay'))"):
            await asyncio.sleep(POLL_SECONDS)
        guard = asyncio.create_task(_until_closed(connection), name="relay-lock")
        owner = asyncio.current_task()
        guard.add_done_callback(lambda _: owner.cancel("relay-lock-lost") if owner and not guard.cancelled() else None)
        try:
            yield
        except asyncio.CancelledError as cancelled:
            if "relay-lock-lost" not in cancelled.args:
                raise
            if owner is not None:
                owner.uncancel()
            raise ConnectionError("The relay lost its lock") from None
        finally:
            guard.cancel()
    finally:
        connection.terminate()


async def _until_closed(connection: Any) -> None:
    while not connection.is_closed():
        await asyncio.sleep(POLL_SECONDS)


async def outbox_rows(database: Database) -> int:
    """How many messages wait to be carried."""
    async with database.reading() as session:
        return (await session.execute(select(func.count()).select_from(outbox))).scalar_one()
