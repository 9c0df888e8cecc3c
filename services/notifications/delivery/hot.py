"""The two statements that run for every copy, as text that is compiled once.

A newsletter of 10,000 copies runs them some five hundred times in a few seconds. Built as expressions each time, they
took more of the processor than SMTP and the writing of the mails together (a profile showed 1,100 of 2,900 samples).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy import BigInteger, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.db import UtcDateTime, listed

_THESE = {
    "sqlite": "number IN (SELECT value FROM json_each(:numbers))",
    "postgresql": "number = ANY(:numbers)",
}
_SENT = """
UPDATE deliveries SET state = 'sent', holder = '', reason = '', sent_at = :now, told = given.value
FROM {pairs} AS given WHERE deliveries.number = CAST(given.key AS {integer})
"""
_PAIRS = {
    "sqlite": {"pairs": "json_each(:told)", "integer": "INTEGER"},
    "postgresql": {"pairs": "jsonb_each_text(CAST(:told AS jsonb))", "integer": "BIGINT"},
}
# The state is said as what it is not: asked for 'pending', SQLite walks the index of all that is pending.
_SENDING = """
UPDATE deliveries SET state = 'sending', edition = CASE WHEN repeated THEN edition ELSE COALESCE(
  (SELECT corrected FROM issues WHERE issues.id = deliveries.thing), 0) END
WHERE {these} AND holder = :holder AND state NOT IN ('sending', 'sent', 'refused')
AND (kind <> 'newsletter' OR EXISTS (
  SELECT 1 FROM issues WHERE issues.id = deliveries.thing AND issues.status IN ('sending', 'sent')))
RETURNING number, edition
"""


def _compiled(statement: str, dialect: str) -> TextClause:
    known = [bindparam("numbers", type_=ARRAY(BigInteger))] if dialect == "postgresql" else []
    return text(statement.format(these=_THESE[dialect])).bindparams(*known)


_MARK_SENT = {
    dialect: text(_SENT.format(**pairs)).bindparams(bindparam("now", type_=UtcDateTime()))
    for dialect, pairs in _PAIRS.items()
}
_MARK_SENDING = {dialect: _compiled(_SENDING, dialect) for dialect in _THESE}


async def mark_sending(session: AsyncSession, holder: str, numbers: Sequence[int]) -> dict[int, int]:
    """Mark copies as begun; returns those that may be: held by us still, not begun, their issue not paused.

    Each with its edition: the corrections that its issue has now, or, where it may have gone before, had then.
    """
    if not numbers:
        return {}
    dialect = session.get_bind().dialect.name
    values = {"numbers": listed(dialect, numbers), "holder": holder}
    return {row.number: row.edition for row in await session.execute(_MARK_SENDING[dialect], values)}


async def mark_sent(session: AsyncSession, told: Mapping[int, str]) -> None:
    """Mark copies, by their numbers, as taken by the other side, each with what it told."""
    if told:
        items = orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS).decode()
        await session.execute(_MARK_SENT[session.get_bind().dialect.name], {"now": clock.now(), "told": items})
