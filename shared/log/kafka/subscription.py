"""One member of a group, reading from Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition, errors
from aiokafka.abc import ConsumerRebalanceListener

from shared.log import LogAway, NotOwner, Place, Record
from shared.log.kafka.closing import close_consumer
from shared.log.kafka.waits import PATIENCE, answering

STILL_SECONDS = 5.0
"""After so long without a record a consumer is checked: is there really nothing to read?"""

GRACE = 0.5
"""Seconds that a fetch may take beyond its time-out."""

MUCH = 250_000
"""Bytes for which who lingers is answered at once."""

PUBLISHED = r"^[^.]+\.[^.]+$"
"""What `is_published` says, as Kafka's clients want it."""

MOVED = (
    errors.CommitFailedError,
    errors.IllegalStateError,
    errors.IllegalGenerationError,
    errors.UnknownMemberIdError,
    errors.RebalanceInProgressError,
)


class KafkaSubscription(ConsumerRebalanceListener):  # type: ignore[misc]
    """See `shared.log.Subscription`."""

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topics: Sequence[str] | None,
        closed: Callable[[KafkaSubscription], None],
        linger: float,
    ) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._topics = topics
        self._closed = closed
        self._linger = linger
        self._consumer: AIOKafkaConsumer | None = None
        self._fetched: dict[Place, int] = {}
        self._done: dict[Place, int] = {}
        self._behind: dict[TopicPartition, int] = {}
        self._heard = 0.0
        self._left = False

    async def on_partitions_revoked(self, revoked: object) -> None:
        """A rebalance begins: what was fetched comes again, here or elsewhere."""
        self._forget()

    async def on_partitions_assigned(self, assigned: object) -> None:
        """A rebalance ended."""

    async def ready_consumer(self) -> AIOKafkaConsumer:
        """The consumer, made and joined to the group where there is none. Raises LogAway."""
        if self._left:
            raise LogAway(f"This member of {self._group} has left; subscribe again.")
        if self._consumer is None:
            consumer = _consumer(self._bootstrap, self._group, self._linger)
            try:
                async with answering(self._bootstrap):
                    await consumer.start()
            except BaseException:
                await close_consumer(consumer)
                raise
            what = {"pattern": PUBLISHED} if self._topics is None else {"topics": list(self._topics)}
            consumer.subscribe(**what, listener=self)
            self._consumer = consumer
            self._heard = asyncio.get_running_loop().time()
        return self._consumer

    async def fetch(self, *, limit: int, timeout: float) -> list[Record]:
        """See `shared.log.Subscription`."""
        consumer = await self.ready_consumer()
        try:
            batches = await self._batches(consumer, limit, timeout)
        except Exception as error:
            await self._drop()
            raise LogAway(f"Reading from Kafka at {self._bootstrap} failed: {error!r}.") from error
        for at, messages in batches.items():
            self._done.setdefault(at, messages[0].offset)
            self._fetched[at] = messages[-1].offset + 1
        await self._watch(consumer, heard=bool(batches))
        return [_record(message) for messages in batches.values() for message in messages]

    async def _batches(self, consumer: AIOKafkaConsumer, limit: int, timeout: float) -> dict[Any, list[Any]]:
        """Nothing, too, while a rebalance takes longer than the time-out: the library waits for its end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout + GRACE):
                batches: dict[Any, list[Any]] = await consumer.getmany(
                    timeout_ms=int(timeout * 1000), max_records=limit
                )
                return batches
        return {}

    async def _watch(self, consumer: AIOKafkaConsumer, *, heard: bool) -> None:
        """After a while of silence ask whether there is nothing to read. Raises LogAway."""
        now = asyncio.get_running_loop().time()
        if not heard and now - self._heard < STILL_SECONDS:
            return
        self._heard = now
        stood, self._behind = self._behind, {}
        if heard:
            return
        try:
            async with answering(self._bootstrap):
                await consumer.topics()
                self._behind = await _behind(consumer)
        except LogAway:
            await self._drop()
            raise
        if stood.items() & self._behind.items():
            await self._drop()
            raise LogAway(f"The consumer of {self._group} stood still; it is made anew.")

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._forget()
        if consumer is not None:
            await close_consumer(consumer)

    def _forget(self) -> None:
        self._fetched.clear()
        self._done.clear()
        self._behind.clear()

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """See `shared.log.Subscription`."""
        self._refuse_moved(offsets)
        if not offsets or self._consumer is None:
            return
        async with answering(self._bootstrap):
            try:
                await self._consumer.commit({TopicPartition(*place): offset for place, offset in offsets.items()})
            except MOVED as error:
                raise NotOwner(f"The group {self._group} shared its partitions anew.") from error
        self._refuse_moved(offsets)
        self._done.update(offsets)

    def _refuse_moved(self, offsets: Mapping[Place, int]) -> None:
        for (topic, partition), offset in offsets.items():
            if offset > self._fetched.get((topic, partition), -1):
                raise NotOwner(f"{topic}/{partition} was not fetched by {self._group} since it shared its partitions.")

    async def lag(self) -> dict[Place, int]:
        """See `shared.log.Subscription`. How far the log goes is what it said with its last records, or with none.

        To ask anew would take two answers, each behind the long poll, and the next records would come after them.
        """
        consumer = await self.ready_consumer()
        ends = {at: consumer.highwater(at) for at in consumer.assignment()}
        async with answering(self._bootstrap):
            done = {at: self._done[at] if at in self._done else await consumer.position(at) for at in ends if ends[at]}
        return {(at.topic, at.partition): max(0, (end or 0) - done.get(at, 0)) for at, end in ends.items()}

    async def close(self) -> None:
        """See `shared.log.Subscription`."""
        self._left = True
        self._closed(self)
        await self._drop()


def _consumer(bootstrap: str, group: str, linger: float) -> AIOKafkaConsumer:
    """A long poll is short (`fetch_max_wait_ms`): a partition that was full when it began waits until it ends.

    Who lingers is answered at a poll's end, or when there is much to read: the broker wakes nobody for one record.
    """
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6_000,
        heartbeat_interval_ms=1_000,
        metadata_max_age_ms=2_000,
        request_timeout_ms=int(PATIENCE * 1000),
        fetch_min_bytes=MUCH if linger else 1,
        fetch_max_wait_ms=int(linger * 1000) or 200,
        fetch_max_bytes=16_000_000,
        max_partition_fetch_bytes=1_000_000,
    )


async def _behind(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """Where there is more to read, and how far we are."""
    ends = await consumer.end_offsets(consumer.assignment())
    positions = {at: await consumer.position(at) for at in ends}
    return {at: position for at, position in positions.items() if ends[at] > position}


def _record(message: Any) -> Record:
    return Record(
        message.topic,
        message.partition,
        message.offset,
        "" if message.key is None else message.key.decode("utf-8", "replace"),
        tuple(message.headers),
        message.value,
        datetime.fromtimestamp(message.timestamp / 1000, UTC),
    )
