"""A thread that owns one SQLite connection and does jobs on it: the event loop never waits for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from shared.errors import Problem
from shared.log import LogAway

T = TypeVar("T")
BUSY_SECONDS = 5.0
JOBS_TOGETHER = 256

_Done = tuple["asyncio.Future[Any]", Any, Exception | None]
_Job = tuple[Callable[[sqlite3.Connection], Any], "asyncio.Future[Any]"]


def connect(path: Path) -> sqlite3.Connection:
    """A connection as the log uses it.

    FULL makes each commit wait for the disk: an acknowledged record survives a power cut. What is deleted is
    overwritten with zeros, because compaction is how a person is erased.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA journal_size_limit = 16777216")
    return connection


class ConnectionThread:
    """Jobs are functions of the connection, done in the order they came.

    With *writes*, those that wait together share one transaction, and so one wait for the disk; each has a
    savepoint of its own, so that one that fails takes no other with it.
    """

    def __init__(self, path: Path, *, writes: bool) -> None:
        self._path = path
        self._writes = writes
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Open the connection. Raises LogAway."""
        self._loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = self._loop.create_future()
        name = f"log-{'writer' if self._writes else 'reader'}"
        self._thread = threading.Thread(target=self._run, args=(opened,), name=name, daemon=True)
        self._thread.start()
        await opened

    async def stop(self) -> None:
        """Do what is waiting, then close the connection."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    async def do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """The job's answer. Raises what it raised, SQLite's errors as LogAway."""
        if self._thread is None:
            raise LogAway("The log is not open.")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((job, answer))
        return await answer

    def _run(self, opened: asyncio.Future[None]) -> None:
        try:
            connection = connect(self._path)
        except sqlite3.Error as error:
            self._tell([(opened, None, self._away(error))])
            return
        self._tell([(opened, None, None)])
        while jobs := self._waiting():
            self._tell(self._together(connection, jobs) if self._writes else self._each(connection, jobs))
        connection.close()

    def _waiting(self) -> list[_Job]:
        """All jobs in the queue, waiting for the first; none when it is time to stop."""
        jobs: list[_Job] = []
        with suppress(Empty):
            while len(jobs) < JOBS_TOGETHER:
                job = self._jobs.get(block=not jobs)
                if job is None:
                    if jobs:
                        self._jobs.put(None)
                    break
                jobs.append(job)
        return jobs

    def _each(self, connection: sqlite3.Connection, jobs: list[_Job]) -> list[_Done]:
        return [self._answer(connection, *job) for job in jobs]

    def _together(self, connection: sqlite3.Connection, jobs: list[_Job]) -> list[_Done]:
        try:
            connection.execute("BEGIN IMMEDIATE")
            done = [self._savepoint(connection, *job) for job in jobs]
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return [(answer, None, self._away(error)) for _, answer in jobs]
        return done

    def _savepoint(
        self,
        connection: sqlite3.Connection,
        job: Callable[[sqlite3.Connection], Any],
        answer: asyncio.Future[Any],
    ) -> _Done:
        connection.execute("SAVEPOINT job")
        done = self._answer(connection, job, answer)
        if done[2] is not None:
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return done

    def _answer(
        self,
        connection: sqlite3.Connection,
        job: Callable[[sqlite3.Connection], Any],
        answer: asyncio.Future[Any],
    ) -> _Done:
        try:
            return answer, job(connection), None
        except sqlite3.Error as error:
            return answer, None, self._away(error)
        except Exception as error:
            return answer, None, error

    def _away(self, error: Exception) -> Problem:
        return LogAway(f"The log at {self._path} cannot be used: {error}.")

    def _tell(self, done: list[_Done]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(partial(_resolve, done))


def _resolve(done: list[_Done]) -> None:
    for answer, result, error in done:
        if answer.done():  # whoever asked was cancelled
            continue
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)
