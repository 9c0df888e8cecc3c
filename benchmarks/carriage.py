"""Outbox → Kafka → inbox and one projected row, beside the bare produce-and-consume loop of aiokafka."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import func, insert, select

from benchmarks.figures import Figure
from benchmarks.parts import real
from shared.config import Settings
from shared.consumer import Consumer, Subscription
from shared.db import Database
from shared.envelope import new_id
from shared.log import Topic, open_log
from shared.outbox import outbox
from shared.relay import Relay
from tests.kernel import toy

MESSAGES = 30_000
VALUE = b"x" * 800


def measure() -> list[Figure]:
    """Messages a second, both ways."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    addresses = real()
    bare = await _bare(addresses["TIDINGS_KAFKA"])
    ours = await _ours(addresses)
    aim = "≥ 15,000/s and ≥ 50 % of bare"
    met = ours >= 15_000 and ours >= bare / 2
    beside = f"bare produce and consume {bare:,.0f}/s ({ours / bare:.0%})"
    return [Figure("outbox → Kafka → inbox + projected row", ours, "messages/s", aim, met, beside)]


async def _bare(bootstrap: str) -> float:
    """Produce in batches and consume at the same time, committing each batch."""
    topic = f"bench.bare-{new_id()}"
    log = open_log(Settings(kafka=bootstrap))
    await log.start()
    await log.create_topics([Topic(topic)])
    await log.stop()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=topic, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await producer.start()
    await consumer.start()
    started = time.perf_counter()
    await asyncio.gather(_produce(producer, topic), _consume(consumer))
    seconds = time.perf_counter() - started
    await producer.stop()
    await consumer.stop()
    return MESSAGES / seconds


async def _produce(producer: AIOKafkaProducer, topic: str) -> None:
    for _ in range(MESSAGES // 500):
        waiting = [await producer.send(topic, VALUE, new_id().encode()) for _ in range(500)]
        await asyncio.gather(*waiting)


async def _consume(consumer: AIOKafkaConsumer) -> None:
    seen = 0
    while seen < MESSAGES:
        batches = await consumer.getmany(timeout_ms=1000, max_records=500)
        seen += sum(len(records) for records in batches.values())
        ends = {TopicPartition(p.topic, p.partition): records[-1].offset + 1 for p, records in batches.items()}
        if ends:
            await consumer.commit(ends)


async def _ours(addresses: dict[str, str]) -> float:
    """The relay and the consumer of the kernel, at the same time, from a full outbox."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), kafka=addresses["TIDINGS_KAFKA"], postgres=addresses["TIDINGS_POSTGRES"])
        topic = f"bench.ours-{new_id()}"
        toy.TOPIC = topic
        database, log = Database(settings, "toy"), open_log(settings)
        await toy.create_tables(database)
        await log.start()
        await log.create_topics([Topic(topic)])
        await _fill(database, topic)
        consumer = Consumer(database, log, topic, [Subscription(topic, toy.on_things)])
        started = time.perf_counter()
        tasks = [asyncio.create_task(Relay(database, log).run()), asyncio.create_task(consumer.run())]
        await _until_projected(database)
        seconds = time.perf_counter() - started
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await log.stop()
        await database.dispose()
        return MESSAGES / seconds


async def _fill(database: Database, topic: str) -> None:
    async with database.transaction() as session:
        for _ in range(MESSAGES // 1000):
            await session.execute(insert(outbox), [_row(topic) for _ in range(1000)])


def _row(topic: str) -> dict[str, object]:
    from shared import clock

    key = new_id()
    attributes = {
        "ce_specversion": "1.0", "content-type": "application/json", "ce_id": new_id(), "ce_type": "bench",
        "ce_source": "/bench", "ce_subject": key, "ce_time": "2026-01-01T00:00:00Z", "ce_revision": "1",
    }  # fmt: skip
    state = {"id": key, "revision": 1, "name": "x" * 600}
    value = orjson.dumps({"state": state, "changes": {}, "announcement": None})
    headers = orjson.dumps(list(attributes.items()))
    return {"topic": topic, "key": key, "headers": headers, "value": value, "written_at": clock.now()}


async def _until_projected(database: Database) -> None:
    while True:
        async with database.reading() as session:
            if (await session.execute(select(func.count()).select_from(toy.things))).scalar_one() == MESSAGES:
                return
        await asyncio.sleep(0.05)
