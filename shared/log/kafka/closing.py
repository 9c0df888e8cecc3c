"""Closing a client of Kafka whose broker may be silent: in a bounded time, and wholly.

The library closes its parts one after the other and waits for each. Where that is broken off, the parts whose turn had
not come would go on for ever: reading for nobody, and saying that they live, so that the group keeps partitions for
them. So what is left is ended by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

SECONDS = 5.0
"""That a part has to say goodbye in."""
CANCELLATIONS = 10
CANCELLED_SECONDS = 0.5
"""How often, and how far apart, what does not end is cancelled before it is left alone."""

Step = Callable[[], Coroutine[Any, Any, Any]]


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Leave the group, and end all that *consumer* does; one that never started as well."""
    await bounded(consumer.stop)
    group, fetcher = consumer._coordinator, consumer._fetcher
    if group is not None:
        await _end(group._coordination_task)  # it begins and ends the others
        await _end(group._heartbeat_task, group._commit_refresh_task)
    if fetcher is not None:
        await _end(fetcher._fetch_task)
        await _end(*fetcher._pending_tasks)
    await bounded(consumer._client.close)


async def close_producer(producer: AIOKafkaProducer) -> None:
    """Send what waits, as long as there is time for it, and end all that *producer* does."""
    await bounded(producer.stop)
    await _end(producer._sender.sender_task)
    await bounded(producer.client.close)
    batches = producer._message_accumulator
    batches._pending_batches.update(*batches._batches.values())  # whence each takes itself as it ends
    for unsent in list(batches._pending_batches):
        unsent.future.cancel()


async def bounded(stop: Step) -> None:
    """Close one thing, or give it up.

    In a task of its own: the library's closing can end with the cancellation of a task inside it, which must not
    look like ours.
    """
    closing = asyncio.create_task(stop())
    await asyncio.wait({closing}, timeout=SECONDS)
    await _end(closing)


async def _end(*tasks: asyncio.Task[Any] | None) -> None:
    """End *tasks*. One cancellation is not enough: the library takes it for that of the task it waits for, and goes on
    to the next.
    """
    left = {task for task in tasks if task is not None}
    for task in left:
        task.add_done_callback(_heard)
    for _ in range(CANCELLATIONS):
        left = {task for task in left if not task.done()}
        if not left:
            return
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=CANCELLED_SECONDS)


def _heard(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
