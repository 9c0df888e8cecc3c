"""A sender that is killed in the middle loses no copy, and repeats at most one a connection, by name."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from services.notifications.commands.following import subscribe
from services.notifications.tables import deliveries, people
from shared.clock import now
from shared.config import Settings
from shared.service import Service
from tests.notifications.conftest import NoMail, Town, eventually, own_database, town_of
from tests.notifications.mail import Sink, serving

READERS = 240
CONNECTIONS = 8
ROOT = Path(__file__).parents[2]


async def many_readers(town: Town) -> None:
    """READERS people who take the newsletter, without going through the log."""
    ids = [f"reader-{n}" for n in range(READERS)]
    rows = [{"id": i, "revision": 1, "name": i, "email": f"{i}@people.example", "known_since": now()} for i in ids]
    async with town.parts.database.transaction() as session:
        await session.execute(people.insert(), rows)
        await subscribe(session, ids)


async def pressed(settings: Settings, mine: Service) -> str:
    """The id of an issue that was approved and pressed while no sender ran."""
    async with town_of(settings, replace(mine, workers=[]), NoMail()) as town:
        await many_readers(town)
        await town.tell("News", networks=["stroke"])
        [issue] = (await town.get("/newsletter/issues", status="draft"))["items"]
        for step in ("approve", "send"):
            await town.post(f"/newsletter/issues/{issue['id']}/{step}")
    return str(issue["id"])


@asynccontextmanager
async def sender(settings: Settings, mine: Service, sink: Sink) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service in a process of its own, its mail going to *sink*."""
    given = {"data": str(settings.data), "secret": settings.secret, "postgres": settings.postgres}
    spoken = json.dumps({"settings": {**given, "smtp": f"smtp://127.0.0.1:{sink.port}"}, "connections": CONNECTIONS})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.notifications.sending", mine.name, spoken, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_taken(sink: Sink, count: int) -> None:
    async def enough() -> bool:
        return sum(sink.taken.values()) >= count

    await eventually(enough, 40)


async def test_killed_sender_loses_nothing_and_names_what_it_repeats(settings: Settings) -> None:
    async with own_database(settings) as mine, serving(Sink(pause=0.02)) as sink:
        issue_id = await pressed(settings, mine)
        async with sender(settings, mine, sink) as process:
            await until_taken(sink, READERS // 3)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert sum(sink.taken.values()) < READERS
        async with sender(settings, mine, sink):
            await until_taken(sink, READERS)
            progress = await finished(settings, mine, issue_id)

    twice = {mail_id for mail_id, times in sink.taken.items() if times > 1}
    named = {copy["message_id"] for copy in progress["repeated"]}
    assert len(sink.taken) == READERS == progress["sent"]
    assert len(named) <= CONNECTIONS and twice <= named


async def test_sender_told_to_stop_repeats_nothing(settings: Settings) -> None:
    async with own_database(settings) as mine, serving(Sink(pause=0.02)) as sink:
        issue_id = await pressed(settings, mine)
        async with sender(settings, mine, sink) as process:
            await until_taken(sink, READERS // 3)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
        assert sum(sink.taken.values()) < READERS
        async with sender(settings, mine, sink):
            await until_taken(sink, READERS)
            progress = await finished(settings, mine, issue_id)

    assert len(sink.taken) == READERS and set(sink.taken.values()) == {1}
    assert progress["repeated"] == [] and progress["sent"] == READERS


async def test_two_senders_share_the_work_and_send_each_copy_once(settings: Settings) -> None:
    async with own_database(settings) as mine, serving(Sink(pause=0.01)) as sink:
        issue_id = await pressed(settings, mine)
        async with sender(settings, mine, sink), sender(settings, mine, sink):
            await until_taken(sink, READERS)
            progress = await finished(settings, mine, issue_id)

    assert len(sink.taken) == READERS and set(sink.taken.values()) == {1}
    assert progress["repeated"] == []


async def finished(settings: Settings, mine: Service, issue_id: str) -> dict[str, object]:
    """The progress, once every copy is recorded as sent. Asked of the database beside the running sender."""
    from services.notifications.letters.stationery import Stationery
    from services.notifications.queries.issues import progress_of
    from shared.db import Database

    database = Database(settings, mine.name)

    async def all_recorded() -> bool:
        async with database.reading() as session:
            query = select(func.count()).where(deliveries.c.thing == issue_id, deliveries.c.state == "sent")
            return bool((await session.execute(query)).scalar_one() == READERS)

    try:
        await eventually(all_recorded, 40)
        async with database.reading() as session:
            return await progress_of(session, Stationery(settings), issue_id)
    finally:
        await database.dispose()
