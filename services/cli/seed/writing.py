"""Writing a year at once: one transaction a service, and every message delivered here, in order of time.

Left to the relays and consumers, three services' outboxes would reach the log side by side, and the oversight feed
and the inboxes, which keep the order of arrival, would mix March with October. So the messages of the loaded year
are handed to the services' own handlers here, noted as handled in their inboxes, and appended to the log: what the
running consumers then meet there is a duplicate to them.

Invariant: everything is committed or nothing is, but for a crash between the commits at the very end; the register
commits last, so that a year cut off there is not taken for a loaded one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.cli.composition import Composition
from shared import clock
from shared.config import Settings
from shared.envelope import Envelope, decode
from shared.inbox import inbox
from shared.log import NewRecord, Place
from shared.outbox import outbox
from shared.service import Service

APPENDED_AT_ONCE = 500
TAKEN, HANDLED = timedelta(milliseconds=2), timedelta(milliseconds=6)
"""How long after a change the log took its message, and a service had handled it, where nobody measured."""


class Writing:
    """The open sessions of all services, by name, and what was said in them."""

    def __init__(self, composition: Composition) -> None:
        """Nothing is open yet."""
        self._composition = composition
        self._sessions: dict[str, AsyncSession] = {}
        self._read: dict[str, int] = {}
        self._said: list[tuple[Envelope, NewRecord]] = []

    @property
    def settings(self) -> Settings:
        """The settings that all services share."""
        return self._composition.common.settings

    def session(self, name: str) -> AsyncSession:
        """The session of one service."""
        return self._sessions[name]

    async def open(self, stack: AsyncExitStack) -> None:
        """Begin a transaction in every service; the register, entered first, commits last."""
        for service, parts in self._composition.services:
            self._sessions[service.name] = await stack.enter_async_context(parts.database.transaction())
            self._read[service.name] = 0

    async def deliver(self) -> None:
        """Hand what was said since the last call to every service that listens, and what they say to it."""
        while said := [pair for name in self._sessions for pair in await self._outbox(name)]:
            said.sort(key=lambda pair: pair[0].time)
            self._said += said
            with clock.at(said[-1][0].time + HANDLED):
                for service, _ in self._composition.services:
                    await self._hand(service, [message for message, _ in said])

    async def _hand(self, service: Service, said: Sequence[Envelope]) -> None:
        for subscription in service.subscriptions:
            messages = [message for message in said if subscription.topic in (None, message.topic)]
            if messages:
                await subscription.handler(self._sessions[service.name], messages)
            announced = [message for message in messages if message.announcement]
            if subscription.after and announced:
                await subscription.after(self._sessions[service.name], announced)

    async def finish(self) -> int:
        """Deliver the rest, note it all as handled and append it to the log; returns how many messages.

        Noted before it is appended: a running consumer then waits for our commit and finds a duplicate. The other way
        round it could hold what we are about to write, and wait for what we hold.
        """
        await self.deliver()
        for service, _ in self._composition.services:
            await self._note(service)
        places: list[tuple[Place, int]] = []
        for first in range(0, len(self._said), APPENDED_AT_ONCE):
            records = [record for _, record in self._said[first : first + APPENDED_AT_ONCE]]
            places += await self._composition.common.log.append(records)
        for service, _ in self._composition.services:
            await self._place(service, places)
        for session in self._sessions.values():
            await session.execute(delete(outbox))
            session.info.clear()  # hints for people who are looking: this is not news
        return len(self._said)

    async def _outbox(self, name: str) -> list[tuple[Envelope, NewRecord]]:
        """What one service said and was not yet read here; all of it of this transaction, hence the number will do."""
        query = select(outbox).where(outbox.c.number > self._read[name]).order_by(outbox.c.number)
        rows = (await self._sessions[name].execute(query)).all()
        found = []
        for row in rows:
            headers = tuple((header, content.encode()) for header, content in orjson.loads(row.headers))
            message = decode(row.topic, row.key, headers, row.value)
            found.append((message, NewRecord(row.topic, row.key, headers, row.value)))
            self._read[name] = row.number
        return found

    async def _note(self, service: Service) -> None:
        rows = [
            {
                "message_id": message.id, "topic": message.topic, "partition": 0, "offset": 0, "outcome": "handled",
                "logged_at": message.time + TAKEN, "handled_at": message.time + HANDLED,
            }
            for message, _ in self._said
            if _reads(service, message.topic)
        ]  # fmt: skip
        if rows:
            await self._sessions[service.name].execute(insert(inbox), rows)

    async def _place(self, service: Service, places: Sequence[tuple[Place, int]]) -> None:
        """Say where in the log the messages came to stand."""
        rows: list[dict[str, Any]] = [
            {"known": message.id, "where": partition, "place": offset}
            for (message, _), ((topic, partition), offset) in zip(self._said, places, strict=True)
            if _reads(service, topic)
        ]
        place = update(inbox).where(inbox.c.message_id == bindparam("known"))
        place = place.values(partition=bindparam("where"), offset=bindparam("place"))
        if rows:
            connection = await self._sessions[service.name].connection()
            await connection.execute(place, rows)


def _reads(service: Service, topic: str) -> bool:
    return any(subscription.topic in (None, topic) for subscription in service.subscriptions)


@asynccontextmanager
async def written_at_once(composition: Composition) -> AsyncIterator[Writing]:
    """Write in every service at once; committed when the block ends, undone when it raises."""
    async with AsyncExitStack() as stack:
        year = Writing(composition)
        await year.open(stack)
        yield year
        await year.finish()
