"""Streams over real sockets: what was missed comes, exactly; who does not read is cut; and a stream is small."""

from __future__ import annotations

import asyncio
import re

from services.gateway.streams.hub import Hub
from services.gateway.streams.wires import Wire
from tests.gateway.conftest import Server, Storage, until, wire


async def _offsets(reader: asyncio.StreamReader, count: int) -> list[int]:
    """The offsets of the next *count* alerts of a stream."""
    found: list[int] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            found += [int(number) for number in re.findall(rb"id: e1-(\d+)\nevent: alert", await reader.read(65536))]
    return found


async def test_a_client_that_returns_gets_exactly_what_it_missed(hub: Hub, storage: Storage, server: Server) -> None:
    reader, writer = await server.connect()
    for number in (1, 2):
        storage.add(wire(number))
        hub.offer(wire(number))
    assert await _offsets(reader, 2) == [1, 2]
    writer.close()
    await until(lambda: not hub.readers)
    storage.add(*(wire(number) for number in (3, 4, 5)))
    hub.look()
    await until(lambda: hub.position == 5)
    reader, writer = await server.connect(last_id="e1-2")
    storage.add(wire(6))
    hub.offer(wire(6))
    assert await _offsets(reader, 4) == [3, 4, 5, 6]
    writer.close()


async def test_clients_that_come_and_go_while_wires_flow_miss_nothing_and_get_nothing_twice(
    hub: Hub, storage: Storage, server: Server
) -> None:
    last, seen = 0, list[int]()

    async def flow() -> None:
        for number in range(1, 301):
            storage.add(wire(number))
            if number % 7:
                hub.offer(wire(number))
            await asyncio.sleep(0.002)

    flowing = asyncio.create_task(flow())
    while last < 300:
        reader, writer = await server.connect(last_id=f"e1-{last}")
        seen += await _offsets(reader, 1)
        last = seen[-1]
        writer.close()
    await flowing
    assert seen == list(range(1, 301))


async def test_a_client_that_does_not_read_is_cut_and_its_connection_ends(hub: Hub, server: Server) -> None:
    _, idle = await server.connect()
    idle.transport.pause_reading()  # type: ignore[attr-defined]
    reader, writer = await server.connect()
    somebody = next(iter(hub.readers.values()))
    await until(lambda: len(somebody.streams) == 2)
    big = "x" * 100_000
    for number in range(1, 201):
        hub.offer(Wire("e1", number, ("network:n1",), {"headline": big}))
        await _offsets(reader, 1)
        if len(somebody.streams) == 1:
            break
    assert len(somebody.streams) == 1
    for one in (idle, writer):
        one.close()


async def test_a_wrong_epoch_is_told_to_fetch_again(server: Server) -> None:
    reader, writer = await server.connect(last_id="older-17")
    async with asyncio.timeout(5):
        assert b"event: reset" in await reader.read(65536)
    writer.close()


async def test_a_new_client_is_told_where_it_stands(hub: Hub, server: Server) -> None:
    reader, writer = await server.connect()
    async with asyncio.timeout(5):
        assert f"id: {hub.epoch}-{hub.position}".encode() in await reader.read(65536)
    writer.close()
