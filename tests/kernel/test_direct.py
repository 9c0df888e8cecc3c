"""Statements handed straight to the driver: each is committed when it answers, and one that fails leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.db import Database
from shared.direct import Direct
from tests.databases import bare_database, server_for


async def put(direct: Direct, name: str) -> None:
    place = "?1" if direct.is_sqlite else "$1"
    assert [tuple(row) for row in await direct.rows(f"INSERT INTO kept VALUES ({place}) RETURNING name", name)] == [
        (name,)
    ]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.backends)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database of its own with one table."""
    async with bare_database(tmp_path, server_for(request)) as database:
        async with database.transaction() as session:
            await session.execute(text("CREATE TABLE kept (name text PRIMARY KEY)"))
        yield database


async def kept(database: Database) -> list[str]:
    async with database.reading() as session:
        return list((await session.execute(text("SELECT name FROM kept ORDER BY name"))).scalars())


@asynccontextmanager
async def behind_a_transaction(database: Database, direct: Direct) -> AsyncIterator[asyncio.Task[None]]:
    """A task that puts ben, begun while a transaction that puts ann is open until the block ends."""
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO kept VALUES ('ann')"))
        waiting = asyncio.create_task(put(direct, "ben"))
        await asyncio.sleep(0.05)
        yield waiting


async def test_statement_is_committed_when_it_answers(database: Database) -> None:
    direct = database.direct()
    await put(direct, "ann")
    assert await kept(database) == ["ann"]
    await direct.close()


async def test_statement_that_fails_leaves_no_trace_and_the_next_one_works(database: Database) -> None:
    direct = database.direct()
    await put(direct, "ann")
    with pytest.raises(Exception, match=r"(?i)unique"):
        await put(direct, "ann")
    await put(direct, "ben")
    await direct.close()
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO kept VALUES ('cat')"))
    assert await kept(database) == ["ann", "ben", "cat"]


async def test_whoever_stops_waiting_takes_no_connection_along(database: Database) -> None:
    direct = database.direct()
    async with behind_a_transaction(database, direct) as waiting:
        waiting.cancel()
        await asyncio.wait([waiting])
    await put(direct, "cat")
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO kept VALUES ('dan')"))
    assert set(await kept(database)) - {"ben"} == {"ann", "cat", "dan"}
    await direct.close()


async def test_statement_waits_for_a_transaction_that_writes(database: Database) -> None:
    direct = database.direct()
    async with behind_a_transaction(database, direct) as waiting:
        pass
    await waiting
    assert await kept(database) == ["ann", "ben"]
    await direct.close()
