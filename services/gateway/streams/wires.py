"""What travels on a live stream, and who takes it: wires, readers, streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from shared import clock
from shared.announcement import CHANNELS, KINDS
from shared.telemetry import SCREEN_SECONDS

LOUD = (float("-inf"), ("39||",) * len(KINDS))
"""The rule of who hears all of an audience, live: `<channel><nearness>|<route>|<audience>` for each kind."""
OFF, LIVE = "0", "3"
BREATH = 500
"""Deliveries between two breaths of the loop: about 5 ms, so that a page does not wait for ten thousand streams."""
Event = dict[str, Any]
"""An ASGI message with some bytes, made once for all streams; `chunk`: the same bytes as HTTP/1.1 sends them."""
Rule = tuple[float, tuple[str, ...]]
"""Since when (Unix seconds), and for each kind how it is told by this route."""
Ways = tuple[Rule, ...]
"""What leads from one audience to a reader."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One thing to be shown: its place in the sequence, whom it concerns, and the alert or feed item itself.

    `reasons` say why it reaches somebody, by route and audience.
    """

    epoch: str
    offset: int
    audiences: tuple[str, ...]
    item: dict[str, Any]
    actor: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    kind: int = field(init=False)
    moment: float = field(init=False)

    def __post_init__(self) -> None:
        """What every reader is asked about is worked out once."""
        category = self.item.get("category", "")
        object.__setattr__(self, "kind", KINDS.index(category) if category in KINDS else 0)
        object.__setattr__(self, "moment", moment_of(self.item.get("time")))

    @property
    def id(self) -> str:
        """The SSE id, `epoch-offset`."""
        return f"{self.epoch}-{self.offset}"


class Telling(NamedTuple):
    """How one thing is told to somebody: `<channel><nearness>|<route>|<audience>`, and whether they know it already."""

    best: str
    is_read: bool = False

    def fields(self, reasons: Mapping[str, str]) -> dict[str, Any]:
        """What an alert shows of it, as an inbox does."""
        digits, route, audience = self.best.split("|", 2)
        why = {"audience": audience, "route": route, "sentence": reasons.get(f"{route}|{audience}", "")}
        return {"read": self.is_read, "channel": CHANNELS[int(digits[0])], "why": why}


telling = lru_cache(10_000)(Telling)
"""The same object for all who are told something in the same way."""
TO_ALL = telling(LOUD[1][0])
"""How something is told to who hears all of an audience."""
Format = Callable[[Wire, Telling], bytes]
"""The bytes of a wire that is told in one way; empty where this sort of stream has nothing to say of it."""
Send = Callable[[Any], Any]
Wants = Callable[[Wire], bool]


@dataclass(frozen=True, slots=True)
class Batch:
    """What storage holds after an offset, oldest first. `head` is the newest offset; there is `more` to be had."""

    epoch: str
    head: int
    wires: list[Wire]
    more: bool = False


Fetch = Callable[[int, int], Awaitable[Batch]]
"""(after this offset, at most so many) → Batch. Raises Problem when storage does not answer."""


@dataclass(frozen=True, slots=True)
class Missed:
    """What one stream missed after an offset, oldest first, and how each of it is told."""

    epoch: str
    head: int
    told: list[tuple[Wire, Telling]]
    more: bool = False


def heard(batch: Batch) -> Missed:
    """What who hears all of it has missed."""
    return Missed(batch.epoch, batch.head, [(wire, TO_ALL) for wire in batch.wires], batch.more)


class Reader:
    """Somebody's rules, shared by all their streams. What the rules mean, notifications decides; here they are read.

    `is_plain`: the rules are all there is to know, no choice for a single network and nothing to leave out.
    """

    __slots__ = ("is_plain", "key", "networks", "revision", "rules", "streams", "wants")

    def __init__(
        self, key: str, rules: Mapping[str, Ways] | Iterable[str] = (),
        networks: Mapping[str, str] | None = None, revision: int = 0, wants: Wants | None = None,
    ) -> None:  # fmt: skip
        """*key* names the reader: a person's id, or a kind of public page. Audiences alone mean: hears all of them.

        *wants* leaves out what is not wanted.
        """
        self.key = key
        self.rules: Mapping[str, Ways] = rules if isinstance(rules, Mapping) else dict.fromkeys(rules, (LOUD,))
        self.networks = networks or {}
        self.revision = revision
        self.wants = wants
        self.is_plain = not self.networks and wants is None
        self.streams: tuple[Stream, ...] = ()

    def become(self, fresh: Reader) -> None:
        """Take over the rules of *fresh*, the same reader as they are now."""
        self.rules, self.networks, self.revision = fresh.rules, fresh.networks, fresh.revision
        self.is_plain = not self.networks and self.wants is None

    def hears(self, wire: Wire) -> Telling | None:
        """How *wire* is told to this reader: the strongest of what its audiences give; None where it is off."""
        best, kind, moment, rules, networks = "", wire.kind, wire.moment, self.rules, self.networks
        for audience in wire.audiences:
            for since, bests in rules.get(audience, ()):
                if moment >= since:
                    given = self._given(wire, audience, bests[kind]) if networks else bests[kind]
                    if given > best:
                        best = given
        if not best or best[0] == OFF or (self.wants and not self.wants(wire)):
            return None
        return telling(best, best[0] != LIVE or wire.actor == self.key)

    def _given(self, wire: Wire, audience: str, best: str) -> str:
        """What a choice for the wire's network makes of a route that does not lead through it."""
        if audience.startswith("network:"):
            return best
        digit = self.networks.get(wire.item.get("network_id", ""), "......")[wire.kind]
        return best if digit == "." else digit + best[1:]


def told_by(ways: Ways, wire: Wire) -> Telling | None:
    """How *ways* alone tell *wire* to somebody who did not do it; None where it is off."""
    best = max((bests[wire.kind] for since, bests in ways if wire.moment >= since), default="")
    return telling(best, best[0] != LIVE) if best and best[0] != OFF else None


class Stream:
    """One open connection. Small, because there may be ten thousand."""

    __slots__ = ("_send", "after", "format", "hears_states", "held", "out", "reader")

    def __init__(self, reader: Reader, format_: Format, send: Send, after: int, *, hears_states: bool = False) -> None:
        """A response that has begun on *send*; wires up to *after* are past for it.

        *hears_states*: it is told how the inbox stands, too.
        """
        self.reader = reader
        self.format = format_
        self.after = after
        self.hears_states = hears_states
        self.held: list[tuple[int, Event]] | None = []
        self._send = send
        self.out = _way_out(send)

    def write(self, event: Event) -> bool:
        """Send without waiting; False when the client is too slow (or gone) to take it at once.

        What uvicorn would do anew for each stream (a coroutine, the chunk's frame) was done when the event was made.
        """
        return not too_slow((self.out,), event) if self.out is not None else self._sent(event)

    def _sent(self, event: Event) -> bool:
        """The same by the letter of ASGI, for another server or an HTTP/1.0 client."""
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


def too_slow(connections: Iterable[Any], event: Event) -> list[Any]:
    """Write *event* to each, without waiting; returns those that have not taken what was written before."""
    chunk, slow = event["chunk"], []
    for out in connections:
        if out.get_write_buffer_size() > HIGH_WATER_LIMIT:
            slow.append(out)
        else:
            out.write(chunk)
    return slow


async def in_breaths(whole: Sequence[Any]) -> AsyncIterator[Sequence[Any]]:
    """*whole* in parts, between which others have their turn."""
    for first in range(0, len(whole), BREATH):
        if first:
            await asyncio.sleep(0)
        yield whole[first : first + BREATH]


def body(content: bytes) -> Event:
    """The event that carries *content*."""
    chunk = b"%x\r\n%b\r\n" % (len(content), content) if content else b""
    return {"type": "http.response.body", "body": content, "more_body": True, "chunk": chunk}


Frames = dict[tuple[Format, Telling], Event | None]
"""The frames of one wire, None where a format has nothing to say of it."""


def frame(frames: Frames, wire: Wire, format_: Format, told: Telling) -> Event | None:
    """The frame for streams of one format whose readers are told in one way, made once."""
    if (format_, told) not in frames:
        content = format_(wire, told)
        frames[format_, told] = body(content) if content else None
    return frames[format_, told]


HEARTBEAT = body(b": still here\n\n")


def _way_out(send: Send) -> Any:
    """The transport of a chunked response that uvicorn holds; None under another server or HTTP/1.0."""
    cycle = getattr(send, "__self__", None)
    return cycle.transport if isinstance(cycle, RequestResponseCycle) and cycle.chunked_encoding else None


def reset(position: str) -> Event:
    """Tells a client that it cannot be brought up to date: fetch the page or the list again, go on from *position*."""
    return body(f'id: {position}\nevent: reset\ndata: {{"position":"{position}"}}\n\n'.encode())


def moment_of(text: Any) -> float:
    """Unix seconds of a time in ISO form; without one, long after everything began."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return float("inf")


def observe(wire: Wire) -> float | None:
    """Note how many seconds it took from the change to the streams; None without a readable time."""
    if wire.moment == float("inf"):
        return None
    seconds = max(0.0, clock.now().timestamp() - wire.moment)
    SCREEN_SECONDS.observe(seconds)
    return seconds
