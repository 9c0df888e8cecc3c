"""The log: topics of records, ordered within a partition, read by consumer groups.

What every implementation keeps (tests/log holds each to it):
1. `append` returns after the records are durable; records of one key keep the order of the calls.
2. A group's members share the partitions; each partition has at most one owner at a time.
3. Reading is at least once: what was fetched and not committed is fetched again by the partition's next owner.
4. A commit by a member that has lost the partition is refused (`NotOwner`), never applied.
5. `fetch` returns at most what was asked for, and holds no more than that in memory a partition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.envelope import Headers
from shared.errors import Problem, Unavailable

if TYPE_CHECKING:
    from shared.config import Settings

KEPT = timedelta(days=30)
"""How long a published topic, unless compacted, keeps its records; dead letters stay until dealt with."""

MAX_RECORD_BYTES = 900_000
"""Largest key + headers + value accepted, below Kafka's default limit of 1 MiB a request."""


class RecordTooLarge(Problem):
    """The message is larger than the log accepts; store the content and send its address."""

    status = 413
    title = "The message is too large"


class UnknownTopic(Problem):
    """The topic does not exist; it is created by the deployment, never by accident."""

    status = 500
    title = "Unknown topic"


class NotOwner(Problem):
    """The partition belongs to another member of the group by now; drop the batch, it comes again there."""

    status = 409
    title = "The partition moved"


class LogAway(Unavailable):
    """The log does not answer; what was written is kept and sent when it is back."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic to be created: its name, partitions, and whether only the newest record of a key is kept.

    `config` holds Kafka's own settings of the topic, over ours; the embedded log has no use for them.
    """

    name: str
    partitions: int = 6
    compacted: bool = False
    config: Mapping[str, str] = field(default_factory=dict, hash=False)


class NewRecord(NamedTuple):
    """A record to append. `value` None is a tombstone."""

    topic: str
    key: str
    headers: Headers
    value: bytes | None

    @property
    def size(self) -> int:
        """Bytes of key, headers and value together."""
        headers = sum(len(name) + len(content) for name, content in self.headers)
        return len(self.key.encode()) + headers + len(self.value or b"")


class Record(NamedTuple):
    """A record as read. `time` is when the log took it."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: Headers
    value: bytes | None
    time: datetime


Place = tuple[str, int]
"""A topic and one of its partitions."""


class Subscription(Protocol):
    """One member of a consumer group. Not safe for concurrent use: one loop owns it."""

    async def fetch(self, *, limit: int, timeout: float) -> list[Record]:
        """Up to *limit* records, waiting up to *timeout* seconds for the first. Empty when none came.

        Raises LogAway when the log cannot be read; call again after a pause.
        """
        ...

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Say that everything before each offset is done (the next offset to read, as in Kafka).

        Raises NotOwner when a partition moved away meanwhile, LogAway when the log does not answer.
        """
        ...

    async def lag(self) -> dict[Place, int]:
        """Records not yet committed, as far as the log has said, for each partition this member owns."""
        ...

    async def close(self) -> None:
        """Leave the group at once, so that the others need not wait for a time-out."""
        ...


class EventLog(Protocol):
    """The log as a service sees it."""

    async def start(self) -> None:
        """Open the log. Raises LogAway."""
        ...

    async def stop(self) -> None:
        """Flush and close."""
        ...

    async def create_topics(self, topics: Sequence[Topic]) -> None:
        """Create those that do not exist; leave the others alone."""
        ...

    async def topics(self) -> set[str]:
        """The names of all topics that exist."""
        ...

    async def append(self, records: Sequence[NewRecord]) -> list[tuple[Place, int]]:
        """Append durably (acknowledged by all replicas); returns each record's place and offset, in order.

        Raises RecordTooLarge before anything is sent, UnknownTopic, LogAway. After LogAway some may have been
        appended: appending all again is safe, because readers know a message by its id.
        """
        ...

    async def subscribe(self, *, group: str, topics: Sequence[str] | None, linger: float = 0.0) -> Subscription:
        """Join *group*. None reads every topic of the form `service.things`, also those created later.

        A group that has committed nothing begins at the earliest record. What comes may be kept back for *linger*
        seconds, so that it comes together and the reader is woken once.
        """
        ...


def is_published(topic: str) -> bool:
    """Whether *topic* is one that a service publishes (`service.things`), not a dead-letter topic."""
    return topic.count(".") == 1


def refuse_too_large(records: Sequence[NewRecord]) -> None:
    """Raises RecordTooLarge, with the size and the limit, if a record is larger than a log accepts."""
    for record in records:
        if record.size > MAX_RECORD_BYTES:
            raise RecordTooLarge(
                f"The message with key {record.key!r} for {record.topic} has {record.size:,} bytes;"
                f" the log takes {MAX_RECORD_BYTES:,}. Store the content and send its address."
            )


def open_log(settings: Settings) -> EventLog:
    """The log that the settings choose, not started. Only the chosen one is imported: each costs memory."""
    if settings.kafka:
        from shared.log.kafka import KafkaLog

        return KafkaLog(settings.kafka)
    from shared.log.sqlite import SqliteLog

    return SqliteLog(settings.data / "log.sqlite")
