"""Statements handed straight to the driver, for the few that run hundreds of times a second.

A session of SQLAlchemy costs 0.3 ms of the processor for a transaction of one statement on SQLite and 0.6 ms on
PostgreSQL, where the driver itself needs 0.02 and 0.05: nothing where people press buttons, most of the time where a
newsletter goes out. A statement is a transaction of its own, committed when it answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util.concurrency import greenlet_spawn


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

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """The rows that *statement*, in the driver's own words, returns; committed. Raises what the driver raises."""
        return await (self._on_sqlite if self.is_sqlite else self._on_postgresql)(statement, values)

    async def _on_sqlite(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """One trip to the connection's thread, in which it waits for the interpreter twice and no more."""
        lent = await greenlet_spawn(self._writer.sync_engine.pool.connect)  # a connection of SQLAlchemy's costs thrice
        try:
            driver = cast(Any, lent.driver_connection)
            return cast("list[Any]", await driver._execute(_all_rows, driver._conn, statement, values))
        finally:
            lent.close()

    async def _on_postgresql(self, statement: str, values: Sequence[Any]) -> list[Any]:
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


def _all_rows(connection: Any, statement: str, values: Sequence[Any]) -> list[Any]:
    return cast("list[Any]", connection.execute(statement, values).fetchall())
