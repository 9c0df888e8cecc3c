"""Rows in bulk: a register of any size straight into its tables, telling nobody.

The triggers that keep the words and the counts are at work; PostgreSQL's indexes are made when the rows are there.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from sqlalchemy import Table

from services.registry.commands import new_network, slug_of
from services.registry.tables import Cover, Network
from shared.envelope import new_id
from tests.flows.system import System

AT_ONCE = 100_000
FIRST = ("North", "South", "East", "West", "Upper", "Lower", "Great", "Little", "Old", "New")
STEMS = (
    "Ash", "Bram", "Cold", "Dun", "Elm", "Fern", "Gold", "Haw", "Ing", "Kirk", "Lang", "Mel", "Nor", "Oak", "Pen",
    "Quern", "Rother", "Stan", "Thorn", "Ulver", "Wal", "Yar", "Bex", "Chel", "Dag", "Farn", "Gil", "Hex", "Lut", "Wim",
)  # fmt: skip
SECOND = ("ford", "bury", "ham", "ton", "field", "wick", "mouth", "bridge", "minster", "pool")
CARE = ("Cancer", "Cardiac", "Stroke", "Diabetes", "Renal", "Maternity", "Trauma", "Dementia", "Asthma", "Pain")
KINDS = ("care network", "clinical network", "improvement network", "research network", "alliance")
STAGES = ("informal", "emerging", "managed")
BODIES = tuple(f"Q{number}" for number in range(30, 40))
Rows = Sequence[dict[str, Any]]
Copy = Callable[[Table, Rows], Awaitable[None]]


def networks(many: int) -> Iterator[dict[str, Any]]:
    """The rows of *many* networks, of 3,000 parts of 300 places, 10 illnesses and 5 kinds, numbered from 1."""
    first = new_network({"name": "X", "type": "disease", "care_group": "x"}, slug="x")
    alike = {column.key: getattr(first, column.key) for column in Network.__table__.columns}
    for place, (name, care, where) in enumerate(itertools.islice(_names(), many)):
        words, aims = name.lower().split(), f"Better care for all of {where}."
        yield {
            **alike, "id": new_id(), "slug": slug_of(name), "name": name, "sort_name": name.lower(), "aims": aims,
            "care_group": care, "stage": STAGES[place % 3], "bodies": [BODIES[place // 7 % 10]],
            "name_words": " ".join(words),
            "search_text": " ".join(dict.fromkeys([*words, *aims.lower().rstrip(".").split()])),
        }  # fmt: skip


def _names() -> Iterator[tuple[str, str, str]]:
    """(name, illness, place), without end."""
    for number in itertools.count(1):
        for kind, care, stem, second, first in itertools.product(KINDS, CARE, STEMS, SECOND, FIRST):
            yield f"{first} {stem}{second} {care} {kind} {number}", care, f"{first} {stem}{second}"


async def fill(system: System, many: int) -> None:
    """Put *many* networks, with the areas that they cover, into the register of a system."""
    rows = networks(many)
    async with bulk(system) as copy:
        while some := list(itertools.islice(rows, AT_ONCE)):
            await copy(_of(Network), some)
            await copy(_of(Cover), [{"body": body, "network_id": row["id"]} for row in some for body in row["bodies"]])


def _of(row: Any) -> Table:
    table: Table = row.__table__
    return table


@asynccontextmanager
async def bulk(system: System) -> AsyncIterator[Copy]:
    """What copies rows into tables of the registry's database, whichever the system has."""
    server = system.env.get("TIDINGS_POSTGRES")
    if server is None:
        yield _into_sqlite(Path(system.env["TIDINGS_DATA"]) / "registry.db")
        return
    connection = await asyncpg.connect(f"{server}/tidings_registry")
    try:
        postgres = _Postgres(connection)
        yield postgres.copy
        await postgres.finish()
    finally:
        await connection.close()


def _into_sqlite(path: Path) -> Copy:
    async def copy(table: Table, rows: Rows) -> None:
        names = list(rows[0])
        marks, listed = ", ".join("?" * len(names)), ", ".join(f'"{name}"' for name in names)
        with closing(sqlite3.connect(path, timeout=60)) as database, database:
            values = ([_plain(row[name]) for name in names] for row in rows)
            database.executemany(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', values)

    return copy


def _plain(value: Any) -> Any:
    """A value as SQLAlchemy writes it into SQLite."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    if isinstance(value, date):
        return value.isoformat()
    return _json(value)


def _json(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


class _Postgres:
    """Copies, and makes the indexes of what was copied into afterwards."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._indexes: dict[str, list[str]] = {}

    async def copy(self, table: Table, rows: Rows) -> None:
        """Add *rows* to *table*."""
        if table.name not in self._indexes:
            self._indexes[table.name] = await self._dropped(table.name)
        names = list(rows[0])
        records = ([_json(row[name]) for name in names] for row in rows)
        await self._connection.copy_records_to_table(table.name, records=records, columns=names)

    async def finish(self) -> None:
        """Make the indexes again, and let the planner know what is there."""
        await self._connection.execute("SET maintenance_work_mem = '512MB'")
        for definition in itertools.chain.from_iterable(self._indexes.values()):
            await self._connection.execute(definition)
        for table in self._indexes:
            await self._connection.execute(f'VACUUM ANALYZE "{table}"')

    async def _dropped(self, table: str) -> list[str]:
        """The definitions of the indexes of *table* that no constraint needs; they are gone."""
        found = await self._connection.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            table,
        )
        for index in found:
            await self._connection.execute(f'DROP INDEX "{index["indexname"]}"')
        return [index["indexdef"] for index in found]
