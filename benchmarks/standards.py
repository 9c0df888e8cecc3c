"""Judging networks anew: how many a second, over 10,000 managed ones, when a new edition of the standards spreads."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from benchmarks.figures import Figure
from benchmarks.large import bulk, networks
from benchmarks.parts import NoBackends
from benchmarks.whole import settings_of, whole
from services.registry.commands.assessing import assess_stale
from services.registry.tables import Assessment, Edition, Evidence, Network, Role, Standard
from shared import clock
from shared.db import Database
from shared.envelope import new_id
from tests.flows.system import System

MANY = 10_000
LEADS = ("lead_doctor", "lead_nurse", "lead_professional", "lead_manager", "patient_representative")
KINDS = ("evidence_base", "outcome_measures", "annual_plan", "audit", "public_report")


def measure() -> list[Figure]:
    """Networks judged a second: all alike as before, and all of them turning red with one message each."""
    figures = _measured("SQLite")
    try:
        return figures + _measured("PostgreSQL", "POSTGRES")
    except NoBackends:
        return figures


def _measured(where: str, *parts: str) -> list[Figure]:
    with whole(*parts) as system:
        system.stop()
        first, same, red = asyncio.run(_judged(system))
    return [
        Figure(f"networks judged for the first time, of {MANY:,}, {where}", first, "/s"),
        Figure(f"networks judged anew, none turns, of {MANY:,}, {where}", same, "/s"),
        Figure(f"networks judged anew, each turns red, of {MANY:,}, {where}", red, "/s"),
    ]


async def _judged(system: System) -> tuple[float, float, float]:
    async with bulk(system) as copy:
        rows = list(networks(MANY))
        await copy(Network.__table__, [{**row, "stage": "managed"} for row in rows])  # type: ignore[arg-type]
        for table, made in ((Role, _roles), (Evidence, _evidence), (Assessment, _unjudged)):
            await copy(table.__table__, [*itertools.chain.from_iterable(made(row["id"]) for row in rows)])  # type: ignore[arg-type]
    database = Database(settings_of(system), "registry")
    try:
        first = await _spread(database)
        same = await _spread(database)
        return first, same, await _spread(database, stages=["managed"], rule={"needs": "field", "field": "host"})
    finally:
        await database.dispose()


async def _spread(database: Database, **changed: Any) -> float:
    """Networks a second, in transactions as the service makes them, after a new edition (with one standard changed)."""
    async with database.transaction() as session:
        await session.execute(update(Edition).values(number=Edition.number + 1, cause=new_id()))
        if changed:
            one = (await session.execute(select(Standard.id).where(Standard.code == "audit"))).scalar_one()
            await session.execute(update(Standard).where(Standard.id == one).values(changed))
    began, judged, more = time.perf_counter(), 0, 1
    while more:
        async with database.transaction() as session:
            more = await assess_stale(session)
        judged += more
    assert judged == MANY, judged
    return judged / (time.perf_counter() - began)


def _roles(network_id: str) -> Iterator[dict[str, Any]]:
    for role in LEADS:
        yield {
            "id": new_id(), "revision": 1, "network_id": network_id, "person_id": new_id(), "role": role,
            "since": clock.today() - timedelta(days=100), "until": None, "status": "active",
        }  # fmt: skip


def _evidence(network_id: str) -> Iterator[dict[str, Any]]:
    for kind in KINDS:
        yield {
            "id": new_id(), "revision": 1, "network_id": network_id, "kind": kind, "title": kind,
            "link": "https://papers.example/x", "dated": clock.today() - timedelta(days=100),
            "review_by": clock.today() + timedelta(days=100), "status": "current", "subject": "",
            "subject_revision": 0, "recorded_by": "", "created_at": clock.now(), "updated_at": clock.now(),
        }  # fmt: skip


def _unjudged(network_id: str) -> Iterator[dict[str, Any]]:
    yield {
        "network_id": network_id, "revision": 0, "health": "not assessed", "since": clock.now(), "unmet": [],
        "cause": "", "edition": 0,
    }  # fmt: skip
