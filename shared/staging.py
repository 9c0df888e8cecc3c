"""Very many changes at once: gathered in temporary tables of one connection, then poured into the real ones.

A transaction that writes a hundred thousand changes must not stand open while they are thought out: on SQLite it
keeps out every other writer. Invariants:
1. Gathering locks nothing and is seen by nobody. A crash loses what was gathered, and it is gathered again.
2. Pouring is a few statements in the caller's transaction: all of it commits, or none.
3. Pour the aggregates' rows first, then what was said: their locks give the messages of one key their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import CreateTable

from shared.hints import after_commit
from shared.history import entry_row, history
from shared.outbox import Change, outbox, outbox_row
from shared.rows import insert_rows
from shared.versions import versions_of

_PLACE = "staged_place"


class Stage:
    """What is gathered on the connection of *session*, by the table that it is for."""

    def __init__(self, session: AsyncSession) -> None:
        """Nothing is gathered yet."""
        self._session = session
        self._tables: dict[str, Table] = {}
        self._counts: dict[str, int] = {}
        self._versions: dict[str, Table] = {}

    async def add(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Gather *rows* for *table*; all rows of one table have the same columns. In the caller's transaction."""
        if not rows:
            return
        staged = await self._staged(table, rows[0])
        first = self._counts[table.name]
        self._counts[table.name] += len(rows)
        await insert_rows(self._session, staged, [{**row, _PLACE: first + n} for n, row in enumerate(rows)])

    async def say(self, changes: Iterable[Change]) -> None:
        """Gather the history entries, the versions and the messages of *changes*."""
        said = list(changes)
        async for table, rows in versions_of(self._session, [c.envelope for c in said]):
            await self.add(table, rows)
            self._versions[table.name] = table
        await self.add(history, [entry_row(c.envelope, c.reason, c.minor) for c in said])
        await self.add(outbox, [_as_text(outbox_row(c.envelope)) for c in said])

    def of(self, table: Table) -> Table | None:
        """The table in which rows for *table* are gathered; None where there are none."""
        return self._tables.get(table.name)

    async def pour(self, table: Table, tail: str = "") -> int:
        """Insert what is gathered for *table*, in its order, by a statement that ends with *tail*; how many rows."""
        staged = self._tables.get(table.name)
        if staged is None:
            return 0
        columns = [column for column in staged.c if column.name != _PLACE]
        named = ", ".join(f'"{column.name}"' for column in columns)
        taken = ", ".join(self._taken(table, column.name) for column in columns)
        source = f'SELECT {taken} FROM "{staged.name}" WHERE true ORDER BY {_PLACE}'  # noqa: S608 (only our own names)
        statement = f'INSERT INTO "{table.name}" ({named}) {source} {tail}'
        poured: Any = await self._session.execute(text(statement))
        return int(poured.rowcount)

    async def pour_said(self) -> None:
        """Record and say the changes gathered; the relay is woken after the commit."""
        for table in (history, *self._versions.values(), outbox):
            await self.pour(table)
        wake = self._session.info.pop("wake_relay", None)
        if wake is not None:
            after_commit(self._session, wake)

    async def clear(self) -> None:
        """Forget what is gathered."""
        for staged in self._tables.values():
            await self._session.execute(text(f'DROP TABLE "{staged.name}"'))
        self._tables.clear()
        self._counts.clear()

    async def _staged(self, table: Table, row: dict[str, Any]) -> Table:
        if table.name not in self._tables:
            columns = [Column(name, _kept_as(table.c[name])) for name in row]
            place = Column(_PLACE, Integer, primary_key=True, autoincrement=False)
            staged = Table(f"staged_{table.name}", MetaData(), place, *columns, prefixes=["TEMPORARY"])
            await self._session.execute(CreateTable(staged))
            self._tables[table.name], self._counts[table.name] = staged, 0
        return self._tables[table.name]

    def _taken(self, table: Table, name: str) -> str:
        if not isinstance(table.c[name].type, LargeBinary):
            return f'"{name}"'
        is_postgres = self._session.get_bind().dialect.name == "postgresql"
        return f"convert_to(\"{name}\", 'UTF8')" if is_postgres else f'CAST("{name}" AS BLOB)'


def _kept_as(column: Column[Any]) -> Any:
    """Bytes are JSON in UTF-8 here, and travel as text."""
    return Text() if isinstance(column.type, LargeBinary) else column.type


def _as_text(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in row.items()}
