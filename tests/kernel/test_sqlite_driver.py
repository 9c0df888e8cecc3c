"""SQLite's driver: what is quick runs on the loop, what may last does not hold it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from shared import sqlite_driver
from shared.config import Settings
from shared.db import Database

pytestmark = pytest.mark.fast
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"
COUNT = f"SELECT count(*) FROM ({NUMBERS})"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(Settings(data=tmp_path), "toy")
    async with made.transaction() as session:
        await session.execute(text("CREATE TABLE things (name TEXT)"))
    yield made
    await made.dispose()


async def longest_pause(seconds: float, pauses: list[float]) -> None:
    """Note the longest time that the loop was held, in *pauses*."""
    ends = before = time.perf_counter()
    while before < ends + seconds:
        await asyncio.sleep(0)
        now = time.perf_counter()
        pauses.append(now - before)
        before = now


async def test_a_long_question_is_asked_on_the_thread_and_the_loop_goes_on(database: Database) -> None:
    question, pauses = COUNT.format(5_000_000), list[float]()
    async with database.reading() as session:
        watching = asyncio.create_task(longest_pause(0.2, pauses))
        await asyncio.sleep(0)
        began = time.perf_counter()
        assert (await session.execute(text(question))).scalar_one() == 5_000_000
        lasted = time.perf_counter() - began
        await watching
    assert question in sqlite_driver._slow
    assert lasted > 10 * sqlite_driver.LONGEST_ON_LOOP, "the question is too short to say anything"
    assert max(pauses) < lasted / 2


async def test_what_runs_on_the_thread_is_left_in_peace(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = list[str]()

    def thread_time() -> float:
        looks.append(threading.current_thread().name)
        return 0.0

    monkeypatch.setattr(time, "thread_time", thread_time)
    fill = f"INSERT INTO things WITH n AS ({NUMBERS.format(100_000)}) SELECT i FROM n"
    async with database.transaction() as session:
        await session.execute(text(COUNT.format(10_000)))
        asked = len(looks)
        await session.execute(text(fill))
    assert asked > 2 and looks == [threading.main_thread().name] * asked


async def test_a_short_question_makes_no_trip(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))  # opens the connection
        monkeypatch.setattr("aiosqlite.core.Connection._execute", None)
        assert (await session.execute(text(COUNT.format(10)))).scalar_one() == 10
        monkeypatch.undo()


async def test_what_is_undone_leaves_nothing(database: Database) -> None:
    async def change_mind() -> None:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO things VALUES ('one')"))
            await session.execute(text("INSERT INTO things VALUES ('two')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_mind()
    async with database.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM things"))).scalar_one() == 0


async def test_a_transaction_that_did_nothing_takes_no_lock(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "toy.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with asyncio.timeout(2), database.transaction():
        pass
    other.close()


async def test_a_small_write_makes_no_trip_until_its_commit_where_nobody_holds_the_lock(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as session:
        monkeypatch.setattr("aiosqlite.core.Connection._execute", None)
        await session.execute(text("INSERT INTO things VALUES ('one')"))
        await session.execute(text(f"{sqlite_driver.ONE_ROW} things SET name = 'two' WHERE name = 'one'"))
        assert sqlite_driver._is_of_one_row("UPDATE things SET name=?, size=? WHERE things.id = ?")
        assert not sqlite_driver._is_of_one_row("UPDATE things SET name=? WHERE things.id = ? OR things.size > ?")
        assert not sqlite_driver._is_of_one_row("UPDATE things SET name=? WHERE things.id IN (?)")
        monkeypatch.undo()
    async with database.reading() as session:
        assert (await session.execute(text("SELECT name FROM things"))).scalars().all() == ["two"]


async def test_after_waiting_for_a_lock_a_connection_waits_as_long_again(database: Database, tmp_path: Path) -> None:
    for _ in range(2):
        other = sqlite3.connect(tmp_path / "toy.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(0.1, other.rollback)
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO things VALUES ('late')"))
        other.close()


async def test_waiting_for_the_lock_does_not_hold_the_loop(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "toy.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO things VALUES ('late')"))

    writing, pauses = asyncio.create_task(write()), list[float]()
    await longest_pause(0.3, pauses)
    other.execute("ROLLBACK")
    other.close()
    await asyncio.wait_for(writing, 5)
    assert max(pauses) < 0.2


async def test_a_statement_that_is_given_up_while_it_waits_for_the_lock_leaves_no_transaction_open(
    database: Database, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "toy.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write(name: str) -> None:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO things VALUES (:name)"), {"name": name})

    given_up = asyncio.create_task(write("given up"))
    await asyncio.sleep(0.1)
    given_up.cancel()
    asyncio.get_running_loop().call_later(0.1, other.rollback)
    await asyncio.wait({given_up})
    await asyncio.wait_for(write("next"), 5)
    async with database.reading() as session:
        assert (await session.execute(text("SELECT name FROM things"))).scalars().all() == ["next"]
    other.close()
