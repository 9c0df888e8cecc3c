"""Settling: what the marks say, brought into the copies themselves, hundreds at a time.

Invariants:
1. Marks are taken out in the transaction that brings them in, and one settles at a time: nothing is lost, and what
   came first is never written over what came later.
2. After it the copies say all that is known: which were sent, and which were begun and not heard of since. Whoever
   decides by a copy's state what will go to whom (a claim from a sender that is gone, a correction, a bounce, a stop)
   settles first, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import delivery_marks
from shared.db import take_turn

_BRING_IN = """
UPDATE deliveries SET
  state = given.state, edition = given.edition,
  holder = CASE given.state WHEN 'sent' THEN '' ELSE holder END,
  reason = CASE given.state WHEN 'sent' THEN '' ELSE reason END,
  sent_at = CASE given.state WHEN 'sent' THEN given.at ELSE sent_at END,
  told = CASE given.state WHEN 'sent' THEN given.told ELSE deliveries.told END
FROM ({given}) AS given
WHERE deliveries.number = given.number AND (given.state = 'sent' OR deliveries.state NOT IN ('sent', 'refused'))
"""
_POSTGRES = """SELECT * FROM json_to_recordset(CAST(:copies AS json))
  AS one(number bigint, state text, edition integer, told text, at timestamptz)"""
_SQLITE = """SELECT value ->> 'number' AS number, value ->> 'state' AS state, value ->> 'edition' AS edition,
  value ->> 'told' AS told, value ->> 'at' AS at FROM json_each(:copies)"""
_STATEMENTS = {
    "postgresql": text(_BRING_IN.format(given=_POSTGRES)),
    "sqlite": text(_BRING_IN.format(given=_SQLITE)),
}


async def settle(session: AsyncSession, *whose: ColumnElement[bool]) -> None:
    """Bring in all marks, or those of which *whose* is true."""
    await take_turn(session, "delivery-marks")
    taken = delete(delivery_marks).where(*whose).returning(delivery_marks)
    marks = sorted((await session.execute(taken)).all(), key=lambda mark: int(mark.number))
    if marks:
        statement = _STATEMENTS[session.get_bind().dialect.name]
        await session.execute(statement, {"copies": orjson.dumps(_last_of(marks)).decode()})


def _last_of(marks: Sequence[Any]) -> list[dict[str, Any]]:
    """What was said last of each copy."""
    last: dict[str, dict[str, Any]] = {}
    for mark in marks:
        at = _written(mark.at)
        for number, (edition, told) in orjson.loads(mark.sent).items():
            last[number] = {"number": int(number), "state": "sent", "edition": edition, "told": told, "at": at}
        for number, edition in orjson.loads(mark.begun).items():
            last[number] = {"number": int(number), "state": "sending", "edition": edition, "told": "", "at": at}
    return list(last.values())


def _written(moment: datetime) -> str:
    """As SQLite keeps it; PostgreSQL reads the same, with its zone."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f%z}"
