"""The marks that every copy needs, handed straight to the driver.

A newsletter of 10,000 copies writes them a thousand times in two seconds. As two statements in a session's transaction
they took more of the processor than SMTP and the writing of the mails together.

On PostgreSQL one statement does all. On SQLite a row that a statement returns costs the thread the interpreter, which
the loop holds: so what may begin is asked for as one value, and the one writer's transaction keeps it true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from shared import clock
from shared.direct import Direct

# The state is said as what it is not: asked for 'pending', SQLite walks the index of all that is pending.
_MAY_BEGIN = """holder = {holder} AND deliveries.state NOT IN ('sending', 'sent', 'refused')
  AND (kind <> 'newsletter' OR EXISTS (
    SELECT 1 FROM issues WHERE issues.id = deliveries.thing AND issues.status IN ('sending', 'sent')))"""
_EDITION = """CASE WHEN repeated THEN edition ELSE COALESCE(
    (SELECT corrected FROM issues WHERE issues.id = deliveries.thing), 0) END"""

_POSTGRES = f"""
UPDATE deliveries SET
  state = given.state,
  holder = CASE given.state WHEN 'sent' THEN '' ELSE holder END,
  reason = CASE given.state WHEN 'sent' THEN '' ELSE reason END,
  sent_at = CASE given.state WHEN 'sent' THEN CAST($4 AS timestamptz) ELSE sent_at END,
  told = CASE given.state WHEN 'sent' THEN given.told ELSE deliveries.told END,
  edition = CASE given.state WHEN 'sent' THEN edition ELSE {_EDITION} END
FROM unnest(CAST($1 AS bigint[]), CAST($2 AS text[]), CAST($3 AS text[])) AS given(number, state, told)
WHERE deliveries.number = given.number
  AND (given.state = 'sent' OR ({_MAY_BEGIN.format(holder="CAST($5 AS text)")}))
RETURNING deliveries.number, deliveries.state, deliveries.edition
"""  # noqa: S608 (only our own words)
_SENT = """
UPDATE deliveries SET state = 'sent', holder = '', reason = '', sent_at = ?2, told = given.value
FROM json_each(?1) AS given WHERE deliveries.number = CAST(given.key AS INTEGER)
"""
_WHICH = f"""
SELECT json_group_array(json_array(number, {_EDITION})) FROM deliveries
WHERE number IN (SELECT value FROM json_each(?1)) AND {_MAY_BEGIN.format(holder="?2")}
"""  # noqa: S608
_SENDING = """
UPDATE deliveries SET state = 'sending', edition = given.value ->> 1
FROM json_each(?1) AS given WHERE deliveries.number = given.value ->> 0
"""


async def mark(direct: Direct, holder: str, *, sent: Mapping[int, str], following: Sequence[int]) -> dict[int, int]:
    """Mark copies as taken by the other side, each with what it told, and others as begun; committed when it answers.

    Returns those that may begin: held by us still, not begun, their issue not paused. Each with its edition: the
    corrections that its issue has now, or, where it may have gone before, had then.
    """
    if direct.is_sqlite:
        return await direct.on_sqlite(partial(_mark, holder=holder, sent=sent, following=following))
    states = ["sent"] * len(sent) + ["sending"] * len(following)
    told = [*sent.values(), *([""] * len(following))]
    rows = await direct.on_postgresql(_POSTGRES, [*sent, *following], states, told, clock.now(), holder)
    return {number: edition for number, state, edition in rows if state == "sending"}


def _mark(connection: Any, *, holder: str, sent: Mapping[int, str], following: Sequence[int]) -> dict[int, int]:
    if sent:
        told = orjson.dumps(sent, option=orjson.OPT_NON_STR_KEYS).decode()
        connection.execute(_SENT, (told, f"{clock.now():%Y-%m-%d %H:%M:%S.%f}"))
    if not following:
        return {}
    [which] = connection.execute(_WHICH, (orjson.dumps(following).decode(), holder)).fetchone()
    connection.execute(_SENDING, (which,))
    return dict(orjson.loads(which))
