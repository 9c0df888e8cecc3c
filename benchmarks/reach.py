"""Foreseeing whom a change reaches, in networks of very different sizes, over HTTP, one editor."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import httpx
from sqlalchemy import text

from benchmarks.figures import Figure, percentile
from benchmarks.parts import NoBackends
from benchmarks.whole import populated, settings_of, whole
from services.cli.data import transaction
from services.notifications.tables import audience_members, choices, mutes, preferences
from shared.config import Settings
from shared.rows import insert_rows

SIZES = (1_000, 100_000)
WARM_UP, ASKED = 3, 40
CHOSE, MUTED, CHOSE_HERE, INTERESTED = 0.05, 0.02, 0.03, 0.1
"""Parts of the members who chose something in general, muted the network, chose for it, are interested in its kind."""
AIM = 100
SINCE = "2020-01-01 00:00:00.000000"


def measure() -> list[Figure]:
    """p95 of a preview, in milliseconds."""
    return [figure for where, parts in (("SQLite", ()), ("PostgreSQL", ("POSTGRES",))) for figure in _on(where, *parts)]


def _on(where: str, *parts: str) -> Iterator[Figure]:
    try:
        with whole(*parts) as system:
            world = populated(system, networks=len(SIZES), readers=0)
            for network, size in zip(world.networks, SIZES, strict=True):
                asyncio.run(_fill(settings_of(system), network, size))
                taken = _asked(f"{system.url}/api/networks/{network}?preview=true", world.staff)
                p95 = percentile(taken, 0.95)
                yield Figure(
                    f"whom a change reaches, {size:,} members, {where}, p95", p95, "ms", f"≤ {AIM} ms", p95 <= AIM
                )
    except NoBackends:
        return


def _asked(url: str, token: str) -> list[float]:
    """Milliseconds of ASKED previews one after another."""
    taken = []
    with httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=30) as client:
        for number in range(WARM_UP + ASKED):
            began = time.perf_counter()
            client.patch(url, json={"population": number + 1}).raise_for_status()
            taken.append((time.perf_counter() - began) * 1000)
    return taken[WARM_UP:]


async def _fill(settings: Settings, network: str, size: int) -> None:
    """*size* members straight into notifications; some are interested in the care group as well, some chose."""
    chance = random.Random(1)
    people = [f"{network}-{number}" for number in range(size)]

    def some(part: float) -> list[str]:
        return chance.sample(people, int(size * part))

    members = [_member(f"network:{network}", person, "member") for person in people]
    members += [_member("care_group:Cancer", person, "interest") for person in some(INTERESTED)]
    chose = set(some(CHOSE))
    async with transaction(settings, "notifications") as session:
        for table, rows in (
            (audience_members, members),
            (preferences, [_choice(person, person in chose) for person in people]),
            (mutes, [{"person_id": person, "network_id": network} for person in some(MUTED)]),
            (choices, [{"person_id": p, "network_id": network, "forms": "2....."} for p in some(CHOSE_HERE)]),
        ):
            for part in _parts(rows):
                await insert_rows(session, table, part, "ON CONFLICT DO NOTHING")
        if settings.postgres:
            await session.execute(text("ANALYZE"))  # as it has been soon after, wherever it is not filled at once


def _member(audience: str, person: str, route: str) -> dict[str, Any]:
    return {
        "audience": audience, "person_id": person, "source": "bench", "route": route, "revision": 1, "active": True,
        "since": SINCE,
    }  # fmt: skip


def _choice(person: str, chose: bool) -> dict[str, Any]:
    return {"person_id": person, "forms": "1....." if chose else "......", "interests_chosen": False}


def _parts(rows: Iterable[dict[str, Any]], size: int = 20_000) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part
