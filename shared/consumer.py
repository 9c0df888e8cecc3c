"""The consumer: takes messages from the log and hands them to a service's handlers, once each.

Invariants:
1. Inbox rows and the handlers' effects commit together; offsets are committed after, explicitly.
2. A batch that fails is taken apart: each message alone, with bounded retries, and what still fails is parked
   (shared/dead_letters.py). A database or a log that is away is nobody's fault: wait and try again, park nothing.
3. A handler never commits and never talks to the outside world; it may register hints for after the commit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Database, is_away
from shared.dead_letters import dead_letter_topic, keys_to_replay, park, parked, replay_failed, replay_key
from shared.envelope import Envelope, UnreadableMessage, decode, new_id
from shared.inbox import once
from shared.log import EventLog, LogAway, NotOwner, Record, Topic
from shared.log import Subscription as LogSubscription
from shared.logging import causation, correlation
from shared.telemetry import HANDLED, HANDLER_SECONDS, LAG, continue_trace

log = structlog.get_logger()
BATCH = 500
RETRY_PAUSES = (0.05, 0.25, 1.0)
"""Seconds before the second, third and fourth try of one message."""
LOOK_SECONDS = 1.0
"""Between looks for keys that somebody asked to replay."""
MEASURE_SECONDS = 2.0
"""Between readings of the lag."""
BUSY_SECONDS = 3.0
"""How much longer a reading is put off while there is work: asking costs the log several answers."""

Handler = Callable[[AsyncSession, Sequence[Envelope]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A handler and the topic it reads; None: every topic that any service publishes, now or later."""

    topic: str | None
    handler: Handler


@dataclass(frozen=True, slots=True)
class _Arrival:
    record: Record
    message: Envelope


class Consumer:
    """One member of the group named after its service. `away` says why it waits, or is None."""

    def __init__(
        self, database: Database, event_log: EventLog, group: str, subscriptions: Sequence[Subscription],
        linger: float = 0.0, pace: float = 0.0,
    ) -> None:  # fmt: skip
        """Hand what *subscriptions* read from *event_log* to their handlers, in *database*.

        *linger*: seconds to wait for company when something came. *pace*: seconds from one batch to the next.
        """
        self._database = database
        self._log = event_log
        self._group = group
        self._subscriptions = subscriptions
        self._linger = linger
        self._pace = pace
        self._next_batch = 0.0
        self._known_dead_letter_topics: set[str] = set()
        self._next_look = 0.0
        self._next_measure = 0.0
        self.away: str | None = None

    @property
    def _topics(self) -> list[str] | None:
        topics = [subscription.topic for subscription in self._subscriptions]
        return None if None in topics else sorted({topic for topic in topics if topic})

    async def run(self) -> None:
        """Take until cancelled; join again after any failure."""
        pause = 0.1
        while True:
            try:
                subscription = await self._log.subscribe(group=self._group, topics=self._topics)
                try:
                    while True:
                        await self._take_next(subscription)
                        self.away, pause = None, 0.1
                finally:
                    await subscription.close()
            except Exception as error:
                self.away = error.detail if isinstance(error, LogAway) else f"{type(error).__name__}: {error}"
                level = log.info if isinstance(error, NotOwner) else log.warning
                level("consumer_paused", group=self._group, reason=self.away[:300], seconds=round(pause, 1))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _take_next(self, subscription: LogSubscription) -> None:
        records = await subscription.fetch(limit=BATCH, timeout=1.0)
        wait = max(self._linger, self._next_batch - time.monotonic())
        if records and wait > 0 and len(records) < BATCH:
            await asyncio.sleep(wait)
            records += await subscription.fetch(limit=BATCH - len(records), timeout=0)
        if records:
            self._next_batch = time.monotonic() + self._pace
            await self._take(records)
            await subscription.commit({(r.topic, r.partition): r.offset + 1 for r in records})
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            await self._replay()
        if time.monotonic() >= self._next_measure + (BUSY_SECONDS if records else 0):
            self._next_measure = time.monotonic() + MEASURE_SECONDS
            await self._measure(subscription)

    async def _take(self, records: Sequence[Record]) -> None:
        started = time.perf_counter()
        arrivals, unreadable = self._read(records)
        try:
            await self._handle(arrivals)
        except Exception as error:
            if is_away(error):
                raise
            log.warning("batch_failed", group=self._group, size=len(arrivals), reason=str(error)[:300])
            for arrival in arrivals:
                await self._handle_alone(arrival)
        for record, reason in unreadable:
            await self._park(record, message_id=new_id(), reason=reason, handler="decode", attempts=1)
        HANDLER_SECONDS.labels(self._group).observe(time.perf_counter() - started)

    def _read(self, records: Sequence[Record]) -> tuple[list[_Arrival], list[tuple[Record, str]]]:
        arrivals: list[_Arrival] = []
        unreadable: list[tuple[Record, str]] = []
        for record in records:
            try:
                arrivals.append(_Arrival(record, decode(record.topic, record.key, record.headers, record.value)))
            except UnreadableMessage as error:
                unreadable.append((record, error.detail))
        return arrivals, unreadable

    async def _handle(self, arrivals: Sequence[_Arrival]) -> None:
        """The whole batch in one transaction: what is new, less what waits behind a parked key."""
        async with self._database.transaction() as session:
            fresh = await once(session, [(arrival.message.id, arrival.record) for arrival in arrivals])
            held = await parked(session) if fresh else set()
            by_topic: dict[str, list[Envelope]] = {}
            for arrival in arrivals:
                message = arrival.message
                if message.id not in fresh:
                    continue
                fresh.discard(message.id)  # the same message twice in one batch
                if (message.topic, message.key) in held:
                    await self._park_behind(session, arrival)
                else:
                    by_topic.setdefault(message.topic, []).append(message)
            for topic, messages in by_topic.items():
                await self._dispatch(session, topic, messages)
        for topic, messages in by_topic.items():
            HANDLED.labels(self._group, topic, "handled").inc(len(messages))

    async def _dispatch(self, session: AsyncSession, topic: str, messages: Sequence[Envelope]) -> None:
        bound = messages[-1]
        correlation.set(bound.correlationid)
        causation.set(bound.id)
        continue_trace(bound.traceparent)
        for subscription in self._subscriptions:
            if subscription.topic in (None, topic):
                await subscription.handler(session, messages)

    async def _handle_alone(self, arrival: _Arrival) -> None:
        for attempt, pause in enumerate((*RETRY_PAUSES, None), start=1):
            try:
                await self._handle([arrival])
                return
            except Exception as error:
                if is_away(error):
                    raise
                if pause is None:
                    reason = f"{type(error).__name__}: {error}"
                    await self._park(
                        arrival.record, message_id=arrival.message.id, reason=reason,
                        handler=self._handler_names(arrival.record.topic), attempts=attempt,
                    )  # fmt: skip
                    return
                await asyncio.sleep(pause)

    def _handler_names(self, topic: str) -> str:
        names = [s.handler.__qualname__ for s in self._subscriptions if s.topic in (None, topic)]
        return ", ".join(names)

    async def _park(self, record: Record, *, message_id: str, reason: str, handler: str, attempts: int) -> None:
        await self._ensure_dead_letter_topic(record.topic)
        async with self._database.transaction() as session:
            if await once(session, [(message_id, record)]):
                await park(
                    session, self._group, record,
                    message_id=message_id, reason=reason, handler=handler, attempts=attempts,
                )  # fmt: skip
        HANDLED.labels(self._group, record.topic, "parked").inc()
        log.error(
            "message_parked",
            group=self._group,
            topic=record.topic,
            key=record.key,
            message_id=message_id,
            reason=reason[:300],
        )

    async def _park_behind(self, session: AsyncSession, arrival: _Arrival) -> None:
        await park(
            session, self._group, arrival.record,
            message_id=arrival.message.id, reason="An earlier message of the same key waits.",
        )  # fmt: skip

    async def _ensure_dead_letter_topic(self, topic: str) -> None:
        name = dead_letter_topic(topic, self._group)
        if name not in self._known_dead_letter_topics:
            await self._log.create_topics([Topic(name, partitions=1)])
            self._known_dead_letter_topics.add(name)

    async def _replay(self) -> None:
        async with self._database.reading() as session:
            keys = await keys_to_replay(session)
        for topic, key in keys:
            try:
                async with self._database.transaction() as session:
                    replayed = await replay_key(session, topic, key, self._take_one)
                log.info("key_replayed", group=self._group, topic=topic, key=key, messages=len(replayed))
            except Exception as error:
                if is_away(error):
                    raise
                async with self._database.transaction() as session:
                    await replay_failed(session, topic, key, f"{type(error).__name__}: {error}")

    async def _take_one(self, session: AsyncSession, message: Envelope) -> None:
        await self._dispatch(session, message.topic, [message])

    async def _measure(self, subscription: LogSubscription) -> None:
        totals: dict[str, int] = {}
        for (topic, _), behind in (await subscription.lag()).items():
            totals[topic] = totals.get(topic, 0) + behind
        for topic, behind in totals.items():
            LAG.labels(self._group, topic).set(behind)
