"""SQLite for asyncio, with as few trips to another thread as are needed.

The driver that SQLAlchemy ships goes to the connection's thread four times for a SELECT: to make a cursor, to run it,
to fetch and to close. A trip wakes two threads that share one interpreter and costs fifty times what SQLite needs to
find a row by its key; a change of a network makes some fifty statements. Here a statement is at most one trip, BEGIN
waits for the transaction's first statement and goes with it, and what is quick makes no trip.

Invariants:
1. What may wait for a lock or a disk runs on the connection's thread: COMMIT, every DELETE, every UPDATE but those of
   one row, and BEGIN where the lock is not free.
2. What runs on the loop is small: a SELECT for at most LONGEST_ON_LOOP seconds of the processor (SQLite itself looks
   at the clock; one that takes longer is given up and asked again on the thread, and for a while asked there), an
   INSERT of rows that are given, of at most LARGEST_ON_LOOP characters. The processor's time counts, because on a busy
   machine any statement is now and then kept waiting by others.
3. A transaction that has run no statement has not begun, so ending it costs nothing.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections import deque
from functools import lru_cache
from typing import Any, cast

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.util.concurrency import await_

DRIVER = "sqlite+onetrip"
registry.register("sqlite.onetrip", __name__, "OneTripDialect")

LONGEST_ON_LOOP = 0.002
LARGEST_ON_LOOP = 8_000
INSTRUCTIONS = 5000
"""Of SQLite's machine, between two looks at the clock: some fifty microseconds."""
MOST_REMEMBERED = 500
ONE_ROW = "UPDATE /* one row */"
"""How an UPDATE begins whose maker knows that it finds its row at once: `update(…).prefix_with("/* one row */")`."""
_BY_ID = re.compile(r"UPDATE (\w+) SET [^(]* WHERE \1\.id = \?")
"""One that finds it by its key, as a session writes what was changed of an object."""

SLOW_SECONDS = 5.0
"""For so long a SELECT that took too long is asked on the thread: what found much once may find little again."""

_slow: dict[str, float] = {}
"""The SELECTs that took too long for the loop, and until when they are asked on the thread."""


class Cursor(AsyncAdapt_aiosqlite_cursor):
    """Holds a statement's whole answer; there is nothing behind it to close."""

    _adapt_connection: Connection
    __slots__ = ("answered", "arraysize", "count", "row_id")

    def __init__(self, adapt_connection: Connection) -> None:
        """A cursor that has asked nothing yet."""
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._soft_closed_memoized = {}  # type: ignore[assignment]
        self.arraysize = 1
        self.answered: Any = None
        self.count = -1
        self.row_id = 0

    @property
    def description(self) -> Any:
        """The columns of the answer, or None."""
        return self.answered

    @property
    def rowcount(self) -> int:
        """Rows changed, -1 where the statement changed none."""
        return self.count

    @property
    def lastrowid(self) -> int:
        """The row id of the newest row inserted."""
        return self.row_id

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._ask("execute", operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._ask("executemany", operation, seq_of_parameters)

    async def _ask(self, method: str, operation: str, parameters: Any) -> None:
        self.answered, self.count, self.row_id, rows = await self._adapt_connection.answer(
            method, operation, parameters
        )
        self._rows = deque(rows)

    async def _async_soft_close(self) -> None:
        pass

    def close(self) -> None:
        """Forget the answer."""
        self._rows.clear()


Answer = tuple[Any, int, int, Any]
"""Columns, rows changed, newest row id, rows."""


def _answer(connection: Any, begin: str, method: str, operation: str, parameters: Any) -> Answer:
    cursor = connection.cursor()
    try:
        if begin:
            cursor.execute(begin)
        getattr(cursor, method)(operation, parameters)
        rows = cursor.fetchall() if cursor.description else ()
        return cursor.description, cursor.rowcount, cursor.lastrowid, rows
    finally:
        cursor.close()


def _is_small(operation: str, parameters: Any) -> bool:
    """Whether a statement inserts rows that it is given, and few."""
    given = operation.startswith("INSERT") and ("VALUES" in operation or "FROM json_each(" in operation)
    return given and _is_short(parameters)


def _is_short(parameters: Any) -> bool:
    return len(parameters) < 100 and sum(len(str(value)) for value in parameters) <= LARGEST_ON_LOOP


@lru_cache(1000)
def _is_of_one_row(operation: str) -> bool:
    return operation.startswith(ONE_ROW) or _BY_ID.fullmatch(operation) is not None


class Connection(AsyncAdapt_aiosqlite_connection):
    """A connection; `to_begin` is the BEGIN that its next statement takes along."""

    __slots__ = ("_patience", "is_on_thread", "to_begin")
    _cursor_cls = Cursor  # type: ignore[assignment]

    def __init__(self, dbapi: Any, connection: Any) -> None:
        """Wrap aiosqlite's *connection*."""
        super().__init__(dbapi, connection)
        self.to_begin = ""
        self.is_on_thread = False
        (self._patience,) = connection._conn.execute("PRAGMA busy_timeout").fetchone()

    async def answer(self, method: str, operation: str, parameters: Any) -> Answer:
        """The answer of a statement, which takes along the BEGIN that still waits."""
        begin, answer = self.taken_along(), None
        if self.is_quick(method, operation, parameters) and (not begin or self.begins_at_once(begin)):
            answer, begin = self.answer_on_loop(method, operation, parameters), ""
        if answer is None:
            driver, self.is_on_thread = self._connection, True
            answer = await driver._execute(_answer, driver._conn, begin, method, operation, parameters)
            self.is_on_thread = False
        return cast("Answer", answer)

    def is_quick(self, method: str, operation: str, parameters: Any) -> bool:
        """Whether a statement may run on the loop."""
        if operation.startswith("SELECT"):
            return method == "execute" and (operation not in _slow or _slow[operation] < time.monotonic())
        if _is_of_one_row(operation):
            return method == "execute" and _is_short(parameters)
        return _is_small(operation, parameters)

    def begins_at_once(self, statement: str) -> bool:
        """Begin on the loop, unless somebody holds the lock: the thread waits for that."""
        connection = self._connection._conn
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute(statement)
        except sqlite3.OperationalError:
            return False
        finally:
            connection.execute(f"PRAGMA busy_timeout = {self._patience}")
        return True

    def answer_on_loop(self, method: str, operation: str, parameters: Any) -> Answer | None:
        """The answer of a quick statement, or None where it was not: the thread must be asked."""
        if operation.startswith("SELECT"):
            return self._in_time(operation, parameters)
        return _answer(self._connection._conn, "", method, operation, parameters)

    def _in_time(self, operation: str, parameters: Any) -> Answer | None:
        """Watched by the clock here alone: on the thread each look would wait for the interpreter, and take it."""
        connection = self._connection._conn
        deadline = time.thread_time() + LONGEST_ON_LOOP
        connection.set_progress_handler(lambda: time.thread_time() > deadline, INSTRUCTIONS)
        try:
            return _answer(connection, "", "execute", operation, parameters)
        except sqlite3.OperationalError as error:
            if str(error) != "interrupted":
                raise
            if len(_slow) >= MOST_REMEMBERED:
                _slow.clear()
            _slow[operation] = time.monotonic() + SLOW_SECONDS
            return None
        finally:
            connection.set_progress_handler(None, 0)

    def begin(self, statement: str) -> None:
        """Begin with *statement*, when there is something to do."""
        self.to_begin = statement

    def commit(self) -> None:
        """Commit what has begun."""
        if not self.taken_along():
            super().commit()

    def rollback(self) -> None:
        """Undo what has begun; nothing where all of it was committed: whoever gives a connection back asks that too.

        What nobody waits for any more may be about to begin on the thread: it is undone there, behind it.
        """
        if not self.taken_along() and (self.is_on_thread or self._connection._conn.in_transaction):
            super().rollback()
        self.is_on_thread = False

    def taken_along(self) -> str:
        """The BEGIN that still waited, empty where it has run."""
        waiting, self.to_begin = self.to_begin, ""
        return waiting


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> Connection:
        connection = self.aiosqlite.connect(*arg, **kw)
        connection._thread.daemon = True  # a process that ends waits for no connection that somebody forgot
        return Connection(self, await_(connection))


class OneTripDialect(SQLiteDialect_aiosqlite):
    """The dialect; *begin* is how its transactions begin, empty for connections that only read."""

    driver = "onetrip"
    supports_statement_cache = True

    def __init__(self, begin: str = "", **options: Any) -> None:
        """As SQLAlchemy's own, and *begin*."""
        super().__init__(**options)
        self.begin = begin

    @classmethod
    def import_dbapi(cls) -> AsyncAdapt_aiosqlite_dbapi:
        """aiosqlite, as the connections of this module."""
        return _Driver(__import__("aiosqlite"), __import__("sqlite3"))

    def do_begin(self, dbapi_connection: Any) -> None:
        """Let the next statement take BEGIN along."""
        dbapi_connection.begin(self.begin)
