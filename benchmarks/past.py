"""The list as it stood on a date: its cost grows with the list, and hardly with the history of its networks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.asking import taken
from benchmarks.figures import Figure, percentile
from benchmarks.large import bulk, networks
from benchmarks.parts import NoBackends
from benchmarks.whole import whole
from services.registry.commands.versions import version_of
from services.registry.tables import Network, Version
from shared.envelope import new_id
from shared.history import history
from tests.flows.system import System

LIST = 1_000
HISTORIES = (1, 10, 100)
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 2_000
ASKED_ON = BEGAN + timedelta(days=DAYS // 2)
REQUESTS = 200


def measure() -> list[Figure]:
    """The median of the list with its counts for each length of history, and of a list ten times as long."""
    figures = _measured("SQLite")
    try:
        return figures + _measured("PostgreSQL", "POSTGRES")
    except NoBackends:
        return figures


def _measured(where: str, *parts: str) -> list[Figure]:
    found = {changes: _median(LIST, changes, *parts) for changes in HISTORIES}
    shortest = found[HISTORIES[0]]
    figures = [
        Figure(
            f"{LIST:,} networks as of a date, {changes} × history, {where}, p50", found[changes], "ms",
            beside=f"{found[changes] / shortest:.1f} × that of 1 × history",
        )
        for changes in HISTORIES
    ]  # fmt: skip
    longer = _median(LIST * 10, 1, *parts)
    beside = f"{longer / shortest:.1f} × that of {LIST:,}"
    return [*figures, Figure(f"{LIST * 10:,} networks as of a date, {where}, p50", longer, "ms", beside=beside)]


def _median(many: int, changes: int, *parts: str) -> float:
    with whole(*parts) as system:
        asyncio.run(remembered(system, many, changes))
        return asked(system)


def asked(system: System) -> float:
    """The median of a page of the list on a date with the counts beside it, in milliseconds."""
    path = f"/api/networks?as_of={ASKED_ON.date()}&facets=true"
    return percentile(taken(system, itertools.repeat(path), requests=REQUESTS), 0.5)


async def remembered(system: System, many: int, changes: int) -> None:
    """*many* networks that were changed *changes* times each, half of them before the day that is asked for."""
    async with bulk(system) as copy:
        rows = list(networks(many))
        await copy(Network.__table__, [{**row, "revision": changes, "created_at": BEGAN} for row in rows])  # type: ignore[arg-type]
        for some in _batches(rows, max(1, 20_000 // changes)):
            made = [_change(row, number, changes) for row in some for number in range(changes)]
            await copy(history, [entry for entry, _ in made])
            await copy(Version.__table__, [version for _, version in made])  # type: ignore[arg-type]


def _change(row: dict[str, Any], number: int, changes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """An entry of the history and the version that it made."""
    when = BEGAN + timedelta(days=number * DAYS / changes)
    state = {**row, "revision": number + 1, "population": number}
    state = {name: value for name, value in state.items() if name not in UNSAID}
    entry = {
        "id": new_id(), "subject": row["id"], "key": row["id"], "type": "networks.registry.network.changed.v1",
        "revision": number + 1, "time": when, "actor": "bench", "reason": "", "minor": False, "headline": "",
        "changes": {}, "state": state,
    }  # fmt: skip
    version = {"subject": row["id"], "revision": number + 1, "valid_from": when, "entry": entry["id"]}
    return entry, {**version, **version_of(state)}


UNSAID = frozenset({"created_at", "updated_at", "name_words", "search_text", "sort_name", "health"})


def _batches(rows: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    for place in range(0, len(rows), size):
        yield rows[place : place + size]
