"""Many messages that wait at once: carried batch after batch, in order, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from shared.away import DatabaseAway
from shared.consumer import BATCH, Consumer, Subscription
from shared.envelope import Envelope, new_id
from shared.log import LogAway, NewRecord
from shared.outbox import append
from shared.relay import Relay, outbox_rows
from tests.kernel import toy
from tests.kernel.conftest import Bench, eventually
from tests.kernel.test_flow import running

MANY, KEYS = 3 * BATCH + 200, 7


class Seen:
    """The revisions that came of each key, in their order."""

    def __init__(self) -> None:
        self.revisions: dict[str, list[int]] = {f"key-{number}": [] for number in range(KEYS)}

    async def take(self, _session: Any, messages: Sequence[Envelope]) -> None:
        for message in messages:
            self.revisions[message.key].append(message.revision)

    async def all(self) -> bool:
        return sum(map(len, self.revisions.values())) >= MANY


class AwayOnce(Seen):
    """As if the database were away at the second batch."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def take(self, session: Any, messages: Sequence[Envelope]) -> None:
        self.asked += 1
        if self.asked == 2:
            raise DatabaseAway
        await super().take(session, messages)


class Counting:
    """The log, which counts the records that were fetched."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.fetched = 0

    async def subscribe(self, **how: Any) -> Any:
        subscription = await self._log.subscribe(**how)
        fetch = subscription.fetch

        async def counted(**wanted: Any) -> Any:
            records = await fetch(**wanted)
            self.fetched += len(records)
            return records

        subscription.fetch = counted
        return subscription


class Failing:
    """The log, which does not answer the second time that something is appended."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.asked = 0

    async def append(self, records: Sequence[NewRecord]) -> Any:
        self.asked += 1
        if self.asked == 2:
            raise LogAway("The log is away for a moment.")
        return await self._log.append(records)


async def fill(bench: Bench) -> None:
    async with bench.database.transaction() as session:
        await append(session, [_message(number) for number in range(MANY)])


def _message(number: int) -> Envelope:
    return Envelope(
        topic=toy.TOPIC, key=f"key-{number % KEYS}", type=toy.THING_MADE.type, source="/toy", subject=str(number),
        revision=number, data={"state": {"name": str(number)}},
    )  # fmt: skip


def _expected() -> dict[str, list[int]]:
    return {f"key-{key}": list(range(key, MANY, KEYS)) for key in range(KEYS)}


async def test_a_backlog_is_carried_in_order_and_each_message_once(bench: Bench) -> None:
    seen = Seen()
    await fill(bench)
    async with running(bench.relay.run(), bench.consumer(seen.take).run()):
        await eventually(seen.all)
        await eventually(lambda: _no_outbox(bench))
    assert seen.revisions == _expected()


async def test_a_log_that_fails_within_a_backlog_loses_nothing_and_keeps_the_order(bench: Bench) -> None:
    seen, log = Seen(), Failing(bench.log)
    await fill(bench)
    async with running(Relay(bench.database, log).run(), bench.consumer(seen.take).run()):  # type: ignore[arg-type]
        await eventually(seen.all)
        await eventually(lambda: _no_outbox(bench))
    assert seen.revisions == _expected() and log.asked > 4


async def carried(bench: Bench) -> None:
    """All of them are in the log, and nobody has read any."""
    await fill(bench)
    async with running(bench.relay.run()):
        await eventually(lambda: _no_outbox(bench))


async def test_what_was_read_ahead_of_a_database_that_went_away_comes_again_in_its_order(bench: Bench) -> None:
    seen = AwayOnce()
    await carried(bench)
    async with running(bench.consumer(seen.take).run()):
        await eventually(seen.all)
    assert seen.revisions == _expected() and seen.asked > 2


async def test_the_next_are_read_while_the_database_works(bench: Bench) -> None:
    log, ahead, handled = Counting(bench.log), list[int](), 0
    await carried(bench)

    async def work(_session: Any, messages: Sequence[Envelope]) -> None:
        nonlocal handled
        handled += len(messages)
        await asyncio.sleep(0.2)
        ahead.append(log.fetched - handled)

    consumer = Consumer(bench.database, log, f"g-{new_id()}", [Subscription(toy.TOPIC, work)])  # type: ignore[arg-type]
    async with running(consumer.run()):
        await eventually(lambda: _are_read(log))
    assert 0 < max(ahead) <= BATCH


async def _are_read(log: Counting) -> bool:
    return log.fetched >= MANY


async def _no_outbox(bench: Bench) -> bool:
    return await outbox_rows(bench.database) == 0
