"""Rows in one statement, with what goes with each: what is there already brings nothing along."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, select

from shared.db import Database, JsonB, UtcDateTime
from shared.rows import insert_linked
from tests.databases import bare_database, server_for

metadata = MetaData()
letters = Table(
    "letters", metadata, Column("offset", Integer, primary_key=True), Column("id", Text, unique=True),
    Column("at", UtcDateTime),
)  # fmt: skip
readers = Table(
    "readers", metadata, Column("offset", ForeignKey("letters.offset"), primary_key=True),
    Column("name", Text, primary_key=True),
)  # fmt: skip
words = Table(
    "words", metadata, Column("offset", ForeignKey("letters.offset"), primary_key=True), Column("said", JsonB)
)
NOON = datetime(2009, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.backends)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with letters, who reads them, and what they say."""
    async with bare_database(tmp_path, server_for(request)) as database:
        async with database.writer.begin() as connection:
            await connection.run_sync(metadata.create_all)
        yield database


async def put(database: Database, letters_: dict[int, str], readers_: dict[int, str]) -> set[int]:
    rows = [{"offset": offset, "id": id_, "at": NOON} for offset, id_ in letters_.items()]
    reading = [{"offset": offset, "name": name} for offset, names in readers_.items() for name in names]
    saying = [{"offset": offset, "said": {"first": ["$1", None]}} for offset in letters_]
    async with database.transaction() as session:
        linked = {readers: reading, words: saying}
        return await insert_linked(session, letters, rows, linked, by="offset", unless="id")


async def stored(database: Database, table: Table) -> list[tuple[Any, ...]]:
    async with database.reading() as session:
        return [tuple(row) for row in await session.execute(select(table).order_by(*table.primary_key))]


async def test_what_is_new_comes_with_its_own_and_what_is_there_brings_nothing(database: Database) -> None:
    assert await put(database, {1: "a", 2: "b"}, {1: "xy", 2: "x"}) == {1, 2}
    assert await put(database, {3: "b", 4: "c"}, {3: "z", 4: "z"}) == {4}
    assert await stored(database, letters) == [(1, "a", NOON), (2, "b", NOON), (4, "c", NOON)]
    assert await stored(database, readers) == [(1, "x"), (1, "y"), (2, "x"), (4, "z")]
    assert await stored(database, words) == [(number, {"first": ["$1", None]}) for number in (1, 2, 4)]


async def test_where_nothing_is_new_nothing_is_written(database: Database) -> None:
    await put(database, {1: "a"}, {1: "x"})
    assert await put(database, {2: "a"}, {2: "yz"}) == set()
    assert await stored(database, readers) == [(1, "x")]


async def test_what_goes_with_nothing_is_left_out(database: Database) -> None:
    assert await put(database, {1: "a"}, {}) == {1}
    assert await stored(database, readers) == []
