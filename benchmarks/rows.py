"""Rows that one change writes, counted in every table of every database, for networks of very different sizes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import httpx

from benchmarks.figures import Figure
from benchmarks.whole import World, populated, whole
from tests.flows.system import System, wait_until_settled

SIZES = (10, 1_000, 100_000)
NOT_A_CHANGE_S = ("networks_words", "alerts_words", "tellings")
"""Indexes of words keep rows of their own kind; how fast people were told is counted once a day for all changes."""
MEMBERS = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :size)
    INSERT INTO audience_members (audience, person_id, source, route, revision, active, since)
    SELECT 'network:' || :network, :network || '-' || n, 'bench', 'member', 1, 1, '2020-01-01 00:00:00.000000'
    FROM numbers
"""


def measure() -> list[Figure]:
    """One number of rows for each size; the aim is that they are the same."""
    with whole() as system:
        world = populated(system, networks=len(SIZES), readers=0)
        written = [_written(system, world, place, size) for place, size in enumerate(SIZES)]
    same = len(set(written)) == 1
    return [
        Figure(f"rows of one change, {size:,} members", count, "rows", "the same for all", same)
        for size, count in zip(SIZES, written, strict=True)
    ]


def _written(system: System, world: World, place: int, size: int) -> int:
    """Rows that a network's second change adds; its first has made the item of the newsletter that both share."""
    network = world.networks[place]
    folder = Path(system.env["TIDINGS_DATA"])
    with closing(sqlite3.connect(folder / "notifications.db", timeout=30)) as database, database:
        database.execute(MEMBERS, {"size": size, "network": network})
    return written_by_one_change(system, world.staff, network)


def written_by_one_change(system: System, token: str, network: str) -> int:
    """Rows that a network's second change adds, in all databases."""
    folder = Path(system.env["TIDINGS_DATA"])
    _change(system, token, network, 1)
    before = _rows(folder)
    _change(system, token, network, 2)
    return (_rows(folder) - before).total()


def _change(system: System, token: str, network: str, population: int) -> None:
    headers = {"authorization": f"Bearer {token}"}
    changed = httpx.patch(
        f"{system.url}/api/networks/{network}", json={"population": population}, headers=headers, timeout=30
    )
    changed.raise_for_status()
    wait_until_settled(system)


def _rows(folder: Path) -> Counter[str]:
    """Table → rows, over all databases, the log's included."""
    counts: Counter[str] = Counter()
    for path in folder.glob("*.db"):
        with closing(sqlite3.connect(path, timeout=30)) as database:
            tables = database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'"
            )
            for (table,) in tables.fetchall():
                if not table.startswith(NOT_A_CHANGE_S):
                    (count,) = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()
                    counts[f"{path.stem}.{table}"] = count
    return counts
