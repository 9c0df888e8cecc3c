"""From the outbox through the log into a projection: nothing lost, nothing twice, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select

from shared.dead_letters import ask_for_replay, dead_letter_topic, waiting_letters
from shared.envelope import new_id
from shared.log import NewRecord
from shared.outbox import outbox
from shared.relay import outbox_rows
from tests.kernel import toy
from tests.kernel.conftest import Bench, eventually


@asynccontextmanager
async def running(*coroutines: Any) -> AsyncIterator[None]:
    """Run *coroutines* beside the block."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_committed_change_reaches_the_projection(bench: Bench) -> None:
    name = new_id()
    async with running(bench.relay.run(), bench.consumer().run()):
        async with bench.database.transaction() as session:
            await toy.make_thing(session, name=name)
        await eventually(lambda: _has(bench, name))
        await eventually(lambda: _no_outbox(bench))


async def test_a_change_undone_says_nothing(bench: Bench) -> None:
    try:
        async with bench.database.transaction() as session:
            await toy.make_thing(session, name="undone")
            raise RuntimeError
    except RuntimeError:
        pass
    assert await outbox_rows(bench.database) == 0


async def test_a_message_relayed_twice_has_one_effect(bench: Bench) -> None:
    seen: list[str] = []

    async def count(_session: Any, messages: Any) -> None:
        seen.extend(message.id for message in messages)

    async with bench.database.transaction() as session:
        message_id = await toy.make_thing(session, name="twice")
        row = (await session.execute(select(outbox))).one()
    record = _record(row)
    await bench.log.append([record])
    await bench.log.append([record])
    async with running(bench.relay.run(), bench.consumer(count).run()):
        await eventually(lambda: _true(message_id in seen))
        await asyncio.sleep(0.5)
    assert seen.count(message_id) == 1


async def test_a_slow_transaction_with_a_lower_number_is_carried(bench: Bench) -> None:
    """PostgreSQL gives numbers before commits: a cursor "after the last id" would skip the slow one for ever."""
    if bench.database.is_sqlite:
        return await _one_writer_at_a_time(bench)
    first_has_number, second_is_out = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with bench.database.transaction() as session:
            await toy.make_thing(session, name="slow")
            first_has_number.set()
            await second_is_out.wait()

    async with running(bench.relay.run(), bench.consumer().run(), slow()):
        await first_has_number.wait()
        async with bench.database.transaction() as session:
            await toy.make_thing(session, name="quick")
        await eventually(lambda: _has(bench, "quick"))
        second_is_out.set()
        await eventually(lambda: _has(bench, "slow"))


async def _one_writer_at_a_time(bench: Bench) -> None:
    """SQLite has one writer: the numbers are in the order of the commits."""

    async def make(number: int) -> None:
        async with bench.database.transaction() as session:
            await toy.make_thing(session, name=str(number))

    await asyncio.gather(*(make(number) for number in range(20)))
    async with running(bench.relay.run(), bench.consumer().run()):
        await eventually(lambda: _has(bench, *map(str, range(20))))


async def test_poison_is_parked_and_every_other_key_flows(bench: Bench) -> None:
    poisoned, healthy = new_id(), new_id()
    async with bench.database.transaction() as session:
        await toy.make_thing(session, name="poison", key=poisoned)
        await toy.make_thing(session, name="behind", key=poisoned, revision=2)
        await toy.make_thing(session, name="healthy", key=healthy)
    consumer = bench.consumer(group="poisoned")
    async with running(bench.relay.run(), consumer.run()):
        await eventually(lambda: _has(bench, "healthy"))
        letters = await eventually(lambda: _letters(bench, 2))
        await eventually(lambda: _no_outbox(bench))
    assert [letter["key"] for letter in letters] == [poisoned, poisoned]
    assert "the name is poison" in letters[0]["reason"] and letters[0]["attempts"] == 4
    assert dead_letter_topic(toy.TOPIC, "poisoned") in await bench.log.topics()
    assert await toy.names(bench.database) == ["healthy"]


async def test_a_replay_heals_the_key_in_order(bench: Bench) -> None:
    key, mended = new_id(), False

    async def fragile(session: Any, messages: Any) -> None:
        if not mended:
            raise toy.Poison("not yet mended")
        await toy.on_things(session, messages)

    async with bench.database.transaction() as session:
        await toy.make_thing(session, name="first", key=key)
        await toy.make_thing(session, name="second", key=key, revision=2)
    async with running(bench.relay.run(), bench.consumer(fragile).run()):
        await eventually(lambda: _letters(bench, 2))
        mended = True
        async with bench.database.transaction() as session:
            assert await ask_for_replay(session) == 1
        await eventually(lambda: _has(bench, "second"))
    assert await _letters(bench, 0) == []


async def test_an_unreadable_record_stops_nobody(bench: Bench) -> None:
    await bench.log.append([NewRecord(toy.TOPIC, new_id(), (("ce_id", b"1"),), b"not json")])
    async with running(bench.relay.run(), bench.consumer().run()):
        async with bench.database.transaction() as session:
            await toy.make_thing(session, name="after")
        await eventually(lambda: _has(bench, "after"))
        letters = await eventually(lambda: _letters(bench, 1))
    assert letters[0]["handler"] == "decode"


def _record(row: Any) -> NewRecord:
    import orjson

    headers = tuple((name, content.encode()) for name, content in orjson.loads(row.headers))
    return NewRecord(row.topic, row.key, headers, row.value)


async def _true(value: bool) -> bool:
    return value


async def _has(bench: Bench, *wanted: str) -> bool:
    return set(wanted) <= set(await toy.names(bench.database))


async def _no_outbox(bench: Bench) -> bool:
    return await outbox_rows(bench.database) == 0


async def _letters(bench: Bench, number: int) -> Any:
    async with bench.database.reading() as session:
        found = list(await waiting_letters(session))
    return found if len(found) == number else None if number else found
