"""Statements made once: they belong to the session's transaction, and what goes wrong is said as SQLAlchemy says it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.away import DatabaseAway, is_away
from shared.db import Database, JsonB, UtcDateTime, is_among, listed
from shared.made import Made, answered
from shared.rows import insert_rows
from tests.databases import bare_database, server_for

metadata = MetaData()
kept = Table(
    "kept",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", UtcDateTime),
    Column("said", JsonB),
    Column("number", Integer, default=7),
)
ADD = Made(insert(kept))
BY_NAME = Made(select(kept.c.name, kept.c.at, kept.c.said).where(kept.c.name == bindparam("name")))
AMONG = Made(lambda dialect: select(kept.c.name).where(is_among(dialect, kept.c.name, "names")).order_by(kept.c.name))
NOON = datetime(2009, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.backends)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database of its own with one table."""
    async with bare_database(tmp_path, server_for(request)) as database:
        async with database.writer.begin() as connection:
            await connection.run_sync(metadata.create_all)
        yield database


def row(name: str) -> dict[str, Any]:
    return {"name": name, "at": NOON, "said": {"a": [1, None]}, "number": 1}


async def added(database: Database, *names: str) -> None:
    async with database.transaction() as session:
        for name in names:
            await ADD.insert(session, [row(name)])


async def names(session: AsyncSession) -> list[str]:
    return [name for (name,) in await AMONG.rows(session, {"names": listed(session, list("abcd"))})]


async def test_rows_come_back_as_they_went_in(database: Database) -> None:
    async with database.transaction() as session:
        await ADD.insert(session, [row("a")])
        await ADD.insert(session, [row("b"), row("c")])
    async with database.reading() as session:
        (found,) = await BY_NAME.rows(session, {"name": "a"})
        assert (found.name, found.at, found.said) == ("a", NOON, {"a": [1, None]})
        assert await names(session) == ["a", "b", "c"] and not await BY_NAME.rows(session, {"name": "d"})


async def test_they_are_undone_with_the_transaction_and_see_what_it_did(database: Database) -> None:
    async with database.taking_back() as session:
        await session.execute(insert(kept).values(row("a")))
        await insert_rows(session, kept, [row("b")])
        await ADD.insert(session, [row("c")])
        assert await names(session) == ["a", "b", "c"]
    async with database.reading() as session:
        assert await names(session) == []


async def test_a_part_that_is_taken_back_takes_them_along(database: Database) -> None:
    async with database.transaction() as session:
        await ADD.insert(session, [row("a")])
        part = await session.begin_nested()
        await ADD.insert(session, [row("b")])
        await part.rollback()
        await ADD.insert(session, [row("c")])
    async with database.reading() as session:
        assert await names(session) == ["a", "c"]


async def test_a_session_that_goes_on_after_its_commit_begins_anew(database: Database) -> None:
    async with database.apart() as session:
        await ADD.insert(session, [row("a")])
        await session.commit()
        await ADD.insert(session, [row("b")])
        await session.rollback()
        assert await names(session) == ["a"]


async def test_a_rule_that_is_broken_is_named_and_leaves_no_trace(database: Database) -> None:
    await added(database, "a")
    with pytest.raises(IntegrityError, match="INSERT INTO kept") as refused:
        await added(database, "b", "a")
    assert not is_away(refused.value)
    async with database.transaction() as session:
        assert await names(session) == ["a"]


async def test_what_python_would_fill_must_be_said(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(TypeError, match="number"):
            await ADD.insert(session, [{"name": "a"}])


@pytest.mark.backends
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_a_connection_that_is_lost_is_away_and_the_next_one_works(database: Database) -> None:
    with pytest.raises(DatabaseAway) as lost:  # noqa: PT012 (it is lost in between)
        async with database.transaction() as session:
            await ADD.insert(session, [row("a")])
            ((process,),) = await answered(session, "SELECT pg_backend_pid()", ())
            async with database.reading() as other:
                await other.execute(text(f"SELECT pg_terminate_backend({process}), pg_sleep(0.1)"))
            await ADD.insert(session, [row("b")])
    assert "connection" in str(lost.value.__cause__)
    async with database.transaction() as session:
        assert await names(session) == []
