"""Statements handed straight to the driver, for the few that run hundreds of times a second.

A session of SQLAlchemy costs 0.3 ms of the processor for a transaction of one statement on SQLite and 0.6 ms on
PostgreSQL, where the driver itself needs 0.02 and 0.05: nothing where people press buttons, most of the time where a
newsletter goes out. What is done here is a transaction of its own, committed when it answers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Result = TypeVar("Result")


class Direct:
    """Runs statements on *writer*. On PostgreSQL it keeps a connection until it is closed.

    On SQLite, where there is one that writes, it borrows it each time.
    """

    def __init__(self, writer: AsyncEngine) -> None:
        """Connects with the first statement."""
        self.is_sqlite = writer.dialect.name == "sqlite"
        self._writer = writer
        self._kept = AsyncExitStack()
        self._connection: AsyncConnection | None = None
        self._driver: Any = None

    async def on_sqlite(self, work: Callable[[Any], Result]) -> Result:
        """Do *work* with the driver's connection, on its thread, as one transaction. Raises what it raises."""
        async with self._writer.connect() as connection:
            lent = await connection.get_raw_connection()
            driver, adapted = cast(Any, lent.driver_connection), cast(Any, lent.dbapi_connection)
            adapted.to_begin = "BEGIN"  # so giving it back, which undoes what was begun, costs no second trip
            result: Result = await driver._execute(_in_transaction, driver._conn, work)
            return result

    async def on_postgresql(self, statement: str, *values: Any) -> list[Any]:
        """The rows that *statement* returns, committed. Raises what the driver raises."""
        if self._connection is None:
            self._connection = await self._kept.enter_async_context(self._writer.connect())
            self._driver = await _driver(self._connection)
        try:
            return list(await self._driver.fetch(statement, *values))
        except BaseException:  # whatever it was: nobody else should be given this connection
            await self._connection.invalidate()
            await self.close()
            raise

    async def close(self) -> None:
        """Give back what is kept; the next statement connects anew."""
        self._connection = self._driver = None
        await self._kept.aclose()


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection


def _in_transaction(connection: Any, work: Callable[[Any], Result]) -> Result:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result
