"""How long we wait for Kafka, and what is said when it does not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import errors

from shared.log import LogAway, UnknownTopic

PATIENCE = 10.0
"""Seconds that Kafka has to answer."""

_quiet = logging.getLogger("aiokafka")
_quiet.setLevel(max(_quiet.level, logging.WARNING))

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
        reason = str(error).removeprefix(f"{type(error).__name__}: ") or f"nothing in {patience:.0f} seconds"
        raise LogAway(f"Kafka at {bootstrap} does not answer: {reason}.") from error


async def bounded(stop: Step) -> None:
    """Close something that may no longer be able to say goodbye."""
    with suppress(errors.KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(PATIENCE / 2):
            await stop()
