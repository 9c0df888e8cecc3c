"""The marks that every copy needs, handed straight to the driver.

A newsletter of 10,000 copies writes them a thousand times in two seconds. So a group of copies, some that were taken
and some that begin, is one small row more in `delivery_marks`, which has no index but its number: written into
`deliveries` at once, each copy cost two new versions of its row and of its entries in five indexes. settling.py brings
what the marks say into `deliveries` a little later, hundreds of copies at a time.

Invariants:
1. That a copy begins is committed before its first byte goes.
2. A copy begins only while its sender stands in `senders` and holds it. On PostgreSQL the sender's row is locked until
   the mark is committed, so whoever strikes a sender off (rows.claim) sees all its marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from shared import clock
from shared.direct import Direct

Sent = Mapping[int, tuple[int, str]]
"""Copy → its edition and the items that it told."""

_EDITION = "CASE WHEN repeated THEN edition ELSE COALESCE(corrected, 0) END"
# The state is said as what it is not: asked for 'pending', SQLite walks the index of all that is pending.
_MAY_BEGIN = """deliveries.state NOT IN ('sending', 'sent', 'refused')
  AND (kind <> 'newsletter' OR issues.status IN ('sending', 'sent'))"""
_POSTGRES = f"""
WITH us AS (SELECT id FROM senders WHERE id = CAST($1 AS text) FOR KEY SHARE),
may AS (
  SELECT deliveries.number, {_EDITION} AS edition
  FROM us JOIN deliveries ON deliveries.holder = us.id LEFT JOIN issues ON issues.id = deliveries.thing
  WHERE deliveries.number = ANY(CAST($2 AS bigint[])) AND {_MAY_BEGIN})
INSERT INTO delivery_marks (holder, at, sent, begun)
SELECT $1, $3, $4, COALESCE((SELECT json_object_agg(number, edition) FROM may), '{{}}') RETURNING begun
"""  # noqa: S608 (only our own words)
_SQLITE = f"""
INSERT INTO delivery_marks (holder, at, sent, begun)
SELECT ?1, ?3, ?4, (
  SELECT json_group_object(deliveries.number, {_EDITION})
  FROM deliveries LEFT JOIN issues ON issues.id = deliveries.thing
  WHERE deliveries.number IN (SELECT value FROM json_each(?2)) AND deliveries.holder = ?1 AND {_MAY_BEGIN}
    AND EXISTS (SELECT 1 FROM senders WHERE senders.id = ?1))
RETURNING begun
"""  # noqa: S608
"""Both answer with one value: a row that a statement returns costs the thread the interpreter, which the loop holds."""


async def mark(direct: Direct, holder: str, *, sent: Sent, following: Sequence[int]) -> dict[int, int]:
    """Mark copies as taken by the other side, each with what it told, and others as begun; committed when it answers.

    Returns those that may begin: held by us still, not begun, their issue not paused. Each with its edition: the
    corrections that its issue has now, or, where it may have gone before, had then.
    """
    told = orjson.dumps(sent, option=orjson.OPT_NON_STR_KEYS).decode()
    if direct.is_sqlite:
        now = f"{clock.now():%Y-%m-%d %H:%M:%S.%f}"
        [(begun,)] = await direct.rows(_SQLITE, holder, orjson.dumps(following).decode(), now, told)
    else:
        [(begun,)] = await direct.rows(_POSTGRES, holder, following, clock.now(), told)
    return {int(number): edition for number, edition in orjson.loads(begun).items()}
