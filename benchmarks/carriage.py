"""Outbox → Kafka → inbox and one projected row, beside the bare produce-and-consume loop of aiokafka."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.figures import Figure
from benchmarks.parts import real
from shared.config import Settings
from shared.consumer import Consumer, Subscription
from shared.db import Database
from shared.envelope import Envelope, new_id
from shared.log import Topic, open_log
from shared.outbox import outbox
from shared.process import leave_alone_what_stays
from shared.relay import Relay
from shared.steps import Handler
from tests.kernel import toy

MESSAGES = 60_000
VALUE = b"x" * 800
JOINING_SECONDS = 3.0


def measure() -> list[Figure]:
    """Messages a second, both ways."""
    found: list[Figure] = uvloop.run(_measure())
    return found


async def _measure() -> list[Figure]:
    addresses = real()
    await _bare(addresses["TIDINGS_KAFKA"])  # a broker that has just begun is half as quick, and nobody's measure
    bare = await _bare(addresses["TIDINGS_KAFKA"])
    ours = await _ours(addresses)
    aim = "≥ 15,000/s and ≥ 50 % of bare"
    met = ours >= 15_000 and ours >= bare / 2
    beside = f"bare produce and consume {bare:,.0f}/s ({ours / bare:.0%})"
    return [Figure("outbox → Kafka → inbox + projected row", ours, "messages/s", aim, met, beside)]


async def topic_called(bootstrap: str, name: str) -> str:
    """A new topic of one measurement."""
    topic = f"bench.{name}-{new_id()}"
    log = open_log(Settings(kafka=bootstrap))
    await log.start()
    await log.create_topics([Topic(topic)])
    await log.stop()
    return topic


async def _bare(bootstrap: str) -> float:
    """Produce in batches in one process and consume in another, committing each batch.

    Both are ready before the clock runs: joining a group takes seconds, once, and says nothing of carrying.
    """
    topic = await topic_called(bootstrap, "bare")
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=topic, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    while not consumer.assignment():
        await asyncio.sleep(0.05)
    with _beside(_produce, bootstrap, topic) as begin:
        began = begin()
        await _consume(consumer)
        seconds = time.perf_counter() - began
    await consumer.stop()
    return MESSAGES / seconds


@contextmanager
def _beside(role: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> Iterator[Callable[[], float]]:
    """Run *role* in a process of its own meanwhile; it is ready, and begins when the function given is called."""
    context = multiprocessing.get_context("spawn")
    ready, go = context.Event(), context.Event()
    process = context.Process(target=_run, args=(role, ready, go, *arguments))
    process.start()
    if not ready.wait(60):
        raise RuntimeError(f"{role.__name__} was not ready in a minute")

    def begin() -> float:
        go.set()
        return time.perf_counter()

    try:
        yield begin
    finally:
        process.terminate()
        process.join()


def _run(role: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
    uvloop.run(role(*arguments))


async def _produce(ready: Any, go: Any, bootstrap: str, topic: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    ready.set()
    await asyncio.to_thread(go.wait)
    for _ in range(MESSAGES // 500):
        waiting = [await producer.send(topic, VALUE, new_id().encode()) for _ in range(500)]
        await asyncio.gather(*waiting)
    await producer.stop()


async def _consume(consumer: AIOKafkaConsumer) -> None:
    seen = 0
    while seen < MESSAGES:
        batches = await consumer.getmany(timeout_ms=1000, max_records=500)
        seen += sum(len(records) for records in batches.values())
        if batches:
            await consumer.commit({place: records[-1].offset + 1 for place, records in batches.items()})


async def _ours(addresses: dict[str, str]) -> float:
    """The relay in one process and the consumer in another, from a full outbox, collecting garbage as services do."""
    with _collecting_as_services_do(), tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), kafka=addresses["TIDINGS_KAFKA"], postgres=addresses["TIDINGS_POSTGRES"])
        topic = await topic_called(addresses["TIDINGS_KAFKA"], "ours")
        database, log = Database(settings, "toy"), open_log(settings)
        await toy.create_tables(database)
        await _fill(database, topic)
        await log.start()
        projected = asyncio.Event()
        consumer = Consumer(database, log, topic, [Subscription(topic, _keeping(projected))])
        task = asyncio.create_task(consumer.run())
        with _beside(_relay, settings) as begin:
            await asyncio.sleep(JOINING_SECONDS)
            began = begin()
            await projected.wait()
            await _until_projected(database)
            seconds = time.perf_counter() - began
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await log.stop()
        await database.dispose()
        return MESSAGES / seconds


@contextmanager
def _collecting_as_services_do() -> Iterator[None]:
    """Other measurements of this process find its collector as it was."""
    before = gc.get_threshold()
    leave_alone_what_stays()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


async def _relay(ready: Any, go: Any, settings: Settings) -> None:
    leave_alone_what_stays()
    log = open_log(settings)
    await log.start()
    ready.set()
    await asyncio.to_thread(go.wait)
    await Relay(Database(settings, "toy"), log).run()


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


def _keeping(projected: asyncio.Event) -> Handler:
    """The toy's handler, which says when it has seen all: to ask the database meanwhile would be a load on it."""
    seen = 0

    async def keep(session: AsyncSession, messages: Sequence[Envelope]) -> None:
        nonlocal seen
        await toy.on_things(session, messages)
        seen += len(messages)
        if seen >= MESSAGES:
            projected.set()

    return keep


async def _until_projected(database: Database) -> None:
    """What was seen is committed a moment later; only the database knows."""
    while True:
        async with database.reading() as session:
            if (await session.execute(select(func.count()).select_from(toy.things))).scalar_one() == MESSAGES:
                return
        await asyncio.sleep(0.01)
