"""The records of the log in SQLite: each function is one job on a connection.

A place (a topic's partition) has a number; a record's rowid is that number shifted above its offset, so one
B-tree holds everything in reading order and no second index is written. Offsets are never used again: what
compaction and trimming leave are holes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from shared.envelope import Headers
from shared.log import NewRecord, Place, Record, Topic

SHIFT = 40
FETCH_BYTES = 16_000_000
"""A fetch stops here even below its limit, so that large records cannot fill the memory."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (name TEXT PRIMARY KEY, compacted INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (
  id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL DEFAULT 0,
  UNIQUE (topic, partition));
CREATE TABLE IF NOT EXISTS records (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, time REAL NOT NULL, headers BLOB NOT NULL, value BLOB);
CREATE TABLE IF NOT EXISTS groups (name TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
  grp TEXT NOT NULL, member TEXT NOT NULL, topics TEXT, expires REAL NOT NULL,
  PRIMARY KEY (grp, member)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
  grp TEXT NOT NULL, place INTEGER NOT NULL, member TEXT NOT NULL, epoch INTEGER NOT NULL,
  PRIMARY KEY (grp, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commits (
  grp TEXT NOT NULL, place INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (grp, place)) WITHOUT ROWID;
"""


@dataclass(slots=True)
class Sight:
    """What a process knows of the file: the places, the end of each, and each group's generation."""

    version: int = -1
    ids: dict[Place, int] = field(default_factory=dict)
    partitions: dict[str, list[int]] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    generations: dict[str, int] = field(default_factory=dict)


def create_schema(connection: sqlite3.Connection) -> None:
    """Make the tables where they are missing."""
    for statement in filter(str.strip, SCHEMA.split(";")):
        connection.execute(statement)


def create_topics(connection: sqlite3.Connection, topics: Sequence[Topic]) -> bool:
    """Make those that are missing; whether there were any."""
    created = False
    for topic in topics:
        added = connection.execute("INSERT OR IGNORE INTO topics VALUES (?, ?)", (topic.name, topic.compacted))
        if added.rowcount:
            rows = ((topic.name, partition) for partition in range(topic.partitions))
            connection.executemany("INSERT INTO places (topic, partition) VALUES (?, ?)", rows)
            created = True
    return created


def look(connection: sqlite3.Connection, version: int) -> Sight | None:
    """What the file holds now, or None when nobody has written since *version*."""
    (now,) = connection.execute("PRAGMA data_version").fetchone()
    if now == version:
        return None
    sight = Sight(version=now)
    for place, topic, partition, end in connection.execute(
        "SELECT id, topic, partition, next FROM places ORDER BY topic, partition"
    ):
        sight.ids[topic, partition] = place
        sight.partitions.setdefault(topic, []).append(place)
        sight.ends[place] = end
    sight.generations = dict(connection.execute("SELECT name, generation FROM groups"))
    return sight


def append(connection: sqlite3.Connection, records: Iterable[tuple[int, NewRecord]], time: float) -> list[int]:
    """Write the records, each with its place's number; the offset of each."""
    ends: dict[int, int] = {}
    rows = []
    for place, record in records:
        offset = ends[place] if place in ends else _end(connection, place)
        ends[place] = offset + 1
        rows.append((place << SHIFT | offset, record.key, time, _packed(record.headers), record.value))
    connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)
    connection.executemany("UPDATE places SET next = ? WHERE id = ?", ((end, place) for place, end in ends.items()))
    return [row[0] & ((1 << SHIFT) - 1) for row in rows]


def _end(connection: sqlite3.Connection, place: int) -> int:
    end: int = connection.execute("SELECT next FROM places WHERE id = ?", (place,)).fetchone()[0]
    return end


@dataclass(slots=True)
class Span:
    """A stretch of a place to read: from `start` up to `end`, as far as the limit reaches."""

    place: Place
    id: int
    start: int
    end: int


def read(connection: sqlite3.Connection, spans: Sequence[Span], limit: int) -> list[Record]:
    """Up to *limit* records of the spans; moves each span's start to what is to be read next."""
    records: list[Record] = []
    size = 0
    for span in spans:
        rows = connection.execute(
            "SELECT id, key, time, headers, value FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
            (span.id << SHIFT | span.start, span.id << SHIFT | span.end, limit - len(records)),
        )
        for row in rows:
            record = _record(span.place, *row)
            records.append(record)
            span.start = record.offset + 1
            size += len(row[3]) + len(row[4] or b"")
            if len(records) >= limit or size >= FETCH_BYTES:
                return records
        span.start = span.end  # what is missing before the end was compacted or trimmed away
    return records


def _record(place: Place, id: int, key: str, time: float, headers: bytes, value: bytes | None) -> Record:
    taken = datetime.fromtimestamp(time, UTC)
    return Record(*place, id & ((1 << SHIFT) - 1), key, _unpacked(headers), value, taken)


def _packed(headers: Headers) -> bytes:
    """JSON, so that the file can be read by eye; Latin-1 carries any byte there and back."""
    return orjson.dumps([(name, content.decode("latin-1")) for name, content in headers])


def _unpacked(headers: bytes) -> Headers:
    return tuple((name, content.encode("latin-1")) for name, content in orjson.loads(headers))
