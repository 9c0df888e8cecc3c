"""How long we wait for Kafka, and what is said when it does not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import errors

from shared.log import LogAway, UnknownTopic

PATIENCE = 10.0
"""Seconds that Kafka has to answer."""

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
