"""The inbox: a message is handled once, because its row here commits with its effect.

A message that something comes after is `begun` until that has been committed too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Table,
    Text,
    and_,
    delete,
    literal_column,
    select,
    update,
)
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


class Noted(NamedTuple):
    """The answer of one statement, so that nearly always nobody need ask which keys are parked."""

    ids: set[str]
    """Messages that this step has to handle."""
    any_parked: bool
    """Whether any key is parked; only said where there are `ids`."""


def _begun(dialect: str) -> ColumnElement[bool]:
    return and_(is_among(dialect, inbox.c.message_id, "ids"), inbox.c.outcome == "begun")


_BEGUN = Made(lambda dialect: select(inbox.c.message_id).where(_begun(dialect)))
_ANY_PARKED = "EXISTS (SELECT 1 FROM parked_keys)"
"""The table is that of shared/dead_letters.py, which imports this."""
_ONLY_NEW = f"ON CONFLICT DO NOTHING RETURNING message_id, {_ANY_PARKED}"
_FINISHED = Made(
    lambda dialect: (
        update(inbox)
        .where(_begun(dialect))
        .values(outcome="handled")
        .returning(inbox.c.message_id, literal_column(_ANY_PARKED).label("any_parked"))
    )
)


async def once(session: AsyncSession, arrivals: Sequence[tuple[str, Record]], *, begun: Collection[str] = ()) -> Noted:
    """Note each (message id, record) as handled, those of *begun* as begun; returns those that were not noted before.

    The caller's effects for those must be in the same transaction.
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
        return Noted(set(), any_parked=False)
    return _noted(await insert_rows(session, inbox, list(rows.values()), _ONLY_NEW))


def _noted(rows: Sequence[Any]) -> Noted:
    return Noted({message_id for message_id, _ in rows}, any(is_parked for _, is_parked in rows))


async def begun_among(session: AsyncSession, message_ids: Sequence[str]) -> set[str]:
    """Those of which only the beginning has been done."""
    found = await _BEGUN.rows(session, {"ids": listed(session, message_ids)})
    return {message_id for (message_id,) in found}


async def finished(session: AsyncSession, message_ids: Sequence[str]) -> Noted:
    """Note what was begun as handled; returns those that were begun.

    The effects of what comes after, for those, must be in the same transaction.
    """
    return _noted(await _FINISHED.rows(session, {"ids": listed(session, message_ids)}))


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
