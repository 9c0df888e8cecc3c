"""Whatever is added, ended and moved: no network is linked to itself, none twice, and nothing goes in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.registry import migrations
from services.registry.commands import add_link, change_link, move_links, new_network
from services.registry.commands.link_rules import ACYCLIC, INVERSES
from services.registry.tables import OPEN, SYMMETRIC, Link, metadata
from shared import clock
from shared.config import Settings
from shared.db import Database
from shared.errors import Problem
from shared.migrations import migrate
from tests.service_rig import STAFF

KINDS = ("works_with", "shares_pathway_with", "parent_of", "scrutinises", "succeeds", *INVERSES)
NETWORKS = 5
places = st.integers(0, NETWORKS - 1)
steps = st.one_of(
    st.tuples(st.just("add"), places, st.sampled_from(KINDS), places),
    st.tuples(st.just("end"), st.integers(0, 20)),
    st.tuples(st.just("move"), places, places),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An empty register; what an example writes is undone after it."""
    made = Database(Settings(data=tmp_path_factory.mktemp("rules")), "registry")
    asyncio.run(migrate(made, metadata, migrations))
    asyncio.run(made.dispose())
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=25))
def test_the_rules_hold_whatever_is_done(database: Database, done: list[Any]) -> None:
    links = asyncio.run(after(database, done))
    said = [(link.kind, link.network_id, link.other_id, link.care_group) for link in links]
    assert len(said) == len(set(said)), "a link twice"
    for kind, one, other, _ in said:
        assert one != other
        assert kind not in SYMMETRIC or one < other
    for kind in ACYCLIC:
        assert not circle({(one, other) for each, one, other, _ in said if each == kind}), kind


class Undone(Exception):
    """Raised to undo an example."""


async def after(database: Database, done: list[Any]) -> list[Link]:
    """The open links after these steps; steps that are refused change nothing."""
    links: list[Link] = []
    with suppress(Undone):
        async with database.transaction() as session:
            fields = {"type": "disease", "care_group": "stroke"}
            networks = [new_network({**fields, "name": f"N{n}"}, slug=f"n{n}") for n in range(NETWORKS)]
            session.add_all(networks)
            await session.flush()
            ids, made = [network.id for network in networks], []
            for step in done:
                with suppress(Problem):
                    match step:
                        case ("add", one, kind, other):
                            made.append(
                                await add_link(session, network_id=ids[one], kind=kind, other_id=ids[other], by=STAFF)
                            )
                        case ("end", which) if made:
                            link = made[which % len(made)]
                            await change_link(session, link_id=link.id, fields={"until": clock.today()}, by=STAFF)
                        case ("move", one, other) if one != other:
                            await move_links(session, from_=ids[one], to=ids[other], by=STAFF)
            links = list((await session.execute(select(Link).where(Link.status.in_(OPEN)))).scalars())
            raise Undone
    await database.dispose()
    return links


def circle(edges: set[tuple[str, str]]) -> bool:
    """Whether the edges contain a circle: what has nothing above it is taken away until nothing is left."""
    while edges:
        free = {one for one, _ in edges} - {other for _, other in edges}
        if not free:
            return True
        edges = {(one, other) for one, other in edges if one not in free}
    return False
