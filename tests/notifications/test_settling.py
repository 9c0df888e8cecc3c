"""What marks say reaches the copies before anybody decides by these: none is lost, none is taken for what it is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from services.notifications.commands.returned import take_returned
from services.notifications.delivery import hot, rows
from services.notifications.delivery.settling import settle
from services.notifications.returned import Returned
from services.notifications.tables import deliveries, delivery_marks, people, senders
from shared.clock import now
from shared.config import Settings
from shared.db import Database
from shared.direct import Direct
from tests.notifications.conftest import NoMail, own_database, town_of

TOLD = ",0,3,"


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Five copies that wait, and nobody who sends them."""
    async with own_database(settings) as mine, town_of(settings, replace(mine, workers=[]), NoMail()) as town:
        copy = {"kind": "alert", "state": "pending", "attempts": 0, "next_at": now(), "holder": "", "repeated": False}
        async with town.parts.database.transaction() as session:
            copies = [{**copy, "thing": "m", "reader_id": f"r{n}", "reason": ""} for n in range(5)]
            await session.execute(deliveries.insert(), copies)
            ann = {"id": "r0", "revision": 1, "name": "Ann", "email": "r0@people.example", "known_since": now()}
            await session.execute(people.insert(), ann)
        yield town.parts.database


async def claimed(database: Database, holder: str) -> list[int]:
    async with database.transaction() as session:
        await rows.say_alive(session, holder)
        return await rows.claim(session, holder, limit=10)


async def lapsed(database: Database, holder: str) -> None:
    """So much time has passed that the sender counts as gone."""
    async with database.transaction() as session:
        await session.execute(update(senders).where(senders.c.id == holder).values(alive_until=0))


async def copies(database: Database) -> list[Any]:
    async with database.reading() as session:
        return list((await session.execute(select(deliveries).order_by(deliveries.c.number))).all())


async def marks(database: Database) -> int:
    async with database.reading() as session:
        return int((await session.execute(select(func.count()).select_from(delivery_marks))).scalar_one())


@asynccontextmanager
async def direct(database: Database) -> AsyncIterator[Direct]:
    way = database.direct()
    try:
        yield way
    finally:
        await way.close()


async def test_copies_that_a_gone_sender_sent_are_sent_and_those_it_began_go_again_by_name(database: Database) -> None:
    async with direct(database) as way:
        first, second, *others = await claimed(database, "one")
        await hot.mark(way, "one", sent={}, following=[first, second])
        await hot.mark(way, "one", sent={first: (2, TOLD)}, following=[])
    await lapsed(database, "one")
    assert await claimed(database, "two") == [second, *others]

    found = await copies(database)
    assert [copy.state for copy in found] == ["sent", *["pending"] * 4]
    assert [copy.repeated for copy in found] == [False, True, False, False, False]
    assert (found[0].told, found[0].edition, found[0].holder) == (TOLD, 2, "") and found[0].sent_at is not None
    assert await marks(database) == 0


async def test_sender_that_was_struck_off_begins_nothing_and_what_it_had_sent_still_counts(database: Database) -> None:
    async with direct(database) as way:
        first, second, *_ = await claimed(database, "one")
        await hot.mark(way, "one", sent={}, following=[first])
        await lapsed(database, "one")
        assert first in await claimed(database, "two")
        assert await hot.mark(way, "one", sent={first: (0, TOLD)}, following=[second]) == {}
    async with database.transaction() as session:
        await settle(session)
    assert [copy.state for copy in await copies(database)][:2] == ["sent", "pending"]


async def test_copy_that_was_begun_is_nobody_else_s_while_its_sender_lives(database: Database) -> None:
    async with direct(database) as way:
        first, *_ = await claimed(database, "one")
        assert await hot.mark(way, "one", sent={}, following=[first]) == {first: 0}
    assert await claimed(database, "two") == []
    async with database.transaction() as session:
        await settle(session)
        await rows.give_back(session, "one")
    assert first not in await claimed(database, "two") and (await copies(database))[0].state == "sending"


async def test_copy_that_was_stopped_after_it_began_is_sent_once_it_was_taken(database: Database) -> None:
    async with direct(database) as way:
        first, second, *_ = await claimed(database, "one")
        await hot.mark(way, "one", sent={}, following=[first, second])
        async with database.transaction() as session:
            for reader in ("r0", "r1"):
                await rows.stop_copies(session, "alert", reader)
        await hot.mark(way, "one", sent={first: (0, "")}, following=[])
    async with database.transaction() as session:
        await settle(session)
    assert [copy.state for copy in await copies(database)][:2] == ["sent", "refused"]


async def test_bounce_of_a_copy_that_only_the_marks_know_as_sent_is_believed(database: Database) -> None:
    async with direct(database) as way:
        first, *_ = await claimed(database, "one")
        await hot.mark(way, "one", sent={}, following=[first])
        await hot.mark(way, "one", sent={first: (0, "")}, following=[])
    report = Returned("bounce", "r0@people.example", "5.1.1", "No such user", "m.r0@tidings.example")
    async with database.transaction() as session:
        await take_returned(session, [report], key="k", trusted=True)
    assert (await copies(database))[0].state == "bounced"
