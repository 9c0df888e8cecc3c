"""What a change's way is made of, by the drivers alone and with nothing else running: what ours stands beside.

Something that ends before the next begins finds everybody awake. Changes come one every *pause* seconds: by then
everybody sleeps, and each step first wakes a process. The same step then takes two or three times as long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from redis.asyncio import Redis

from benchmarks.carriage import topic_called
from shared.envelope import new_id

TRIES, FIRST = 500, 50
"""Measured, and made before to warm up."""
VALUE = b"x" * 800
NONE = "DROP TABLE IF EXISTS bench_outbox, bench_inbox, bench_alerts;"
TABLES = """
    CREATE TABLE bench_outbox (number bigserial PRIMARY KEY, value bytea NOT NULL);
    CREATE TABLE bench_inbox (message_id text PRIMARY KEY);
    CREATE TABLE bench_alerts (message_id text PRIMARY KEY, value bytea NOT NULL);
"""
Trip = Callable[[], Awaitable[float]]


async def round_trips(bootstrap: str, pause: float) -> list[float]:
    """Milliseconds from sending to Kafka until the consumer has it; one begins *pause* seconds after the other."""
    async with _carried(bootstrap) as carry:

        async def trip() -> float:
            started = time.perf_counter()
            await carry(VALUE)
            return started

        return await _paced(trip, pause)


async def ways(addresses: dict[str, str], pause: float) -> list[float]:
    """Milliseconds from a commit until a client's socket has what it led to, by no more than any such way must do.

    The outbox is read, Kafka carries it, one transaction notes the message and stores the alert, Redis broadcasts it,
    and a server writes it to a stream.
    """
    async with AsyncExitStack() as kept:
        ask = await kept.enter_async_context(_database(addresses["TIDINGS_POSTGRES"]))
        carry = await kept.enter_async_context(_carried(addresses["TIDINGS_KAFKA"]))
        broadcast = await kept.enter_async_context(_broadcast(addresses["TIDINGS_REDIS"]))
        show = await kept.enter_async_context(_stream())

        async def trip() -> float:
            number = await ask.fetchval("INSERT INTO bench_outbox (value) VALUES ($1) RETURNING number", VALUE)
            started = time.perf_counter()
            carried = await carry(await ask.fetchval("SELECT value FROM bench_outbox WHERE number = $1", number))
            async with ask.transaction():
                message_id = new_id()
                await ask.execute("INSERT INTO bench_inbox VALUES ($1) ON CONFLICT DO NOTHING", message_id)
                await ask.execute("INSERT INTO bench_alerts VALUES ($1, $2)", message_id, carried)
            await show(await broadcast(carried))
            return started

        return await _paced(trip, pause)


async def _paced(trip: Trip, pause: float) -> list[float]:
    """Milliseconds of each trip, from when it says that it started."""
    found = []
    for _ in range(FIRST + TRIES):
        began = time.perf_counter()
        started = await trip()
        found.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(max(0.0, began + pause - time.perf_counter()))
    return found[FIRST:]


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(f"{url}/postgres", timeout=5, command_timeout=20)
    try:
        await connection.execute(NONE + TABLES)
        yield connection
    finally:
        await connection.execute(NONE)
        await connection.close()


@asynccontextmanager
async def _carried(bootstrap: str) -> AsyncIterator[Callable[[bytes], Awaitable[bytes]]]:
    topic = await topic_called(bootstrap, "bare")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")

    sent: list[asyncio.Task[Any]] = []

    async def carry(value: bytes) -> bytes:
        await asyncio.gather(*sent)  # the acknowledgement of the one before: the consumer may have been quicker
        sent[:] = [asyncio.create_task(producer.send_and_wait(topic, value, b"key"))]
        return bytes((await consumer.getone()).value)

    async with producer, consumer:
        yield carry
        await asyncio.gather(*sent)


@asynccontextmanager
async def _broadcast(url: str) -> AsyncIterator[Callable[[bytes], Awaitable[bytes]]]:
    channel = new_id()
    async with Redis.from_url(url, protocol=2) as redis, redis.pubsub() as heard:
        await heard.subscribe(channel)
        await heard.get_message(timeout=5)

        async def broadcast(value: bytes) -> bytes:
            await redis.publish(channel, value)
            if (said := await heard.get_message(timeout=5)) is None:
                raise TimeoutError("Redis did not bring in five seconds what was published.")
            return bytes(said["data"])

        yield broadcast


@asynccontextmanager
async def _stream() -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    reader, mine = await asyncio.open_connection(*server.sockets[0].getsockname())

    async def show(value: bytes) -> None:
        writers[0].write(value)
        await reader.readexactly(len(value))

    async with server:
        yield show
        mine.close()
        writers[0].close()
