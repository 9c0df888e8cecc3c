"""A message that is ordered in the very moment in which its endpoint is left is due, and waits for no other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import insert, select, update

from services.notifications.delivery.webhooks import rows
from services.notifications.matching import ordered, wake
from services.notifications.tables import webhook_deliveries, webhook_endpoints
from shared import clock
from tests.notifications.conftest import Town
from tests.notifications.test_webhooks_later import hooks, quiet

__all__ = ["quiet"]
ALERT = {"message_id": "m", "offset": 1, "network_id": ""}


async def test_what_is_ordered_while_an_endpoint_is_left_wakes_it(quiet: Town) -> None:
    [hook] = await hooks(quiet, 1, pace="quick")
    database = quiet.parts.database
    async with database.transaction() as session:
        visited = {"holder": "one", "next_at": clock.now() - timedelta(seconds=1)}
        await session.execute(update(webhook_endpoints).values(visited))

    async def left() -> None:
        async with database.transaction() as session:
            await rows.leave(session, "one", [rows.Left(hook, "quick", 0, None, None, None)])

    async with database.transaction() as session:
        await session.execute(insert(webhook_deliveries), ordered(hook, ALERT))
        await wake(session, [hook])
        leaving = asyncio.create_task(left())
        await asyncio.sleep(0.3)  # in which it would be left, if nothing held it
    await leaving
    async with database.reading() as session:
        assert (await session.execute(select(webhook_endpoints.c.next_at))).scalar_one() is not None
