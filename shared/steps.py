"""The two transactions in which a message can be handled: what people wait for, and what comes after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from shared.envelope import Envelope, UnreadableMessage, decode
from shared.inbox import Noted, finished
from shared.log import Record

Handler = Callable[[AsyncSession, Sequence[Envelope]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Arrival:
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


def read(records: Sequence[Record]) -> tuple[list[Arrival], list[tuple[Record, str]]]:
    """The messages of *records*, and the records that hold none, with the reason."""
    arrivals: list[Arrival] = []
    unreadable: list[tuple[Record, str]] = []
    for record in records:
        try:
            arrivals.append(Arrival(record, decode(record.topic, record.key, record.headers, record.value)))
        except UnreadableMessage as error:
            unreadable.append((record, error.detail))
    return arrivals, unreadable
