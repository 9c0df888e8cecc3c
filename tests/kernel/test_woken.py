"""Waiting for what another part of the process commits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.config import Settings
from shared.db import Database
from shared.hints import wake_after_commit

LONG = 30.0


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(Settings(data=tmp_path), "woken")


async def undone(database: Database) -> None:
    async with database.transaction() as session:
        wake_after_commit(session, "copies")
        raise RuntimeError


async def test_commit_wakes_who_waits_and_what_is_undone_does_not(database: Database) -> None:
    waiting = asyncio.create_task(database.woken("copies", seconds=LONG))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        await undone(database)
    await asyncio.sleep(0.05)
    assert not waiting.done()
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        wake_after_commit(session, "copies")
    await asyncio.wait_for(waiting, 5)
    await database.dispose()


async def test_commit_before_the_wait_counts_once(database: Database) -> None:
    await database.woken("copies", seconds=0.001)
    async with database.transaction() as session:
        wake_after_commit(session, "copies")
    await asyncio.wait_for(database.woken("copies", seconds=LONG), 5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(database.woken("copies", seconds=LONG), 0.05)
    await database.dispose()
