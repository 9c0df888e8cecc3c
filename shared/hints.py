"""Hints: what a transaction asks for once it has been committed. They are lost with the process, and somebody polls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

if TYPE_CHECKING:
    from shared.broadcast import Broadcast

log = structlog.get_logger()


def after_commit(session: AsyncSession, hook: Callable[[], Awaitable[None]]) -> None:
    """Call *hook* once when the transaction of *session* has been committed; a hint, lost with the process."""
    session.info.setdefault("after_commit", []).append(hook)


def broadcast_after_commit(session: AsyncSession, channel: str, payload: bytes) -> None:
    """Broadcast *payload* on *channel* when the transaction of *session* has been committed; a hint as any other."""
    broadcast: Broadcast | None = session.info.get("broadcast")
    if broadcast is not None:
        after_commit(session, partial(broadcast.publish, channel, payload))


def wake_after_commit(session: AsyncSession, what: str) -> None:
    """Wake whoever waits for *what* in this process (`Database.woken`) when the transaction has been committed."""
    wakers: dict[str, asyncio.Event] = session.info.get("wakers", {})

    async def wake() -> None:
        if what in wakers:
            wakers[what].set()

    after_commit(session, wake)


async def give_hints(session: AsyncSession) -> None:
    """Call the hooks in their order. One that fails undoes nothing: the work is committed, and somebody polls."""
    for hook in session.info.pop("after_commit", ()):
        try:
            await hook()
        except Exception as error:
            log.warning("hint_lost", reason=f"{type(error).__name__}: {error}"[:300])
