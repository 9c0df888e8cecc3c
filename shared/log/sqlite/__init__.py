"""The embedded log: a durable log in one SQLite file, for one process or several on one machine.

1. Nothing blocks the event loop: one thread writes, one reads, each with its own connection.
2. An append is acknowledged when its transaction is on the disk. Appends that wait together share one.
3. Subscribers in this process are woken by the append and read from memory what it wrote (`tail`); what other
   processes do is seen by polling (`poll`).
4. Offsets are handed out inside the write transaction, and a reader never reads past an end it saw committed:
   an offset that was skipped is a hole for ever, never a record that appears later.

`records` holds the table and its jobs, `groups` the membership, `compaction` what is forgotten.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

from shared.log import KEPT, LogAway, NewRecord, Place, Topic, UnknownTopic, refuse_too_large
from shared.log.sqlite import compaction, groups, records
from shared.log.sqlite.subscription import SqliteSubscription
from shared.log.sqlite.tail import Tail
from shared.log.sqlite.thread import ConnectionThread


class SqliteLog:
    """See `shared.log.EventLog`. Times in seconds.

    *session_timeout*: a member that is not heard of for so long is dead, and its places go to the others.
    *poll*: how soon another process's writes are seen. *tidy_every*: between compactions (and trimmings).
    *tombstones_kept*: how long a tombstone stays, so that every reader can see it.
    """

    def __init__(
        self, path: Path, *, session_timeout: float = 3.0, poll: float = 0.05, tidy_every: float = 600.0,
        tombstones_kept: timedelta = timedelta(days=1),
    ) -> None:  # fmt: skip
        self.path = path
        self.reader = ConnectionThread(path, writes=False)
        self.writer = ConnectionThread(path, writes=True)
        self._lease = session_timeout
        self._tombstones_kept = tombstones_kept
        self._sight = records.Sight()
        self.tail = Tail()
        self._names: dict[int, Place] = {}
        self._subscriptions: dict[SqliteSubscription, None] = {}
        self._chores = ((poll, self._look), (session_timeout / 3, self._beat), (tidy_every, self._tidy))
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """See `shared.log.EventLog`."""
        try:
            await asyncio.to_thread(self.path.parent.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            raise LogAway(f"The log's folder {self.path.parent} cannot be made: {error.strerror}.") from error
        await self.writer.start()
        await self.writer.do(records.create_schema)
        await self.reader.start()
        await self._look()
        self._tasks = [asyncio.create_task(_again(every, chore)) for every, chore in self._chores]

    async def stop(self) -> None:
        """See `shared.log.EventLog`. Leaves every group it is still a member of."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for subscription in list(self._subscriptions):
            with suppress(LogAway):
                await subscription.close()
        await self.writer.stop()
        await self.reader.stop()

    async def create_topics(self, topics: Sequence[Topic]) -> None:
        """See `shared.log.EventLog`."""
        await self.writer.do(partial(_create, topics=topics))
        await self._look()

    async def topics(self) -> set[str]:
        """See `shared.log.EventLog`."""
        await self._look()
        return set(self._sight.partitions)

    async def append(self, records_: Sequence[NewRecord]) -> list[tuple[Place, int]]:
        """See `shared.log.EventLog`."""
        refuse_too_large(records_)
        await self._know({record.topic for record in records_})
        placed = [(self._placed(record), record) for record in records_]
        moment = time.time()
        offsets = await self.writer.do(partial(records.append, records=placed, time=moment))
        written = [
            (place, self._names[place], offset, new) for (place, new), offset in zip(placed, offsets, strict=True)
        ]
        self.tail.add(written, moment)
        self._see_ends({place: offset + 1 for place, _, offset, _ in written})
        return [(name, offset) for _, name, offset, _ in written]

    async def subscribe(self, *, group: str, topics: Sequence[str] | None, linger: float = 0.0) -> SqliteSubscription:
        """See `shared.log.EventLog`."""
        await self._know(topics or ())
        member = groups.Member(group, uuid.uuid4().hex, None if topics is None else tuple(topics))
        subscription = SqliteSubscription(self, member, linger)
        self._subscriptions[subscription] = None
        await self._beat()
        return subscription

    async def leave(self, subscription: SqliteSubscription) -> None:
        """Take the subscription out of its group."""
        if subscription in self._subscriptions:
            del self._subscriptions[subscription]
            await self.writer.do(partial(groups.leave, member=subscription.member))
            await self._look()

    async def compact(self) -> int:
        """Keep only the newest record of each key in compacted topics; how many records went."""
        before = time.time() - self._tombstones_kept.total_seconds()
        return await self._apart(compaction.compact, before)

    async def trim(self, older_than: timedelta) -> int:
        """Forget what is older in the published topics that are not compacted; how many records went."""
        before = time.time() - older_than.total_seconds()
        return await self._apart(compaction.trim, before)

    def place(self, number: int) -> Place:
        """The topic and partition with that number."""
        return self._names[number]

    def is_known(self, number: int) -> bool:
        """Whether the place has been seen; one that another process just made is seen at the next look."""
        return number in self._names

    def number(self, place: Place) -> int:
        """The number of a topic and partition; -1 where there is none."""
        return self._sight.ids.get(place, -1)

    def end(self, number: int) -> int:
        """The offset that the next record there will have, as last seen."""
        return self._sight.ends.get(number, 0)

    def generation(self, group: str) -> int:
        """Counts how often the group's places were shared, as last seen."""
        return self._sight.generations.get(group, 0)

    def _placed(self, record: NewRecord) -> int:
        places = self._sight.partitions[record.topic]
        return places[crc32(record.key.encode()) % len(places)]

    async def _know(self, topics: set[str] | Sequence[str]) -> None:
        if any(topic not in self._sight.partitions for topic in topics):
            await self._look()
        for topic in topics:
            if topic not in self._sight.partitions:
                raise UnknownTopic(f"There is no topic {topic!r}; the deployment creates it before it is used.")

    def _see_ends(self, ends: dict[int, int]) -> None:
        known = self._sight.ends
        for place, end in ends.items():
            known[place] = max(end, known.get(place, 0))
        for subscription in self._subscriptions:
            subscription.wake(ends)

    async def _look(self) -> None:
        seen = await self.reader.do(partial(records.look, version=self._sight.version))
        if seen is None:
            return
        ends, known = seen.ends, self._sight.ends
        seen.ends = known
        self._sight = seen
        self._names = {number: place for place, number in seen.ids.items()}
        self._see_ends({place: end for place, end in ends.items() if end > known.get(place, -1)})

    async def _beat(self) -> None:
        members = [subscription.member for subscription in self._subscriptions]
        beat = partial(groups.beat, members=members, now=time.monotonic(), lease=self._lease)
        if await self.writer.do(beat):
            await self._look()

    async def _tidy(self) -> None:
        await self.compact()
        await self.trim(KEPT)

    async def _apart(self, job: Callable[[Path, float], int], before: float) -> int:
        try:
            return await asyncio.to_thread(job, self.path, before)
        except sqlite3.Error as error:
            raise LogAway(f"The log at {self.path} cannot be tidied: {error}.") from error
        finally:
            self.tail.forget()


def _create(connection: sqlite3.Connection, topics: Sequence[Topic]) -> None:
    if records.create_topics(connection, topics):
        groups.share_all(connection)


async def _again(every: float, chore: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do the chore for ever. While the log is away it is tried again; those who read or write hear of it."""
    while True:
        await asyncio.sleep(every)
        with suppress(LogAway):
            await chore()
