"""Whatever happens in whichever order, what is kept of every network is what judging all of them afresh finds.

And the clocks of vacancies strike on their days once each, however processes die and clocks are moved.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.registry.commands.vacancies import escalate
from services.registry.facts import facts_of, found, networks_seen, standards_in_force
from services.registry.rules import health_of
from services.registry.schemas.rules import NeedsRole
from services.registry.tables import Assessment, Network, Standing, Vacancy
from shared import clock
from tests.registry.standing import BOTH, Networks

EXAMPLES = count(1)
STAGES = ("informal", "emerging", "managed")
ROLES = ("lead_doctor", "lead_nurse", "chair", "co_ordinator")
PEOPLE = ("ann", "bob", "cy")
WHICH = st.integers(0, 2)
many = st.integers(1, 2)
rules = st.one_of(
    st.fixed_dictionaries({
        "needs": st.just("role"), "roles": st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True),
        "at_least": many, "or_evidence": st.sampled_from(["", "audit", "annual_plan"]),
        "escalate_after_days": st.sampled_from([[], [30, 60, 90], [7]]),
    }),
    st.fixed_dictionaries({
        "needs": st.just("evidence"), "kind": st.sampled_from(["audit", "annual_plan"]),
        "lasts_days": st.sampled_from([None, 30, 365]),
    }),
    st.fixed_dictionaries({"needs": st.just("field"), "field": st.sampled_from(["aims", "host", "bodies"])}),
    st.fixed_dictionaries({"needs": st.just("link"), "at_least": many}),
    st.fixed_dictionaries({"needs": st.just("professions"), "at_least": many}),
)  # fmt: skip
acts = st.one_of(
    st.tuples(st.just("role"), WHICH, st.sampled_from(ROLES), st.sampled_from(PEOPLE), st.booleans()),
    st.tuples(st.just("evidence"), WHICH, st.sampled_from(["audit", "annual_plan"]), st.integers(-5, 30)),
    st.tuples(st.just("field"), WHICH, st.sampled_from(["aims", "host"]), st.sampled_from(["", "RM3"])),
    st.tuples(st.just("stage"), WHICH, st.sampled_from([*STAGES, "closing"])),
    st.tuples(st.just("link"), WHICH, WHICH),
    st.tuples(st.sampled_from(["archive", "restore"]), WHICH),
    st.tuples(st.just("person"), st.sampled_from(PEOPLE), st.lists(st.sampled_from(["nurse", "doctor"]), unique=True)),
    st.tuples(st.just("standard"), rules, st.sampled_from(["red", "amber"]), st.booleans()),
)  # fmt: skip


@BOTH
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(STAGES), min_size=3, max_size=3), rules, st.lists(acts, min_size=1, max_size=8))
async def test_what_is_kept_after_each_message_is_what_judging_everything_afresh_finds(
    networks: Networks, stages: list[str], rule: dict[str, Any], done: list[tuple[Any, ...]]
) -> None:
    scene = _Scene(networks, next(EXAMPLES))
    await scene.begin(stages, rule)
    for act in done:
        await scene.do(*act)
        await networks.settled()
        await networks.turn()
        await _agrees(networks)


class _Scene:
    """Three networks, a standard with a rule of its own, and what may happen to them."""

    def __init__(self, networks: Networks, number: int) -> None:
        self.networks, self.number, self.revision = networks, number, count(1)
        self.ids: list[str] = []
        self.standard = ""

    async def begin(self, stages: list[str], rule: dict[str, Any]) -> None:
        self.ids = [await self.networks.network(stage) for stage in stages]
        fields = {"name": f"Probe {self.number}", "sentence": "Unmet", "severity": "red", "stages": list(STAGES)}
        self.standard = (await self.networks.got("POST", "/standards", {**fields, "rule": rule}))["id"]

    async def do(self, what: str, *how: Any) -> None:
        """Let it happen, or be refused."""
        await getattr(self, f"_{what}")(*how)

    async def _role(self, which: int, role: str, person: str, ends: bool) -> None:
        status = "ended" if ends else "active"
        own = f"{person}-{self.number}"
        await self.networks.role(self.ids[which], role, own, status=status, revision=next(self.revision))

    async def _evidence(self, which: int, kind: str, days: int) -> None:
        today = clock.today()
        body = {"kind": kind, "title": kind, "link": "https://x.example", "dated": str(today - timedelta(days=40))}
        body["review_by"] = str(today + timedelta(days=days))
        await self.networks.ask("POST", f"/networks/{self.ids[which]}/evidence", body)

    async def _field(self, which: int, field: str, value: str) -> None:
        await self.networks.ask("PATCH", f"/networks/{self.ids[which]}", {field: value})

    async def _stage(self, which: int, to: str) -> None:
        await self.networks.ask("POST", f"/networks/{self.ids[which]}/stage", {"to": to})

    async def _link(self, which: int, other: int) -> None:
        body = {"kind": "works_with", "other_id": self.ids[other]}
        await self.networks.ask("POST", f"/networks/{self.ids[which]}/links", body)

    async def _archive(self, which: int) -> None:
        await self.networks.ask("POST", f"/networks/{self.ids[which]}/archive", {"reason": "x"})

    async def _restore(self, which: int) -> None:
        await self.networks.ask("POST", f"/networks/{self.ids[which]}/restore", {"reason": "x"})

    async def _person(self, person: str, professions: list[str]) -> None:
        await self.networks.person(f"{person}-{self.number}", professions, revision=next(self.revision))

    async def _standard(self, rule: dict[str, Any], severity: str, retired: bool) -> None:
        body = {"rule": rule, "severity": severity, "retired": retired}
        await self.networks.got("PATCH", f"/standards/{self.standard}", body)


async def _agrees(networks: Networks) -> None:
    """What is kept of every network is what is found now from what is known of it."""
    async with networks.rig.parts.database.reading() as session:
        standards = await standards_in_force(session)
        seen = await networks_seen(session, list((await session.execute(select(Network.id))).scalars()))
        facts = await facts_of(session, seen, standards)
        fresh = {n.id: found([s for s in standards if s.applies(n)], facts[n.id], clock.today()) for n in seen}
        kept = {row.network_id: row.health for row in (await session.execute(select(Assessment))).scalars()}
        standings = {
            (row.network_id, row.standard_id): row.met for row in (await session.execute(select(Standing))).scalars()
        }
        vacant = select(Vacancy.network_id, Vacancy.standard_id).where(Vacancy.status == "open")
        open_ = {tuple(row) for row in await session.execute(vacant)}
    healths = {identity: health_of((s.severity, f.met) for s, f in each) for identity, each in fresh.items()}
    assert kept == healths == {n.id: n.health for n in seen}
    assert standings == {(identity, s.id): f.met for identity, each in fresh.items() for s, f in each}
    assert open_ == {
        (identity, s.id)
        for identity, each in fresh.items() for s, f in each
        if not f.met and isinstance(s.rule, NeedsRole) and s.rule.escalate_after_days
    }  # fmt: skip


DAYS = (30, 60, 90)
steps = st.tuples(st.sampled_from(["look", "look", "die", "two at once"]), st.integers(-40, 130))


class Died(Exception):
    """The process ended before it could commit."""


@BOTH
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=1, max_size=8))
async def test_clocks_strike_once_on_each_day_however_processes_die_and_clocks_are_moved(
    networks: Networks, taken: list[tuple[str, int]]
) -> None:
    network = await networks.network("managed")
    began = clock.now()
    for what, day in taken:
        with clock.at(began + timedelta(days=day)):
            await _look(networks, what)
    said = [m for m in await networks.said("registry.vacancies", network) if m.type.endswith("escalated.v1")]
    reached = max((day for what, day in taken if what != "die"), default=-1)
    struck = Counter((m.state["standard"], m.state["days"]) for m in said)
    async with networks.rig.parts.database.reading() as session:
        query = select(Vacancy.standard_id).where(Vacancy.network_id == network)
        vacant = list((await session.execute(query)).scalars())
    assert len(vacant) == 5
    assert struck == Counter((standard, days) for standard in vacant for days in DAYS if days <= reached)
    in_order = [m.state["days"] for m in said if m.state["standard"] == vacant[0]]
    assert in_order == sorted(in_order)


async def _look(networks: Networks, what: str) -> None:
    database = networks.rig.parts.database

    async def process(*, dies: bool = False) -> None:
        async with database.transaction() as session:
            await escalate(session)
            if dies:
                raise Died

    if what == "die":
        with contextlib.suppress(Died):
            await process(dies=True)
    else:
        await asyncio.gather(*(process() for _ in range(2 if what == "two at once" else 1)))
