"""What the log in SQLite forgets: compaction and trimming, on their own connection, a few rows at a time.

What to delete is found by reading, which holds nobody up; only each small deletion takes the write lock. A
record that was superseded when it was found stays superseded, so nothing needs to be checked again.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import takewhile
from pathlib import Path

from shared.log import is_published
from shared.log.sqlite.records import SHIFT
from shared.log.sqlite.thread import connect

ROWS_AT_ONCE = 500


def compact(path: Path, tombstones_before: float) -> int:
    """Keep the newest record of each key of the compacted topics, without tombstones from before that time.

    Returns how many records went. Afterwards the write-ahead log is emptied: it, too, held what they said.
    """
    with closing(connect(path)) as connection:
        gone = 0
        for place in _places(connection, compacted=True):
            gone += _delete(connection, _superseded(connection, place, tombstones_before))
        if gone:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return gone


def trim(path: Path, before: float) -> int:
    """Delete the records of published, not compacted topics from before that time; how many went."""
    with closing(connect(path)) as connection:
        places = _places(connection, compacted=False)
        return sum(_delete(connection, _old(connection, place, before)) for place in places)


def _places(connection: sqlite3.Connection, *, compacted: bool) -> list[int]:
    rows = connection.execute(
        "SELECT id, topic FROM places JOIN topics ON name = topic WHERE compacted = ?", (compacted,)
    )
    return [place for place, topic in rows if compacted or is_published(topic)]


def _superseded(connection: sqlite3.Connection, place: int, tombstones_before: float) -> list[int]:
    within = {"low": place << SHIFT, "high": (place + 1) << SHIFT, "before": tombstones_before}
    rows = connection.execute(
        "WITH newest AS (SELECT max(id) FROM records WHERE id >= :low AND id < :high GROUP BY key)"
        " SELECT id FROM records WHERE id >= :low AND id < :high"
        " AND (id NOT IN newest OR (value IS NULL AND time < :before)) ORDER BY id",
        within,
    )
    return [id for (id,) in rows]


def _old(connection: sqlite3.Connection, place: int, before: float) -> list[int]:
    rows = connection.execute(
        "SELECT id, time FROM records WHERE id >= ? AND id < ? ORDER BY id",
        (place << SHIFT, (place + 1) << SHIFT),
    )
    old = [id for id, _ in takewhile(lambda row: row[1] < before, rows)]
    rows.close()
    return old


def _delete(connection: sqlite3.Connection, ids: list[int]) -> int:
    for first in range(0, len(ids), ROWS_AT_ONCE):
        connection.execute("BEGIN IMMEDIATE")
        rows = ((id,) for id in ids[first : first + ROWS_AT_ONCE])
        connection.executemany("DELETE FROM records WHERE id = ?", rows)
        connection.execute("COMMIT")
    return len(ids)
