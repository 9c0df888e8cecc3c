"""The two transactions in which a message can be handled: what people wait for, and what comes after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from shared.envelope import Envelope, UnreadableMessage, decode
from shared.inbox import Noted, finished
from shared.log import Record

Handler = Callable[[AsyncSession, Sequence[Envelope]], Awaitable[None]]


class Arrival(NamedTuple):
    """A message, and the record that brought it."""

    record: Record
    message: Envelope


class Step(NamedTuple):
    """One of the two: how it is noted that messages come to it, which of them do, and who handles a topic's."""

    note: Callable[[AsyncSession, Sequence[Arrival]], Awaitable[Noted]]
    handlers: Callable[[str], list[Handler]]


async def noted_as_finished(session: AsyncSession, arrivals: Sequence[Arrival]) -> Noted:
    """How the second is noted."""
    return await finished(session, [arrival.message.id for arrival in arrivals])


@dataclass(slots=True)
class Batch:
    """Records in the order of the log, and what they hold: messages, or a reason why there is none."""

    records: list[Record] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    unreadable: list[tuple[Record, str]] = field(default_factory=list)

    def read(self, records: Sequence[Record]) -> None:
        """Take *records*, which come next."""
        self.records += records
        for record in records:
            try:
                message = decode(record.topic, record.key, record.headers, record.value)
                self.arrivals.append(Arrival(record, message))
            except UnreadableMessage as error:
                self.unreadable.append((record, error.detail))
