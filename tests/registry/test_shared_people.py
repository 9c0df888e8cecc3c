"""Who is in common: whatever messages come, in whatever order and however often, the count is the naive one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.registry import migrations
from services.registry.commands import end_roles, keep_roles
from services.registry.tables import Overlap, Role, metadata
from shared.config import Settings
from shared.db import Database
from shared.migrations import migrate
from tests.registry.conftest import BOTH, Register

NETWORKS, PEOPLE = "ABCDE", "pqrst"
memberships = st.tuples(st.integers(0, 9), st.integers(1, 4), st.booleans())
"""(which membership, revision, active)."""


def held(identity: str, person: str, network: str, revision: int = 1, *, active: bool = True) -> dict[str, Any]:
    """A row of `roles`."""
    return {
        "id": identity, "revision": revision, "person_id": person, "network_id": network, "role": "member",
        "since": date(2026, 1, 1), "until": None, "status": "active" if active else "ended",
    }  # fmt: skip


def row(number: int, revision: int, active: bool) -> dict[str, Any]:
    """A membership; its person and network follow from its number, and two memberships may say the same."""
    chance = Random(number // 2)
    network = NETWORKS[(number * 3) % len(NETWORKS)]
    return held(f"m{number}", chance.choice(PEOPLE), network, revision, active=active)


def naive(rows: Sequence[dict[str, Any]], erased: set[str]) -> dict[tuple[str, str], int]:
    """What is in common by the newest word on each membership."""
    newest: dict[str, dict[str, Any]] = {}
    for each in rows:
        if each["id"] not in newest or newest[each["id"]]["revision"] < each["revision"]:
            newest[each["id"]] = each
    places: dict[str, set[str]] = {}
    for each in newest.values():
        if each["status"] == "active" and each["person_id"] not in erased:
            places.setdefault(each["person_id"], set()).add(each["network_id"])
    return dict(Counter(pair for found in places.values() for pair in combinations(sorted(found), 2)))


class Undone(Exception):
    """Raised to undo an example."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """An empty register; what an example writes is undone after it."""
    made = Database(Settings(data=tmp_path_factory.mktemp("people")), "registry")
    asyncio.run(migrate(made, metadata, migrations))
    asyncio.run(made.dispose())
    return made


async def counted(database: Database, batches: Sequence[Sequence[dict[str, Any]]], erased: set[str]) -> Any:
    """What the register counts after these batches, and after these people were erased."""
    found: dict[tuple[str, str], int] = {}
    with suppress(Undone):
        async with database.transaction() as session:
            for batch in batches:
                await keep_roles(session, batch)
            await end_roles(session, erased)
            found = {(o.one_id, o.other_id): o.people for o in (await session.execute(select(Overlap))).scalars()}
            raise Undone
    await database.dispose()
    return {pair: number for pair, number in found.items() if number}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(memberships, min_size=1, max_size=6), max_size=8), st.sets(st.sampled_from(PEOPLE)))
def test_people_in_common_equal_a_naive_count(database: Database, said: list[Any], erased: set[str]) -> None:
    # A revision says one thing: the first word on it holds.
    first: dict[tuple[int, int], bool] = {}
    batches = [
        [row(number, revision, first.setdefault((number, revision), active)) for number, revision, active in batch]
        for batch in said
    ]
    told = [each for batch in batches for each in batch]
    assert asyncio.run(counted(database, batches, erased)) == naive(told, erased)


@BOTH
async def test_one_person_put_into_two_networks_at_once_is_in_common_to_both(register: Register) -> None:
    a, b = sorted([await register.network("One"), await register.network("Two")])

    async def joins(network: str) -> None:
        async with register.database.transaction() as session:
            await keep_roles(session, [held(network, "p", network)])
            await asyncio.sleep(0.05)

    await asyncio.gather(joins(a), joins(b))
    async with register.database.reading() as session:
        (overlap,) = (await session.execute(select(Overlap).where(Overlap.people > 0))).scalars()
    assert (overlap.one_id, overlap.other_id, overlap.people) == (a, b, 1)


@BOTH
async def test_a_message_costs_what_its_person_has_networks_not_what_the_register_has(register: Register) -> None:
    """The statements of one batch are as many for a person with three networks among a hundred people as for one."""
    async with register.database.transaction() as session:
        many = [held(f"{p}-{n}", f"p{p}", f"n{n}") for p in range(100) for n in range(p % 4)]
        await keep_roles(session, many)
        kept = len((await session.execute(select(Role.id))).all())
        await keep_roles(session, [held("new", "p1", "n9")])
        rows = (await session.execute(select(Overlap).where(Overlap.other_id == "n9"))).scalars()
        assert [(o.one_id, o.people) for o in rows] == [("n0", 1)]
    assert kept == len(many)
