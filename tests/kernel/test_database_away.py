"""A database that breaks off or says nothing any more: 503 and a true sentence, never an accident of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import text
from structlog.testing import capture_logs

from shared import engines, service
from shared.away import DatabaseAway
from shared.boundary import Router, answers
from shared.config import Settings
from shared.db import Database
from shared.errors import PerhapsSaved, Unavailable
from shared.problems import add_problem_handlers
from shared.service import Parts, _kept_alive, until_there
from tests.cable import Cable, cable_to
from tests.conftest import Backends
from tests.databases import bare_database
from tests.kernel import toy
from tests.kernel.conftest import Bench, eventually

ONCE = {"idempotency-key": "the one"}
MADE = "INSERT INTO kept DEFAULT VALUES RETURNING number"


@pytest.fixture
async def cable(backends: Backends) -> AsyncIterator[Cable]:
    """A cable to the real PostgreSQL."""
    async with cable_to(backends.need("postgres")) as cable:
        yield cable


@pytest.fixture
async def database(
    cable: Cable, backends: Backends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    """A database by way of the cable, in which a few seconds of patience are half a second each."""
    monkeypatch.setattr(engines, "CONNECT_TIMEOUT", 0.5)
    monkeypatch.setattr(engines, "STATEMENT_TIMEOUT", 0.5)
    async with bare_database(tmp_path, backends.need("postgres")) as directly:
        async with directly.transaction() as session:
            await session.execute(text("CREATE TABLE kept (number serial PRIMARY KEY)"))
            await session.run_sync(lambda sync: answers.create(sync.connection()))
        database = Database(Settings(data=tmp_path, postgres=cable.url), directly.name)
        yield database
        await database.dispose()


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A service that makes things and counts them; what it did not foresee reaches the test."""
    app, router = FastAPI(), Router()

    @router.post("/things")
    async def make(request: Request) -> int:
        return int((await request.state.session.execute(text(MADE))).scalar_one())

    @router.get("/things")
    async def count(request: Request) -> int:
        return int((await request.state.session.execute(text("SELECT count(*) FROM kept"))).scalar_one())

    app.include_router(router)
    add_problem_handlers(app)
    app.state.parts = SimpleNamespace(database=database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client


async def _says(answer: httpx.Response, problem: type[Unavailable], name: str) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == f"/problems/{name}"
    assert answer.json()["detail"] == problem().detail


@pytest.mark.backends
@pytest.mark.parametrize("is_connected", [True, False], ids=["connected", "not yet"])
@pytest.mark.parametrize("how", ["silent", "cut"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_asks_a_database_that_is_away_hears_so(
    client: httpx.AsyncClient, cable: Cable, method: str, how: str, *, is_connected: bool
) -> None:
    if is_connected:
        assert (await client.request(method, "/things")).status_code == 200
    if how == "silent":
        cable.freeze()
    else:
        await cable.cut()
    with capture_logs() as said:
        await _says(await client.request(method, "/things"), DatabaseAway, "database-away")
    assert [(line["event"], line["path"]) for line in said] == [("database_away", "/things")]
    await cable.mend()
    assert (await client.get("/things")).json() == (method == "POST" and is_connected)


@pytest.mark.backends
async def test_a_commit_without_an_answer_is_not_said_to_have_changed_nothing(
    client: httpx.AsyncClient, cable: Cable
) -> None:
    cable.freeze_after(b"COMMIT")
    await _says(await client.post("/things", headers=ONCE), PerhapsSaved, "perhaps-saved")
    await cable.mend()
    assert (await client.get("/things")).json() == 1
    again = await client.post("/things", headers=ONCE)
    assert again.status_code == 200 and again.headers["idempotent-replay"] == "true"
    assert (await client.get("/things")).json() == 1


@pytest.mark.backends
async def test_many_who_waited_for_a_silent_database_leave_no_connection_taken(
    client: httpx.AsyncClient, cable: Cable, database: Database
) -> None:
    cable.freeze()
    answers = await asyncio.gather(*[client.post("/things") for _ in range(20)])
    assert {answer.status_code for answer in answers} == {503}
    await cable.mend()
    answers = await asyncio.gather(*[client.post("/things") for _ in range(20)])
    assert {answer.status_code for answer in answers} == {200}
    assert cast("Any", database.writer.pool).checkedout() == 0


async def test_a_consumer_says_why_it_waits_in_a_sentence(bench: Bench) -> None:
    async def silent(*_: object) -> None:
        raise TimeoutError

    consumer = bench.consumer(silent)
    async with bench.database.transaction() as session:
        await toy.make_thing(session, name="one")
    running = [asyncio.create_task(each.run()) for each in (bench.relay, consumer)]

    async def why() -> str | None:
        return consumer.away

    assert await eventually(why) == DatabaseAway().detail
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_a_worker_that_waits_for_the_database_is_no_accident() -> None:
    async def waiting(_: Parts) -> None:
        raise DatabaseAway

    async def broken(_: Parts) -> None:
        raise ZeroDivisionError("by nothing")

    levels = {}
    for worker in (waiting, broken):
        with capture_logs() as said:
            task = asyncio.create_task(_kept_alive(worker, cast("Parts", None)))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        levels[worker.__name__] = [(line["log_level"], line["reason"]) for line in said]
    assert levels == {"waiting": [("warning", DatabaseAway().detail)], "broken": [("error", "by nothing")]}


@pytest.mark.parametrize("away", [DatabaseAway, PerhapsSaved, ConnectionError, TimeoutError])
async def test_who_begins_while_a_part_is_away_waits_for_it(
    away: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "START_PAUSES", (0.01,))
    tries = 0

    async def second_time() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise away

    await until_there(second_time, "the database")
    assert tries == 2
