"""A turn: what one transaction has, the next waits for."""

from __future__ import annotations

import asyncio

from shared.db import take_turn
from tests.kernel.conftest import Bench


async def test_two_transactions_have_the_same_turn_one_after_the_other(bench: Bench) -> None:
    order: list[str] = []

    async def visit(name: str, pause: float) -> None:
        async with bench.database.transaction() as session:
            await take_turn(session, "counting")
            order.append(f"{name} begins")
            await asyncio.sleep(pause)
            order.append(f"{name} ends")

    await asyncio.gather(visit("one", 0.2), visit("two", 0))
    assert order[1] == order[0].replace("begins", "ends") and len(order) == 4


async def test_different_turns_do_not_wait_for_one_another(bench: Bench) -> None:
    if bench.database.is_sqlite:
        return  # one writer: every turn is everybody's
    async with bench.database.transaction() as first, bench.database.transaction() as second:
        await take_turn(first, "counting")
        async with asyncio.timeout(5):
            await take_turn(second, "measuring")
