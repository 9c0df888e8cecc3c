"""As it stood equals the history told again: for any changes, at any moment, for any question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.registry import commands
from services.registry.wording import folded
from shared import clock
from shared.errors import Problem
from shared.history import history
from tests.databases import server_for
from tests.registry.past import Register, register
from tests.service_rig import STAFF

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("Ash", "Birch", "Cedar", "Elm")
DAYS = st.integers(0, 30)
EXAMPLES = count()

fields = st.fixed_dictionaries(
    {},
    optional={
        "stage": st.sampled_from(["informal", "emerging"]),
        "level": st.sampled_from(["local", "regional"]),
        "bodies": st.lists(st.sampled_from(["Q30", "Q31", "Q32"]), unique=True, max_size=3),
        "aims": st.sampled_from(["Rest", "Quicker scans", "Écoute"]),
    },
)
acts = st.tuples(
    st.sampled_from(["add", "change", "rename", "archive", "restore", "merge", "split"]),
    st.sampled_from(NAMES), st.sampled_from(NAMES), fields, DAYS,
)  # fmt: skip
questions = st.fixed_dictionaries(
    {"day": DAYS},
    optional={
        "stage": st.sampled_from(["informal", "emerging"]), "level": st.sampled_from(["local", "regional"]),
        "sha": st.sampled_from(["Q30", "Q31"]), "q": st.sampled_from(["ash", "sca", "ecoute", "bir ash"]),
    },
)  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.backends)])
async def registry(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Register]:
    address = server_for(request)
    async with register(tmp_path, address) as running:
        yield running


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(acts, min_size=1, max_size=14), asked=st.lists(questions, min_size=1, max_size=5))
async def test_any_list_as_of_any_day_is_what_the_history_tells(
    registry: Register, done: list[tuple[Any, ...]], asked: list[dict[str, Any]]
) -> None:
    """Days come in any order, so that clocks go backwards too."""
    own = f"example {next(EXAMPLES)}"
    ids: dict[str, str] = {}
    for what, name, other, given_, day in done:
        with clock.at(START + timedelta(days=day)):
            await _do(registry, own, ids, what, name, other, given_)
    told = await _told(registry, own)
    for question in asked:
        wanted = dict(question)
        moment = START + timedelta(days=wanted.pop("day"), hours=1)
        page = await registry.get("/networks", as_of=moment.isoformat(), care_group=own, limit=100, **wanted)
        expected = [state for state in _stood(told, moment) if _matches(state, wanted)]
        assert {n["id"]: (n["revision"], n["name"]) for n in page["items"]} == {
            state["id"]: (state["revision"], state["name"]) for state in expected
        }
        assert page["total"] == len(expected)


async def _do(
    registry: Register, own: str, ids: dict[str, str], what: str, name: str, other: str, given_: dict[str, Any]
) -> None:
    """One act, or none where it is refused."""
    plain = {"type": "disease", "care_group": own}
    why: dict[str, Any] = {"by": STAFF, "reason": ""}
    called = f"{name} of {own}"
    try:
        async with registry.rig.parts.database.transaction() as session:
            if what == "add":
                made = await commands.create_network(session, fields={**plain, "name": called, **given_}, **why)
                ids[name] = made.id
            elif what == "change":
                await commands.change_network(session, network_id=ids[name], fields=given_, **why)
            elif what == "rename":
                new = f"{other} renamed of {own}"
                await commands.rename_network(session, network_id=ids[name], name=new, keep_name=True, **why)
            elif what == "archive":
                await commands.archive_network(session, network_id=ids[name], **why)
            elif what == "restore":
                await commands.restore_network(session, network_id=ids[name], **why)
            elif what == "split":
                part = {"name": f"{other} split of {own}"}
                made = await commands.split_network(
                    session, network_id=ids[name], fields=part, moved=[], copied=[], **why
                )
                ids[other] = made.id
            else:
                await commands.merge_networks(
                    session, source_id=ids[name], target_id=ids[other], roles="vacant", keep_names=True,
                    keep_bodies=True, **why,
                )  # fmt: skip
    except (Problem, KeyError):
        return


async def _told(registry: Register, own: str) -> list[Any]:
    """The history's entries of this example's networks, revision after revision."""
    query = select(history).where(
        history.c.type.like("networks.registry.network.%"), history.c.subject == history.c.key
    )
    async with registry.rig.parts.database.reading() as session:
        rows = (await session.execute(query.order_by(history.c.subject, history.c.revision))).all()
    return [row for row in rows if row.state.get("care_group") == own]


def _stood(told: list[Any], moment: datetime) -> list[dict[str, Any]]:
    """The history told again until *moment*: a change is in force no earlier than the one before it."""
    stood: dict[str, dict[str, Any]] = {}
    begun: dict[str, datetime] = {}
    for entry in told:
        begun[entry.subject] = max(entry.time, begun.get(entry.subject, entry.time))
        if begun[entry.subject] <= moment:
            stood[entry.subject] = entry.state
    return [state for state in stood.values() if not state["archived"]]


def _matches(state: dict[str, Any], wanted: dict[str, str]) -> bool:
    said = " ".join([state["name"], *state["aliases"], state["care_group"], state["aims"]])
    words = folded(said).split()
    sought = wanted.get("q", "").split()
    facets = all(state[name] == wanted[name] for name in ("stage", "level") if name in wanted)
    return (
        facets
        and wanted.get("sha", "") in ["", *state["bodies"]]
        and all(any(word.startswith(part) for word in words) for part in sought)
    )
