"""The consumer: takes messages from the log and hands them to a service's handlers, once each.

Invariants:
1. Inbox rows and the handlers' effects commit together; offsets are committed after, explicitly.
2. A batch that fails is taken apart: each message alone, with bounded retries, and what still fails is parked
   (shared/dead_letters.py). A database or a log that is away is nobody's fault: wait and try again, park nothing.
3. A handler never commits and never talks to the outside world; it may register hints for after the commit.
4. What comes `after` a handler has a transaction of its own, beside those of the handlers (shared/afterwards.py), so
   that what people wait for is committed and shown first. The inbox row says `begun` until that has been committed;
   the offsets wait for it, and what is delivered again is finished, not begun anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.afterwards import Afterwards
from shared.away import is_away
from shared.db import Database
from shared.dead_letters import dead_letter_topic, park, parked, replay_asked
from shared.envelope import Envelope, new_id
from shared.errors import Unavailable
from shared.inbox import Noted, begun_among, once
from shared.log import EventLog, NotOwner, Place, Record, Topic
from shared.log import Subscription as LogSubscription
from shared.logging import causation, correlation
from shared.steps import Arrival, Batch, Handler, Step, noted_as_finished
from shared.telemetry import HANDLED, HANDLER_SECONDS, LAG, continue_trace
from shared.together import together

log = structlog.get_logger()
BATCH = 500
SLICE = 50
"""Records that are read at once beside the database's work: in the 0.5 ms that they take nobody else goes on."""
RETRY_PAUSES = (0.05, 0.25, 1.0)
"""Seconds before the second, third and fourth try of one message."""
LOOK_SECONDS = 1.0
"""Between looks for keys that somebody asked to replay."""
MEASURE_SECONDS = 2.0
"""Between readings of the lag."""
COMMIT_PACE = 0.1
"""Between two commits of offsets under load: the log writes each down, and what is delivered again has no effect."""
BREATH = 0.02
"""Who has a pace is after those who have none, also with the first message after a pause."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A handler and the topic it reads; None: every topic that any service publishes, now or later.

    `after` does, for each message that is announced, what nobody waits for.
    """

    topic: str | None
    handler: Handler
    after: Handler | None = None

    def reads(self, topic: str) -> bool:
        """Whether messages of *topic* are for this handler."""
        return self.topic in (None, topic)


class Consumer:
    """One member of the group named after its service. `away` says why it waits, or is None."""

    def __init__(
        self, database: Database, event_log: EventLog, group: str, subscriptions: Sequence[Subscription],
        linger: float = 0.0, pace: float = 0.0,
    ) -> None:  # fmt: skip
        """Hand what *subscriptions* read from *event_log* to their handlers, in *database*.

        *linger*: seconds that the log may keep back what comes. *pace*: seconds from one batch to the next.
        """
        self._database = database
        self._log = event_log
        self._group = group
        self._subscriptions = subscriptions
        self._linger = linger
        self._pace = pace
        self._next_batch = 0.0
        self._first = Step(self._noted, lambda topic: [s.handler for s in subscriptions if s.reads(topic)])
        later = [s for s in subscriptions if s.after]
        self._after = Step(noted_as_finished, lambda topic: [s.after for s in later if s.after and s.reads(topic)])
        self._afterwards = Afterwards(lambda begun: self._do(self._after, begun))
        self._ahead = Batch()
        self._taken: dict[Place, int] = {}
        self._next_commit = 0.0
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
                subscription = await self._log.subscribe(group=self._group, topics=self._topics, linger=self._linger)
                self._ahead, self._taken = Batch(), {}  # whatever was not committed is delivered again
                try:
                    while True:
                        await self._take_next(subscription)
                        self.away, pause = None, 0.1
                finally:
                    await self._afterwards.stop()
                    await subscription.close()
            except Exception as error:
                self.away = error.detail if isinstance(error, Unavailable) else f"{type(error).__name__}: {error}"
                level = log.info if isinstance(error, NotOwner) else log.warning
                level("consumer_paused", group=self._group, reason=self.away[:300], seconds=round(pause, 1))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _take_next(self, subscription: LogSubscription) -> None:
        batch, self._ahead = self._ahead, Batch()
        if not batch.records:
            batch.read(await self._fetched(subscription))
        if batch.records:
            if len(batch.records) < BATCH:
                await self._take(batch)
            else:
                await together(self._take(batch), self._read_on(subscription))
            self._taken |= {(r.topic, r.partition): r.offset + 1 for r in batch.records}
        await self._afterwards.go_on()
        if self._taken and self._afterwards.is_done and time.monotonic() >= self._next_commit:
            taken, self._taken = self._taken, {}
            self._next_commit = time.monotonic() + COMMIT_PACE
            await subscription.commit(taken)
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            await replay_asked(self._database, self._group, self._take_one)
        if time.monotonic() >= self._next_measure:
            self._next_measure = time.monotonic() + MEASURE_SECONDS
            await self._measure(subscription)

    async def _fetched(self, subscription: LogSubscription) -> list[Record]:
        """What there is, waiting for it a second at most, and no longer than until something is due."""
        commits = self._taken and self._afterwards.is_done
        longest = max(0.0, min(1.0, self._next_commit - time.monotonic())) if commits else 1.0
        records = await subscription.fetch(limit=BATCH, timeout=self._afterwards.patience(longest))
        wait = max(BREATH, self._next_batch - time.monotonic()) if self._pace else 0
        if records and wait > 0 and len(records) < BATCH:
            await asyncio.sleep(wait)
            records += await subscription.fetch(limit=BATCH - len(records), timeout=0)
        if records:
            self._next_batch = time.monotonic() + self._pace
        return records

    async def _read_on(self, subscription: LogSubscription) -> None:
        """Read the next while the database works, waiting for none, and a few at a time.

        Read in one piece they would keep the database waiting for its statement.
        """
        while len(self._ahead.records) < BATCH:
            records = await subscription.fetch(limit=SLICE, timeout=0)
            if not records:
                return
            self._ahead.read(records)
            await asyncio.sleep(0)

    async def _take(self, batch: Batch) -> None:
        started = time.perf_counter()
        await self._do(self._first, batch.arrivals)
        for record, reason in batch.unreadable:
            await self._park_unreadable(record, reason)
        HANDLER_SECONDS.labels(self._group).observe(time.perf_counter() - started)

    async def _do(self, step: Step, arrivals: Sequence[Arrival]) -> None:
        """All together, and where that fails each alone."""
        try:
            await self._handle(step, arrivals)
        except Exception as error:
            if is_away(error):
                raise
            log.warning("batch_failed", group=self._group, size=len(arrivals), reason=str(error)[:300])
            for arrival in arrivals:
                await self._handle_alone(step, arrival)

    async def _handle(self, step: Step, arrivals: Sequence[Arrival]) -> None:
        """The whole batch in one transaction: what is new, less what waits behind a parked key."""
        async with self._database.transaction() as session:
            fresh, any_parked = await step.note(session, arrivals)
            begun = await self._begun_before(session, arrivals, fresh) if step is self._first else []
            held = await parked(session) if any_parked else set()
            by_topic: dict[str, list[Envelope]] = {}
            for arrival in arrivals:
                message = arrival.message
                if message.id not in fresh:
                    continue
                fresh.discard(message.id)  # the same message twice in one batch
                if (message.topic, message.key) in held:
                    await self._park_behind(session, arrival)
                else:
                    begun.append(arrival)
                    by_topic.setdefault(message.topic, []).append(message)
            for topic, messages in by_topic.items():
                await self._dispatch(session, messages, step.handlers(topic))
        if step is self._first:
            self._afterwards.add([arrival for arrival in begun if self._goes_on(arrival.message)])
            for topic, messages in by_topic.items():
                HANDLED.labels(self._group, topic, "handled").inc(len(messages))

    async def _noted(self, session: AsyncSession, arrivals: Sequence[Arrival]) -> Noted:
        begun = {arrival.message.id for arrival in arrivals if self._goes_on(arrival.message)}
        return await once(session, [(arrival.message.id, arrival.record) for arrival in arrivals], begun=begun)

    def _goes_on(self, message: Envelope) -> bool:
        """Whether something comes after the first handlers of *message*."""
        return bool((message.data or {}).get("announcement")) and bool(self._after.handlers(message.topic))

    async def _begun_before(
        self, session: AsyncSession, arrivals: Sequence[Arrival], fresh: Collection[str]
    ) -> list[Arrival]:
        """Those that are delivered again and were only begun: whoever began them did not come to their end."""
        again = [a for a in arrivals if a.message.id not in fresh and self._goes_on(a.message)]
        ids = await begun_among(session, [a.message.id for a in again]) if again else set()
        return [a for a in again if a.message.id in ids]

    async def _dispatch(self, session: AsyncSession, messages: Sequence[Envelope], handlers: Sequence[Handler]) -> None:
        bound = messages[-1]
        correlation.set(bound.correlationid)
        causation.set(bound.id)
        continue_trace(bound.traceparent)
        for handler in handlers:
            await handler(session, messages)

    async def _handle_alone(self, step: Step, arrival: Arrival) -> None:
        for attempt, pause in enumerate((*RETRY_PAUSES, None), start=1):
            try:
                await self._handle(step, [arrival])
                return
            except Exception as error:
                if is_away(error):
                    raise
                if pause is None:
                    reason = f"{type(error).__name__}: {error}"
                    handlers = ", ".join(each.__qualname__ for each in step.handlers(arrival.record.topic))
                    await self._park(
                        arrival.record, lambda session: step.note(session, [arrival]),
                        message_id=arrival.message.id, reason=reason, handler=handlers, attempts=attempt,
                    )  # fmt: skip
                    return
                await asyncio.sleep(pause)

    async def _park(
        self, record: Record, note: Callable[[AsyncSession], Awaitable[Noted]], *,
        message_id: str, reason: str, handler: str, attempts: int,
    ) -> None:  # fmt: skip
        await self._ensure_dead_letter_topic(record.topic)
        async with self._database.transaction() as session:
            if (await note(session)).ids:
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

    async def _park_unreadable(self, record: Record, reason: str) -> None:
        message_id = new_id()
        await self._park(
            record, lambda session: once(session, [(message_id, record)]),
            message_id=message_id, reason=reason, handler="decode", attempts=1,
        )  # fmt: skip

    async def _park_behind(self, session: AsyncSession, arrival: Arrival) -> None:
        await park(
            session, self._group, arrival.record,
            message_id=arrival.message.id, reason="An earlier message of the same key waits.",
        )  # fmt: skip

    async def _ensure_dead_letter_topic(self, topic: str) -> None:
        name = dead_letter_topic(topic, self._group)
        if name not in self._known_dead_letter_topics:
            await self._log.create_topics([Topic(name, partitions=1)])
            self._known_dead_letter_topics.add(name)

    async def _take_one(self, session: AsyncSession, message: Envelope) -> None:
        await self._dispatch(session, [message], self._first.handlers(message.topic))
        if self._goes_on(message):
            await self._dispatch(session, [message], self._after.handlers(message.topic))

    async def _measure(self, subscription: LogSubscription) -> None:
        totals: dict[str, int] = {}
        for (topic, _), behind in (await subscription.lag()).items():
            totals[topic] = totals.get(topic, 0) + behind
        for topic, behind in totals.items():
            LAG.labels(self._group, topic).set(behind)
