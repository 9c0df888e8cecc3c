"""What travels on a live stream, and who takes it: wires, readers, streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import clock
from shared.telemetry import SCREEN_SECONDS

HEARTBEAT = {"type": "http.response.body", "body": b": still here\n\n", "more_body": True}
Event = dict[str, Any]
Format = Callable[["Wire"], bytes]
Send = Callable[[Any], Any]
Wants = Callable[["Wire"], bool]


@dataclass(frozen=True, slots=True)
class Wire:
    """One thing to be shown: its place in the sequence, whom it concerns, and the alert or feed item itself."""

    epoch: str
    offset: int
    audiences: tuple[str, ...]
    item: dict[str, Any]

    @property
    def id(self) -> str:
        """The SSE id, `epoch-offset`."""
        return f"{self.epoch}-{self.offset}"


@dataclass(frozen=True, slots=True)
class Batch:
    """What storage holds after an offset, oldest first. `head` is the newest offset; there is `more` to be had."""

    epoch: str
    head: int
    wires: list[Wire]
    more: bool = False


Fetch = Callable[[int, int], Awaitable[Batch]]
"""(after this offset, at most so many) → Batch. Raises Problem when storage does not answer."""


class Reader:
    """Somebody's audiences and muted networks, shared by all their streams."""

    __slots__ = ("audiences", "key", "muted", "streams", "wants")

    def __init__(
        self, key: str, audiences: Iterable[str] = (), muted: Iterable[str] = (), wants: Wants | None = None
    ) -> None:
        """*key* names the reader: a person's id, or a kind of public page. *wants* leaves out what is not wanted."""
        self.key = key
        self.audiences = tuple(audiences)
        self.muted = frozenset(muted)
        self.wants = wants
        self.streams: set[Stream] = set()


class Stream:
    """One open connection. Small, because there may be ten thousand."""

    __slots__ = ("_send", "after", "format", "held", "reader")

    def __init__(self, reader: Reader, format_: Format, send: Send, after: int) -> None:
        """Wires up to *after* are past for this stream."""
        self.reader = reader
        self.format = format_
        self.after = after
        self.held: list[tuple[int, Event]] | None = []
        self._send = send

    def write(self, event: Event) -> bool:
        """Send without waiting; False when the client is too slow (or gone) to take it at once."""
        sending = self._send(event)
        try:
            sending.send(None)
        except StopIteration:
            return True
        except (OSError, RuntimeError):
            return False
        sending.close()
        return False

    def cut(self) -> None:
        """End the connection without waiting for the client to read what is on its way."""
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()  # close() would wait, perhaps for ever, for a client that does not read


def body(content: bytes) -> Event:
    """The ASGI event that carries *content*, made once for all streams."""
    return {"type": "http.response.body", "body": content, "more_body": True}


def reset(position: str) -> Event:
    """Tells a client that it cannot be brought up to date: fetch the page or the list again, go on from *position*."""
    return body(f'id: {position}\nevent: reset\ndata: {{"position":"{position}"}}\n\n'.encode())


def observe(wire: Wire) -> None:
    """Note how long it took from the change to the streams."""
    try:
        told = datetime.fromisoformat(str(wire.item.get("time")))
        SCREEN_SECONDS.observe(max(0.0, (clock.now() - told).total_seconds()))
    except (ValueError, TypeError):
        return  # a wire without a readable time is shown all the same
