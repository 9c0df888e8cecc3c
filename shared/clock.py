"""The one clock. Everything that asks for the time asks here, so that a test or the demonstration can move it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """The present moment, in UTC."""
    return _moment.get() or datetime.now(UTC)


def is_moved() -> bool:
    """Whether this context sees another moment than the real one."""
    return _moment.get() is not None


def today() -> date:
    """The present date, in UTC."""
    return now().date()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let everything inside the block see *moment* (with a time zone) as the present."""
    token = _moment.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moment.reset(token)
