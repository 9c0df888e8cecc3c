"""Reading and searching an inbox with much behind it.

The whole system in one process, on SQLite and on PostgreSQL; alerts are written into its database directly, because
nobody waits for a hundred thousand changes. What is measured goes through the gateway, as a program asks.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import asyncpg
import httpx

from benchmarks.figures import Figure, percentile
from benchmarks.whole import World, populated, settings_of, whole
from services.cli.data import transaction
from shared.config import Settings
from tests.flows.system import System

NETWORKS, ALERTS, READS = 50, 100_000, 200
BELONGING = """
    INSERT INTO audience_members (audience, person_id, source, route, revision, active, since)
    SELECT 'network:' || id, '{person}', 'bench-' || id, 'member', 1, true, '2020-01-01 00:00:00.000000' FROM networks
    WHERE true ON CONFLICT DO NOTHING
"""
TOLD = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}),
    known AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM networks)
    INSERT INTO alerts ("offset", message_id, type, headline, category, significance, path, time, network_id,
                        care_group, actor, stored_at)
    SELECT position.value + n, 'bench-' || n, 'networks.bench', 'Change ' || n, 'governance', 'normal', '/networks/x',
           '2026-01-01 00:00:00.000000', known.id, 'cancer', 'bench', '2026-01-01 00:00:00.000000'
    FROM numbers CROSS JOIN position JOIN known ON known.place = n % {networks}
"""
AUDIENCES = """
    INSERT INTO alert_audiences (audience, "offset")
    SELECT 'network:' || network_id, "offset" FROM alerts WHERE type = 'networks.bench'
"""
COUNTED = 'UPDATE position SET value = (SELECT max("offset") FROM alerts)'


def measure() -> list[Figure]:
    """Milliseconds of reads, on both databases."""
    return [*on("SQLite"), *on("PostgreSQL", "POSTGRES")]


def on(where: str, *parts: str) -> list[Figure]:
    """Milliseconds of reads on one of them."""
    with whole(*parts) as system:
        world = populated(system, networks=NETWORKS, readers=1)
        asyncio.run(_fill(settings_of(system)))
        until_caught_up(system, world)
        return _reads(system, world.tokens[0][0], where)


def database_of(system: System) -> sqlite3.Connection:
    """The database of notifications, beside the running system."""
    return sqlite3.connect(Path(system.env["TIDINGS_DATA"]) / "notifications.db", timeout=60)


async def _fill(settings: Settings) -> None:
    """A member of every network, with many alerts behind."""
    async with transaction(settings, "notifications") as session:
        connection = await session.connection()
        mine = await connection.exec_driver_sql("SELECT id FROM people WHERE email = 'reader-0-0@bench.example'")
        values = {"person": mine.scalar_one(), "count": ALERTS, "networks": NETWORKS}
        for statement in (BELONGING, TOLD, AUDIENCES, COUNTED):
            await connection.exec_driver_sql(statement.format(**values))
    if settings.postgres:
        await _analysed(settings)


async def _analysed(settings: Settings) -> None:
    """As the database's own housekeeping does within a minute of such a load."""
    connection = await asyncpg.connect(f"{settings.postgres}/tidings_notifications")
    await connection.execute("ANALYZE")
    await connection.close()


def until_caught_up(system: System, world: World) -> None:
    """The gateway reads what was written past it; until it has, it is busy with that."""
    for number in range(3):
        change(system, world, number)
        time.sleep(2)


def change(system: System, world: World, number: int) -> str:
    """Change the first network; returns its revision."""
    headers = {"authorization": f"Bearer {world.staff}"}
    body = {"aims": f"Aims {number}"}
    changed = httpx.patch(f"{system.url}/api/networks/{world.networks[0]}", json=body, headers=headers, timeout=30)
    changed.raise_for_status()
    return str(changed.json()["revision"])


def _reads(system: System, token: str, where: str) -> list[Figure]:
    asked = {
        "newest": "",
        "unread": "&unread=true",
        "searched": "&q=Change+99999",
        "searched for a word that all have": "&q=change",
    }
    figures = []
    with httpx.Client(base_url=system.url, headers={"authorization": f"Bearer {token}"}, timeout=60) as client:
        for name, more in asked.items():
            times = [_timed(client, f"/api/alerts?limit=25{more}") for _ in range(READS)]
            what = f"inbox, {name}, {NETWORKS} networks, {ALERTS:,} alerts behind, {where}, p95"
            figures.append(Figure(what, percentile(times, 0.95), "ms", beside=f"p50 {percentile(times, 0.5):.1f} ms"))
    return figures


def _timed(client: httpx.Client, path: str) -> float:
    begun = time.perf_counter()
    client.get(path).raise_for_status()
    return (time.perf_counter() - begun) * 1000
