"""The inbox: a message is handled once, because its row here commits with its effect.

A message that something comes after is `begun` until that has been committed too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, Table, Text, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.db import UtcDateTime, is_among, kernel, listed
from shared.log import Record
from shared.made import Made
from shared.rows import insert_rows

inbox = Table(
    "inbox",
    kernel,
    Column("message_id", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("logged_at", UtcDateTime, nullable=False, comment="when the log took it"),
    Column("handled_at", UtcDateTime, nullable=False, index=True),
    Column("outcome", Text, nullable=False, comment="handled, begun or parked"),
)


def _begun(dialect: str) -> ColumnElement[bool]:
    return and_(is_among(dialect, inbox.c.message_id, "ids"), inbox.c.outcome == "begun")


_BEGUN = Made(lambda dialect: select(inbox.c.message_id).where(_begun(dialect)))
_FINISHED = Made(
    lambda dialect: update(inbox).where(_begun(dialect)).values(outcome="handled").returning(inbox.c.message_id)
)


async def once(
    session: AsyncSession, arrivals: Sequence[tuple[str, Record]], *, begun: Collection[str] = ()
) -> set[str]:
    """Note each (message id, record) as handled, those of *begun* as begun; returns the ids that were not noted before.

    The caller's effects for those ids must be in the same transaction.
    """
    moment = clock.now()
    rows = {
        message_id: {
            "message_id": message_id, "topic": record.topic, "partition": record.partition, "offset": record.offset,
            "logged_at": record.time, "handled_at": moment, "outcome": "begun" if message_id in begun else "handled",
        }
        for message_id, record in arrivals
    }  # fmt: skip
    if not rows:
        return set()
    noted = await insert_rows(session, inbox, list(rows.values()), "ON CONFLICT DO NOTHING RETURNING message_id")
    return {message_id for (message_id,) in noted}


async def begun_among(session: AsyncSession, message_ids: Sequence[str]) -> set[str]:
    """Those of which only the beginning has been done."""
    found = await _BEGUN.rows(session, {"ids": listed(session, message_ids)})
    return {message_id for (message_id,) in found}


async def finished(session: AsyncSession, message_ids: Sequence[str]) -> set[str]:
    """Note what was begun as handled; returns the ids that were begun.

    The effects of what comes after, for those ids, must be in the same transaction.
    """
    done = await _FINISHED.rows(session, {"ids": listed(session, message_ids)})
    return {message_id for (message_id,) in done}


async def mark_parked(session: AsyncSession, message_ids: Sequence[str], outcome: str = "parked") -> None:
    """Say that these were taken but not handled: they wait as dead letters (or, `handled`, no longer do)."""
    await session.execute(update(inbox).where(inbox.c.message_id.in_(message_ids)).values(outcome=outcome))


async def arrival_of(session: AsyncSession, message_id: str) -> dict[str, object] | None:
    """When and how this service took one message, or None when it has not."""
    row = (await session.execute(select(inbox).where(inbox.c.message_id == message_id))).mappings().first()
    return dict(row) if row else None


async def forget_before(session: AsyncSession, moment: object) -> None:
    """Drop rows of messages handled before *moment*: longer ago than the log can deliver again."""
    await session.execute(delete(inbox).where(inbox.c.handled_at < moment))
