"""The hub: one ordered sequence of wires, brought to every open stream that it concerns.

    broadcast ──hint──▶ offer() ─┐
    storage ──truth──▶ fetch() ──┴─▶ deliver, strictly in order ─▶ readers by audience ─▶ streams

Invariants:
1. The hub delivers each wire once, in the order of the offsets. A broadcast is a hint that carries the wire; a gap,
   a lost broadcast or two quiet seconds make the hub look into storage, which is the truth.
2. A wire at or before `position` is past: whoever joins gets it from storage. A wire after it is live: whoever has
   joined gets it from the hub. A stream joins before it replays, holds what comes meanwhile, and skips what it has
   had: no gap, no duplicate.
3. A frame is encoded once for each (wire, format). A delivery is one `send()` driven once, here: no task and no
   queue for a client. A send that does not finish at once marks a slow client: it is cut and resumes from storage.
4. Everything that waits is bounded: wires that arrived early, what a replaying stream holds, the time of a fetch.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import structlog

from services.gateway.streams.listening import Group, Listening
from services.gateway.streams.wires import (
    HEARTBEAT,
    Batch,
    Event,
    Fetch,
    Format,
    Frames,
    Reader,
    Send,
    Stream,
    Wire,
    body,
    frame,
    in_breaths,
    observe,
    reset,
    too_slow,
)
from shared.errors import Problem
from shared.telemetry import STREAMS

log = structlog.get_logger()
LOOK_SECONDS = 2.0
"""How long the hub trusts the broadcasts before it looks into storage."""
GRACE_SECONDS = 0.01
"""How long an early wire waits for the one before it, which is usually on its way, before storage is asked."""
EARLY_WIRES = 10_000
HELD_FRAMES = 500
FETCH_LIMIT = 500
BEAT_SECONDS = 15.0
Told = Callable[[str, float, int], None]
"""(kind of the hub, seconds from the change until the last stream was written to, how many streams)."""
AFTER_ALL = 2**63
"""The place of what stands in no sequence: after every wire that a replay may have brought."""


class Hub:
    """The streams of one kind (`alerts`, `feed`), and the sequence that feeds them."""

    def __init__(self, kind: str, fetch: Fetch, *, recent: int = 400, told: Told | None = None) -> None:
        """*fetch* reads storage; the newest *recent* wires are kept for pages that begin with them.

        *told* hears after each wire how long it took, and how many streams had it.
        """
        self.kind = kind
        self.epoch = ""
        self.position = 0
        self.away: str | None = "not started"
        self.recent: deque[Wire] = deque(maxlen=recent)
        self.readers: dict[str, Reader] = {}
        self._fetch = fetch
        self.told = told
        self._listening = Listening()
        self._replaying: set[Stream] = set()
        self._early: dict[int, Wire] = {}
        self._arrived: deque[Wire] = deque()
        self._woken = asyncio.Event()
        self._look_at = 0.0
        self._gauge = STREAMS.labels(kind)

    # The sequence

    def offer(self, wire: Wire) -> None:
        """Take a broadcast wire: a hint, perhaps early, late or repeated."""
        if len(self._arrived) < EARLY_WIRES:
            self._arrived.append(wire)
        else:
            self._look_at = 0.0
        self._woken.set()

    def look(self) -> None:
        """Look into storage now: broadcasts may have been missed."""
        self._look_at = 0.0
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        await self._begin()
        while True:
            while self._arrived:
                await self._take(self._arrived.popleft())
            if time.monotonic() >= self._look_at:
                await self._catch_up()
            elif not self._arrived:
                await self._rest()

    async def _begin(self) -> None:
        """Start at storage's end; what is there already is past."""
        while not await self._looked(self._start_at_the_end):
            await asyncio.sleep(0.5)

    async def _start_at_the_end(self) -> None:
        end = await self._fetch(2**62, 1)
        self.epoch, self.position = end.epoch, end.head
        newest = await self._fetch(max(0, end.head - (self.recent.maxlen or 0)), FETCH_LIMIT)
        self.recent.extend(wire for wire in newest.wires if wire.offset <= end.head)
        self._look_at = time.monotonic() + LOOK_SECONDS

    async def _rest(self) -> None:
        self._woken.clear()
        try:
            async with asyncio.timeout(max(0.0, self._look_at - time.monotonic())):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _take(self, wire: Wire) -> None:
        if wire.epoch != self.epoch:
            self.look()
        elif wire.offset > self.position + 1:
            self._early[wire.offset] = wire
            self._look_at = min(self._look_at, time.monotonic() + GRACE_SECONDS)
        elif wire.offset > self.position:
            await self._deliver(wire)
            await self._deliver_early()

    async def _deliver_early(self) -> None:
        while self._early and (wire := self._early.pop(self.position + 1, None)):
            await self._deliver(wire)

    async def _catch_up(self) -> None:
        if not await self._looked(self._read_storage):
            self._look_at = time.monotonic() + LOOK_SECONDS / 4

    async def _read_storage(self) -> None:
        batch = await self._fetch(self.position, FETCH_LIMIT)
        if batch.epoch != self.epoch or batch.head < self.position:
            await self._begin_anew(batch)
            return
        for wire in batch.wires:
            if wire.offset > self.position:
                await self._deliver(wire)
        if not batch.more:
            self.position = max(self.position, batch.head)  # offsets that storage skipped will never come
        self._early = {offset: wire for offset, wire in self._early.items() if offset > self.position}
        await self._deliver_early()
        self._look_at = 0.0 if batch.more else time.monotonic() + (GRACE_SECONDS if self._early else LOOK_SECONDS)

    async def _begin_anew(self, batch: Batch) -> None:
        """Storage was made anew: positions mean nothing any more, so every stream is told to fetch again."""
        log.warning("stream_epoch_changed", kind=self.kind, before=self.epoch, now=batch.epoch)
        self.recent.clear()
        self._early.clear()
        await self._start_at_the_end()
        told = reset(f"{self.epoch}-{self.position}")
        for stream in [stream for reader in self.readers.values() for stream in reader.streams]:
            stream.after = self.position
            if stream.held is not None or not stream.write(told):
                self._cut(stream)

    async def _looked(self, read: Callable[[], Awaitable[None]]) -> bool:
        try:
            await read()
        except Problem as problem:
            if not self.away:
                log.warning("stream_storage_away", kind=self.kind, reason=problem.detail)
            self.away = problem.detail
            return False
        self.away = None
        return True

    # Delivery

    async def _deliver(self, wire: Wire) -> None:
        """Write to the streams of the readers as they are now: who joins later finds the wire in storage."""
        self.position = wire.offset
        self.recent.append(wire)
        frames: Frames = {}
        given = 0
        alike, each = self._listening.concerned(wire, self._apart(wire))
        for group, told, connections in alike:
            if event := frame(frames, wire, group.format, told):
                async for part in in_breaths(connections):
                    given += self._tell_alike(group, part, event)
        async for part in in_breaths(each):
            given += self._tell_each(wire, part, frames)
        seconds = observe(wire)
        if self.told and given and seconds is not None:
            self.told(self.kind, seconds, given)

    def _apart(self, wire: Wire) -> set[Stream]:
        """Streams that are not told with others: they replay or have replayed beyond *wire*, or it is their doing."""
        self._replaying = {s for s in self._replaying if s.held is not None or s.after >= wire.offset}
        doer = self.readers.get(wire.actor)
        return self._replaying.union(doer.streams if doer else ())

    def _tell_alike(self, group: Group, connections: Sequence[Any], event: Event) -> int:
        """Write to the connections of a group; returns how many took it."""
        slow = too_slow(connections, event)
        for stream in [stream for stream, out in group.streams.items() if out in slow] if slow else ():
            self._cut(stream)
        return len(connections) - len(slow)

    def _tell_each(self, wire: Wire, streams: Sequence[Stream], frames: Frames) -> int:
        """Write *wire* to those of *streams* whose readers it concerns; returns how many took it."""
        given = 0
        for stream in streams:
            told = stream.reader.hears(wire) if wire.offset > stream.after else None
            event = frame(frames, wire, stream.format, told) if told else None
            if event and self._given(stream, wire.offset, event):
                given += 1
            elif event:
                self._cut(stream)
        return given

    def _given(self, stream: Stream, offset: int, event: Event) -> bool:
        if stream.held is None:
            return stream.write(event)
        stream.held.append((offset, event))
        return len(stream.held) <= HELD_FRAMES

    def _cut(self, stream: Stream) -> None:
        log.info("stream_cut", kind=self.kind, reader=stream.reader.key)
        self.leave(stream)
        stream.cut()

    async def beat(self) -> None:
        """A comment to every stream, every fifteen seconds, so that no proxy thinks a connection dead."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            async for part in in_breaths([stream for reader in self.readers.values() for stream in reader.streams]):
                for stream in part:
                    if stream.held is None and not stream.write(HEARTBEAT):
                        self._cut(stream)

    # Who listens

    def join(self, reader: Reader, format_: Format, send: Send, *, hears_states: bool = False) -> Stream:
        """Register a stream that holds what comes until `released`. What is at or before `position` is past."""
        present = self.readers.setdefault(reader.key, reader)
        stream = Stream(present, format_, send, self.position, hears_states=hears_states)
        present.streams = (*present.streams, stream)
        self._listening.add(stream)
        self._replaying.add(stream)
        self._gauge.inc()
        return stream

    def released(self, stream: Stream, replayed: int) -> bool:
        """Let a stream go live after its replay reached offset *replayed*; False when it was too slow."""
        held, stream.held, stream.after = stream.held or [], None, max(stream.after, replayed)
        return all(stream.write(event) for offset, event in held if offset > replayed)

    def leave(self, stream: Stream) -> None:
        """Forget a stream, and its reader with the last one."""
        reader = stream.reader
        if stream not in reader.streams:
            return
        reader.streams = tuple(other for other in reader.streams if other is not stream)
        self._listening.remove(stream)
        self._replaying.discard(stream)
        self._gauge.dec()
        if not reader.streams and self.readers.get(reader.key) is reader:
            del self.readers[reader.key]

    def end(self, keys: Iterable[str]) -> None:
        """Close the streams of these readers; a browser comes again by itself, and is asked who it is."""
        readers = [reader for key in keys if (reader := self.readers.get(key))]
        for stream in [stream for reader in readers for stream in reader.streams]:
            self.leave(stream)
            stream.cut()

    def change(self, reader: Reader, fresh: Reader) -> None:
        """Give a reader the rules of *fresh*, for all their streams at once."""
        for stream in reader.streams:
            self._listening.remove(stream)
        reader.become(fresh)
        for stream in reader.streams:
            self._listening.add(stream)

    def say(self, reader: Reader, content: bytes) -> None:
        """Tell a reader's streams how the inbox stands; one that replays hears it when it has caught up."""
        event = body(content)
        for stream in reader.streams:
            if stream.hears_states and not self._given(stream, AFTER_ALL, event):
                self._cut(stream)
