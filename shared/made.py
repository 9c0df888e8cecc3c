"""Statements that are made once and handed to the driver as they are: those that run for every change.

SQLAlchemy takes 0.15 ms of the processor for a statement that it has compiled before, and SQLite a hundredth of that to
answer it: where a change runs some twenty of them, that was half of its time. What is done here is done in the
session's own transaction, between what the session does.

Invariants:
1. What the driver raises is raised as SQLAlchemy raises it: whoever asks whether the database is away, or which rule
   was broken, gets the same answer. A connection that is lost is given up.
2. As any statement of tables (and none of objects), it does not write first what waits in the session.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Dialect, Insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import Executable
from sqlalchemy.types import TypeEngine

Rows = list[Any]
Processor = Callable[[Any], Any] | None
_KEPT = "its connection"


class Made:
    """A statement, or what makes it for a database (by its name), compiled once for each."""

    def __init__(self, statement: Executable | Callable[[str], Executable]) -> None:
        """Values that differ from one time to the next are parameters: `bindparam`, or an INSERT's columns."""
        self._statement = statement
        self._compiled: dict[tuple[str, tuple[str, ...]], _Compiled] = {}

    async def rows(self, session: AsyncSession, values: Mapping[str, Any]) -> Rows:
        """What it answers with these parameters: tuples that have its columns' names."""
        compiled = self._for(session, tuple(values))
        return compiled.read(await answered(session, compiled.text, compiled.bound(values)))

    async def insert(self, session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert *rows*, all with the same columns: every one that is not null and that the database does not fill."""
        compiled = self._for(session, tuple(rows[0]))
        if len(rows) == 1:
            await answered(session, compiled.text, compiled.bound(rows[0]))
        else:
            await answered(session, compiled.text, [compiled.bound(row) for row in rows], many=True)

    def _for(self, session: AsyncSession, names: tuple[str, ...]) -> _Compiled:
        dialect = session.get_bind().dialect
        known = dialect.name, names
        if known not in self._compiled:
            made = self._statement(dialect.name) if callable(self._statement) else self._statement
            self._compiled[known] = _compiled(made, dialect, names)
        return self._compiled[known]


class _Compiled(NamedTuple):
    """The text; for each parameter in its place its name, its value where none is given, and how it is written; the
    kind of its rows, and how each column is read, empty where all are as they come.
    """

    text: str
    parameters: Sequence[tuple[str, Any, Processor]]
    row: Callable[[Any], Any]
    processors: Sequence[Processor]

    def bound(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        given = [(values.get(name, value), write) for name, value, write in self.parameters]
        return tuple([write(value) if write and value is not None else value for value, write in given])

    def read(self, rows: Rows) -> Rows:
        if not self.processors:
            return [self.row(row) for row in rows]
        return [
            self.row([read(v) if read else v for read, v in zip(self.processors, row, strict=True)]) for row in rows
        ]


def _compiled(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> _Compiled:
    if isinstance(statement, Insert):
        compiled: Any = statement.inline().compile(dialect=dialect, column_keys=list(names))
        if compiled.insert_prefetch:
            raise TypeError(f"{statement.table} fills {compiled.insert_prefetch} by itself: say them in the rows.")
    else:
        compiled = cast("Any", statement).compile(dialect=dialect)
    binds = [compiled.binds[name] for name in compiled.positiontup]
    columns = list(cast("Any", statement).exported_columns)
    processors = [_impl(column.type, dialect).result_processor(dialect, None) for column in columns]
    return _Compiled(
        str(compiled),
        [(bind.key, bind.effective_value, _impl(bind.type, dialect).bind_processor(dialect)) for bind in binds],
        cast("Any", namedtuple("Row", [column.name for column in columns]))._make,
        processors if any(processors) else (),
    )


def _impl(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)


class _Place(NamedTuple):
    """A session's connection while a transaction lasts: SQLAlchemy's, and the one that talks to the driver."""

    transaction: Any
    connection: Connection
    driver: Any


async def answered(session: AsyncSession, text: str, parameters: Sequence[Any], *, many: bool = False) -> Rows:
    """The rows that answer *text* in the transaction of *session*; with *many*, it is run for each of *parameters*."""
    place = await _place(session)
    ask = _asked_sqlite if place.connection.dialect.name == "sqlite" else _asked_postgresql
    try:
        return await ask(place.driver, text, parameters, many)
    except BaseException as error:
        session.info.pop(_KEPT, None)
        await session.run_sync(partial(_raise_as_known, place=place, error=error, text=text))
        raise


async def _place(session: AsyncSession) -> _Place:
    kept: _Place | None = session.info.get(_KEPT)
    if kept is None or kept.transaction is not _transaction(session):
        connection = (await session.connection()).sync_connection
        assert connection is not None
        driver = connection.connection.dbapi_connection
        kept = session.info[_KEPT] = _Place(_transaction(session), connection, driver)
    return kept


def _transaction(session: AsyncSession) -> Any:
    """The innermost: a savepoint is made when the session first asks for its connection in it."""
    return session.sync_session.get_nested_transaction() or session.sync_session.get_transaction()


async def _asked_sqlite(driver: Any, text: str, parameters: Sequence[Any], many: bool) -> Rows:
    answer = await driver.answer("executemany" if many else "execute", text, parameters)
    return cast("Rows", answer[3])


async def _asked_postgresql(driver: Any, text: str, parameters: Sequence[Any], many: bool) -> Rows:
    if driver._transaction is None and not driver.autocommit:
        await driver._start_transaction()
    if many:
        await driver._connection.executemany(text, parameters)
        return []
    return cast("Rows", await driver._connection.fetch(text, *parameters))


def _raise_as_known(_session: Session, *, place: _Place, error: BaseException, text: str) -> None:
    """Raise *error* as SQLAlchemy does, and give up the connection where it says that it is lost."""
    known = error
    try:
        if isinstance(error, Exception):
            place.driver._handle_exception(error)
    except Exception as translated:
        known = translated
    said = text if isinstance(known, place.connection.dialect.loaded_dbapi.Error) else None
    try:
        raise known
    except BaseException:
        place.connection._handle_dbapi_exception(known, said, None, None, None)
