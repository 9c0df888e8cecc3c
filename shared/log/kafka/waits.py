"""How long we wait for Kafka, and what is said when it does not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import errors

from shared.log import LogAway, UnknownTopic

PATIENCE = 10.0
"""Seconds that Kafka has to answer."""

CANCELLATIONS = 10
"""How many tasks of the library's, one after another, are ended before what does not close is left alone."""

REPEAT_SECONDS = 30.0
"""How often the library may log the same complaint."""


class Seldom(logging.Filter):
    """Lets the same complaint through once in a while: with a broker away the library makes seventy a second."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it was not said lately."""
        if record.created - self._said.get(str(record.msg), 0.0) < REPEAT_SECONDS:
            return False
        self._said[str(record.msg)] = record.created
        return record.levelno >= logging.WARNING


_seldom = Seldom()
for _name in [name for name in logging.root.manager.loggerDict if name.startswith("aiokafka")]:
    logging.getLogger(_name).addFilter(_seldom)
    logging.getLogger(_name).setLevel(logging.WARNING)

Step = Callable[[], Coroutine[Any, Any, Any]]


@asynccontextmanager
async def answering(bootstrap: str, patience: float = PATIENCE) -> AsyncIterator[None]:
    """Bounds what is done inside, and says the library's errors as LogAway or UnknownTopic."""
    try:
        async with asyncio.timeout(patience):
            yield
    except errors.UnknownTopicOrPartitionError as error:
        raise UnknownTopic from error
    except (errors.KafkaError, errors.ConsumerStoppedError, TimeoutError, OSError) as error:
        reason = f"nothing came in {patience:.0f} seconds" if isinstance(error, TimeoutError) else str(error)
        if isinstance(error, errors.KafkaConnectionError | OSError) and not isinstance(error, TimeoutError):
            reason = "no broker takes a connection"
        raise LogAway(f"Kafka at {bootstrap} does not answer: {reason}.") from error


async def bounded(stop: Step) -> None:
    """Close something that may no longer be able to say goodbye.

    In a task of its own: the library's closing can end with the cancellation of a task inside it, which must not
    look like ours. Nor does one cancellation end it: the library takes it for that of the task it waits for, and goes
    on to the next. What has not finished then is given up.
    """
    closing = asyncio.create_task(stop())
    closing.add_done_callback(_heard)
    await asyncio.wait({closing}, timeout=PATIENCE / 2)
    for _ in range(CANCELLATIONS):
        if closing.done():
            return
        closing.cancel()
        await asyncio.wait({closing}, timeout=PATIENCE / 20)


def _heard(closing: asyncio.Task[Any]) -> None:
    if not closing.cancelled():
        closing.exception()
