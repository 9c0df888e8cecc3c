"""Rows by the thousand, in one statement: they travel as one JSON value that the database takes apart.

That costs a twentieth of as many parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import JSON, Dialect, Table
from sqlalchemy.ext.asyncio import AsyncSession

from shared.made import answered

Rows = list[dict[str, Any]]


async def insert_rows(session: AsyncSession, table: Table, rows: Rows, tail: str = "") -> list[Any]:
    """Insert *rows*, all with the same columns and none of bytes, in one statement that ends with *tail*.

    Returns the rows that *tail* asks for.
    """
    dialect = session.get_bind().dialect
    statement = _insert_from_json(table, tuple(rows[0]), dialect, tail)
    return await answered(session, statement, (_as_json(rows, dialect.name),))


async def upsert_newer(session: AsyncSession, table: Table, rows: Rows) -> None:
    """Insert *rows*; replace a stored row of the same primary key only when its `revision` is older.

    This is what makes duplicates and disorder harmless to a projection. *rows* may name one key several times.
    """
    key = [column.name for column in table.primary_key]
    newest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        identity = tuple(row[name] for name in key)
        if identity not in newest or newest[identity]["revision"] < row["revision"]:
            newest[identity] = row
    if newest:
        replaced = ", ".join(f"{name} = excluded.{name}" for name in rows[0] if name not in key)
        conflict = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {replaced}"
        await insert_rows(
            session, table, list(newest.values()), f"{conflict} WHERE {table.name}.revision < excluded.revision"
        )


_statements: dict[tuple[str, str, tuple[str, ...], str], str] = {}


def _insert_from_json(table: Table, names: tuple[str, ...], dialect: Dialect, tail: str) -> str:
    known = (dialect.name, table.name, names, tail)
    if known not in _statements:
        columns = [table.c[name] for name in names]
        listed = ", ".join(f'"{name}"' for name in names)
        if dialect.name == "postgresql":
            types = ", ".join(f'"{c.name}" {c.type.compile(dialect)}' for c in columns)
            source = f"SELECT {listed} FROM json_to_recordset(CAST($1::text AS json)) AS r({types}) WHERE true"  # noqa: S608 (only our own names)
        else:
            arrow = {c.name: "->" if isinstance(c.type, JSON) else "->>" for c in columns}
            picked = ", ".join(f"value {arrow[name]} '$.{name}'" for name in names)
            source = f"SELECT {picked} FROM json_each(?) WHERE true"  # noqa: S608
        _statements[known] = f'INSERT INTO "{table.name}" ({listed}) {source} {tail}'
    return _statements[known]


def _as_json(rows: Rows, dialect: str) -> str:
    if dialect != "sqlite":
        return orjson.dumps(rows).decode()
    return orjson.dumps(rows, default=_sqlite_value, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _sqlite_value(value: Any) -> str:
    """A moment or a date as SQLAlchemy writes it to SQLite."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return str(value)
