"""A relay that is told to stop stops, also at the moment in which it is woken."""

from __future__ import annotations

import asyncio

from shared.relay import Relay
from tests.kernel.conftest import Bench


async def test_a_relay_woken_as_it_is_stopped_stops(bench: Bench) -> None:
    for _ in range(5):
        relay = Relay(bench.database, bench.log)
        running = asyncio.create_task(relay.run())
        await asyncio.sleep(0.1)
        await relay.wake()
        await asyncio.sleep(0)  # the wait has its wake-up, and nobody has taken it yet
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=2)
        assert done, "the relay went on"
