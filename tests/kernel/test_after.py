"""What comes after a handler: in a transaction of its own, as surely and as often as the handler."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from shared.dead_letters import ask_for_replay, waiting_letters
from shared.envelope import Envelope
from shared.inbox import inbox
from tests.kernel import toy
from tests.kernel.conftest import Bench, eventually
from tests.kernel.test_flow import running


class Told:
    """What was handled first and what after, in order; nothing can come after the `broken`; waits while `held`."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.broken: set[str] = set()
        self.held = False

    async def first(self, session: Any, messages: Sequence[Envelope]) -> None:
        self.said += [f"{message.state['name']} first" for message in messages]

    async def after(self, session: Any, messages: Sequence[Envelope]) -> None:
        if self.broken & {message.state["name"] for message in messages}:
            raise toy.Poison("nothing can come after")
        while self.held:
            await asyncio.sleep(0.01)
        self.said += [f"{message.state['name']} after" for message in messages]

    async def has(self, what: str) -> bool:
        return what in self.said


async def make(bench: Bench, *names: str, key: str = "") -> None:
    async with bench.database.transaction() as session:
        for revision, name in enumerate(names, 1):
            await toy.make_thing(session, name=name, key=key, revision=revision)


async def outcomes(bench: Bench) -> list[str]:
    async with bench.database.reading() as session:
        return list((await session.execute(select(inbox.c.outcome))).scalars())


async def test_the_first_effect_is_committed_before_what_comes_after_begins(bench: Bench) -> None:
    told = Told()
    told.held = True
    await make(bench, "thing")
    async with running(bench.relay.run(), bench.consumer(told.first, after=told.after).run()):
        await eventually(lambda: told.has("thing first"))
        await asyncio.sleep(0.3)
        assert await outcomes(bench) == ["begun"]
        told.held = False
        await eventually(lambda: told.has("thing after"))
        await eventually(lambda: _are(bench, ["handled"]))


async def test_what_was_begun_when_a_consumer_died_is_finished_by_the_next_and_not_begun_again(bench: Bench) -> None:
    told = Told()
    told.held = True
    await make(bench, "thing")
    async with running(bench.relay.run(), bench.consumer(told.first, "one", told.after).run()):
        await eventually(lambda: _are(bench, ["begun"]))
        await asyncio.sleep(0.1)
    told.held = False
    async with running(bench.relay.run(), bench.consumer(told.first, "one", told.after).run()):
        await eventually(lambda: told.has("thing after"))
        await eventually(lambda: _are(bench, ["handled"]))
    assert told.said == ["thing first", "thing after"]


async def test_what_nothing_can_come_after_is_parked_and_a_replay_heals_it(bench: Bench) -> None:
    told = Told()
    told.broken = {"one", "two"}
    await make(bench, "one", "two", key="same")
    async with running(bench.relay.run(), bench.consumer(told.first, after=told.after).run()):
        await eventually(lambda: _letters(bench, 2))
        assert await outcomes(bench) == ["parked", "parked"]
        told.broken.clear()
        async with bench.database.transaction() as session:
            await ask_for_replay(session)
        await eventually(lambda: _letters(bench, 0))
    assert told.said[-4:] == ["one first", "one after", "two first", "two after"]


async def test_nothing_comes_after_what_is_behind_a_parked_message_until_that_is_healed(bench: Bench) -> None:
    told = Told()
    told.broken = {"one"}
    await make(bench, "one", "two", key="same")
    await make(bench, "other", key="other")
    async with running(bench.relay.run(), bench.consumer(told.first, after=told.after).run()):
        await eventually(lambda: told.has("other after"))
        await eventually(lambda: _letters(bench, 2))
    assert "two first" in told.said and "two after" not in told.said


async def test_nothing_comes_after_what_is_not_announced(bench: Bench) -> None:
    told = Told()
    async with bench.database.transaction() as session:
        await toy.make_thing(session, name="quiet", minor=True)
    async with running(bench.relay.run(), bench.consumer(told.first, after=told.after).run()):
        await eventually(lambda: _are(bench, ["handled"]))
    assert told.said == ["quiet first"]


async def _are(bench: Bench, expected: list[str]) -> bool:
    return await outcomes(bench) == expected


async def _letters(bench: Bench, count: int) -> bool:
    async with bench.database.reading() as session:
        return len(await waiting_letters(session)) == count
