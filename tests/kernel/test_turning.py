"""What falls due happens once, also when nobody ran on the day and when several look at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.outbox import outbox
from shared.turning import turning
from tests.kernel import toy
from tests.kernel.conftest import Bench, eventually

DUE = toy.things.c.name < "9"
"""Until its name is `9…`, a thing is due from the day that is its name."""


def due() -> Select[Any]:
    return select(toy.things.c.id).where(DUE, toy.things.c.name <= clock.today().isoformat())


async def turn(session: AsyncSession) -> None:
    found = await session.execute(due().order_by(toy.things.c.id).limit(2).with_for_update())
    for identity in found.scalars():
        await session.execute(update(toy.things).where(toy.things.c.id == identity).values(name=f"9 {identity}"))
        await toy.make_thing(session, name="turned", key=identity, revision=2)


async def turned(bench: Bench) -> list[str]:
    async with bench.database.reading() as session:
        return sorted((await session.execute(select(outbox.c.key))).scalars())


async def test_two_that_look_at_once_turn_each_thing_once_and_find_what_was_missed(bench: Bench) -> None:
    names = [f"thing-{number}" for number in range(9)]
    tomorrow = clock.today() + timedelta(days=1)
    async with bench.database.transaction() as session:
        for name in names:
            await session.execute(toy.things.insert(), {"id": name, "revision": 1, "name": tomorrow.isoformat()})
    parts: Any = SimpleNamespace(database=bench.database)
    look = turning("look", due, turn)

    async def both(moment: Any, condition: Any) -> None:
        with clock.at(moment):
            working = [asyncio.create_task(look(parts)) for _ in range(2)]
        await eventually(condition)
        await asyncio.sleep(0.2)
        for task in working:
            task.cancel()
        await asyncio.wait(working)

    async def nothing() -> bool:
        return not await turned(bench)

    async def all_of_them() -> bool:
        return len(await turned(bench)) >= len(names)

    await both(clock.now(), nothing)
    await both(clock.now() + timedelta(days=30), all_of_them)
    assert await turned(bench) == names
