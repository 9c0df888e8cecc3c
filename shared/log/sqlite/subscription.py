"""One member of a group, reading from the log in SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shared.log import NotOwner, Place, Record
from shared.log.sqlite import groups
from shared.log.sqlite.records import Span, read

if TYPE_CHECKING:
    from shared.log.sqlite import SqliteLog


@dataclass(slots=True)
class _Owned:
    """A place of ours: since which epoch, and the offset that is read next."""

    epoch: int
    next: int


class SqliteSubscription:
    """See `shared.log.Subscription`.

    Which places it owns changes only inside `fetch`, so a batch is committed under the epochs it was read in:
    if a place left meanwhile, even if it came back, the commit is refused.
    """

    def __init__(self, log: SqliteLog, member: groups.Member, linger: float) -> None:
        self.member = member
        self._log = log
        self._linger = linger
        self._owned: dict[int, _Owned] = {}
        self._generation = -1
        self._ready: dict[int, None] = {}
        self._woken = asyncio.Event()

    def wake(self, places: Iterable[int]) -> None:
        """Say that there is something new at these places, or another generation."""
        self._ready.update((place, None) for place in places if self._has_more(place))
        if self._ready or self._generation != self._log.generation(self.member.group):
            self._woken.set()

    def _has_more(self, place: int) -> bool:
        """Whether there is something to read: of what was just written the poll may have told before the append."""
        return place in self._owned and self._log.end(place) > self._owned[place].next

    async def fetch(self, *, limit: int, timeout: float) -> list[Record]:
        """See `shared.log.Subscription`."""
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            self._woken.clear()
            if self._generation != self._log.generation(self.member.group):
                await self._take_share()
            if self._ready and (records := await self._gathered(limit)):
                return records
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._woken.wait()
                    continue
            return []

    async def _gathered(self, limit: int) -> list[Record]:
        """What is ready, and what comes while it is kept back; nothing is kept back while there is a batch to read."""
        if self._linger and sum(self._log.end(id) - self._owned[id].next for id in self._ready) < limit:
            await asyncio.sleep(self._linger)
        return await self._read(limit)

    async def _take_share(self) -> None:
        generation = self._log.generation(self.member.group)
        claims = await self._log.reader.do(partial(groups.claims, member=self.member))
        for place, (epoch, start) in claims.items():
            if place not in self._owned or self._owned[place].epoch != epoch:
                self._owned[place] = _Owned(epoch, start)
        for place in self._owned.keys() - claims.keys():
            del self._owned[place]
        self._generation = generation
        self._ready = {place: None for place, owned in self._owned.items() if self._log.end(place) > owned.next}

    async def _read(self, limit: int) -> list[Record]:
        """Read what is ready, the place that waited longest first."""
        spans = [Span(self._log.place(id), id, self._owned[id].next, self._log.end(id)) for id in self._ready]
        records = self._remembered(spans, limit)
        if records is None:
            records = await self._log.reader.do(partial(read, spans=spans, limit=limit))
        for span in spans:
            if span.start == self._owned[span.id].next < span.end:
                continue
            self._owned[span.id].next = span.start
            del self._ready[span.id]
            if span.start < self._log.end(span.id):
                self._ready[span.id] = None
        if self._ready:
            self._woken.set()
        return records

    def _remembered(self, spans: Sequence[Span], limit: int) -> list[Record] | None:
        """The same from memory, or None where the file must be read."""
        found: list[Record] = []
        for span in spans:
            stretch = self._log.tail.stretch(span.id, span.start, span.end)
            if stretch is None or len(found) + len(stretch) > limit:
                return None
            found += stretch
        for span in spans:
            span.start = span.end
        return found

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """See `shared.log.Subscription`. After NotOwner, reading starts again at what was committed."""
        try:
            marks = {self._log.number(place): offset for place, offset in offsets.items()}
            for place, offset in marks.items():
                if place not in self._owned or offset > self._owned[place].next:
                    raise NotOwner
            epochs = {place: (self._owned[place].epoch, offset) for place, offset in marks.items()}
            await self._log.writer.do(partial(groups.commit, member=self.member, offsets=epochs))
        except NotOwner as error:
            self._forget()
            moved = ", ".join(f"{topic}/{partition}" for topic, partition in offsets)
            raise NotOwner(f"{moved}: not all belong to this member of {self.member.group} any more.") from error

    def _forget(self) -> None:
        self._owned.clear()
        self._ready.clear()
        self._generation = -1

    async def lag(self) -> dict[Place, int]:
        """See `shared.log.Subscription`."""
        behind = await self._log.reader.do(partial(groups.lag, member=self.member))
        return {self._log.place(number): count for number, count in behind.items() if self._log.is_known(number)}

    async def close(self) -> None:
        """See `shared.log.Subscription`."""
        self._forget()
        await self._log.leave(self)
