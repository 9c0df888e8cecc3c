"""The scaled log: Kafka, through aiokafka, which is imported here and nowhere else.

1. A record is acknowledged by all replicas. The producer is idempotent, and is made anew after any failure but a
   refusal: then nothing of a lost batch's successors slips through, so a key keeps its order.
2. Offsets are committed explicitly. A rebalance runs beside the handler, so what was fetched before it is refused.
3. No wait is without end: a consumer that fails, or stands still while there is more to read, is made anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaProducer, errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.log import (
    KEPT,
    LogAway,
    NewRecord,
    Place,
    RecordTooLarge,
    Topic,
    UnknownTopic,
    is_published,
    refuse_too_large,
)
from shared.log.kafka.closing import Step, bounded, close_producer
from shared.log.kafka.subscription import KafkaSubscription
from shared.log.kafka.waits import PATIENCE, answering

_DAY = "86400000"
_ALREADY_EXISTS = 36


class KafkaLog:
    """See `shared.log.EventLog`. *bootstrap*: host:port[,host:port]."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._known: set[str] = set()
        self._subscriptions: set[KafkaSubscription] = set()
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """See `shared.log.EventLog`."""
        await self._ready_producer()

    async def stop(self) -> None:
        """See `shared.log.EventLog`. Leaves every group it is still a member of."""
        for subscription in list(self._subscriptions):
            await subscription.close()
        self._drop_producer()
        await asyncio.gather(*self._closing)

    async def create_topics(self, topics: Sequence[Topic]) -> None:
        """See `shared.log.EventLog`. Three replicas, or as many as there are brokers."""
        missing = [topic for topic in topics if topic.name not in await self.topics()]
        if not missing:
            return
        async with answering(self._bootstrap), self._admin() as admin:
            replicas = min(3, len((await admin.describe_cluster())["brokers"]))
            answer = await admin.create_topics([_new_topic(topic, replicas) for topic in missing])
            for name, code, *said in answer.topic_errors:
                if code not in (0, _ALREADY_EXISTS):
                    raise LogAway(
                        f"Kafka refused to make the topic {name}: {said[0] or errors.for_code(code).__name__}."
                    )
            while not {topic.name for topic in missing} <= await self.topics():
                await asyncio.sleep(0.05)

    async def topics(self) -> set[str]:
        """See `shared.log.EventLog`."""
        producer = await self._ready_producer()
        async with answering(self._bootstrap):
            self._known = set((await producer.client.fetch_all_metadata()).topics())
        return self._known

    async def append(self, records: Sequence[NewRecord]) -> list[tuple[Place, int]]:
        """See `shared.log.EventLog`."""
        refuse_too_large(records)
        await self.know({record.topic for record in records})
        producer = await self._ready_producer()
        try:
            async with answering(self._bootstrap):
                return await _sent(producer, records)
        except LogAway:
            self._drop_producer(producer)
            raise

    async def subscribe(self, *, group: str, topics: Sequence[str] | None, linger: float = 0.0) -> KafkaSubscription:
        """See `shared.log.EventLog`."""
        await self.know(set(topics or ()))
        subscription = KafkaSubscription(self._bootstrap, group, topics, self._subscriptions.discard, linger)
        self._subscriptions.add(subscription)
        await subscription.ready_consumer()
        return subscription

    async def know(self, topics: set[str]) -> None:
        """Raises UnknownTopic, asking Kafka about those that were never seen."""
        if unknown := topics - self._known and topics - await self.topics():
            name = sorted(unknown)[0]
            raise UnknownTopic(f"There is no topic {name!r}; the deployment creates it before it is used.")

    async def _ready_producer(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = _producer(self._bootstrap)
                await self._started(producer.start, partial(close_producer, producer))
                self._producer = producer
            return self._producer

    def _drop_producer(self, failed: AIOKafkaProducer | None = None) -> None:
        """Close the producer beside what goes on; nothing is dropped when *failed* was replaced already."""
        producer = self._producer
        if producer is not None and failed in (None, producer):
            self._producer = None
            task = asyncio.create_task(close_producer(producer))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=int(PATIENCE * 1000))
        await self._started(admin.start, partial(bounded, admin.close))
        try:
            yield admin
        finally:
            await bounded(admin.close)

    async def _started(self, start: Step, close: Step) -> None:
        try:
            async with answering(self._bootstrap):
                await start()
        except BaseException:
            await close()
            raise


def _producer(bootstrap: str) -> AIOKafkaProducer:
    """A batch a partition for each append (a megabyte at most); nobody waits for company (linger 0)."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=1_000_000,
        request_timeout_ms=int(PATIENCE * 1000),
    )


async def _sent(producer: AIOKafkaProducer, records: Sequence[NewRecord]) -> list[tuple[Place, int]]:
    """Where each record is, once all are there. Waits for all, so that no failure goes unheard; raises the first.

    The batches are made here: a `send` for each record costs twice as much.
    """
    batches = await _batched(producer, records)
    waiting = [await producer.send_batch(builder, place[0], partition=place[1]) for place, builder, _ in batches]
    done: list[Any] = await asyncio.gather(*waiting, return_exceptions=True)
    failed = [result for result in done if isinstance(result, BaseException)]
    if failed and isinstance(failed[0], errors.MessageSizeTooLargeError | errors.RecordListTooLargeError):
        raise RecordTooLarge("Kafka takes less than we do: raise max.message.bytes of the topic.") from failed[0]
    if failed:
        raise failed[0]
    found = {
        number: (place, first.offset + further)
        for (place, _, numbers), first in zip(batches, done, strict=True)
        for further, number in enumerate(numbers)
    }
    return [found[number] for number in range(len(records))]


async def _batched(producer: AIOKafkaProducer, records: Sequence[NewRecord]) -> list[tuple[Place, Any, list[int]]]:
    """Batches in the order of sending: the place of each, what it holds, and the numbers of its records.

    A key's partition is its CRC-32, as with librdkafka's `consistent` partitioner: the murmur2 of the Java client costs
    more in Python than all else of a record.
    """
    counts = {topic: len(await producer.partitions_for(topic)) for topic in {record.topic for record in records}}
    batches: list[tuple[Place, Any, list[int]]] = []
    filling: dict[Place, tuple[Any, list[int]]] = {}
    for number, record in enumerate(records):
        key = record.key.encode()
        place = record.topic, crc32(key) % counts[record.topic]
        said = {"timestamp": None, "key": key, "value": record.value, "headers": list(record.headers)}
        builder, numbers = filling.get(place, (None, []))
        if builder is None or builder.append(**said) is None:
            builder, numbers = filling[place] = producer.create_batch(), []
            builder.append(**said)  # the first record of a batch always fits
            batches.append((place, builder, numbers))
        numbers.append(number)
    return batches


def _new_topic(topic: Topic, replicas: int) -> NewTopic:
    """Within two days of an erasure a compacted topic forgets (a day's segment, a day until it is cleaned)."""
    if topic.compacted:
        keeping = {
            "cleanup.policy": "compact",
            "segment.ms": _DAY,
            "max.compaction.lag.ms": _DAY,
            "delete.retention.ms": _DAY,
        }
    else:
        kept = int(KEPT.total_seconds() * 1000) if is_published(topic.name) else -1
        keeping = {"cleanup.policy": "delete", "retention.ms": str(kept)}
    config = {"max.message.bytes": "1048588", "min.insync.replicas": str(max(1, replicas - 1)), **keeping}
    return NewTopic(topic.name, topic.partitions, replicas, topic_configs={**config, **topic.config})
