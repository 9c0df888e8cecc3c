"""What waits for the staff, as the register says it in one answer."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import update

from services.registry.tables import Assessment, Network
from shared.auth import Principal
from tests.registry.conftest import BOTH, Register

KINDS = ("approvals", "files", "batches", "challenges", "reds", "overlaps")
NOTHING = {"total": 0, "items": []}


@BOTH
async def test_a_register_in_order_needs_nobody(register: Register) -> None:
    await register.network("Ash Network")
    needs = await register.get("/internal/needs")
    assert needs["away"] == [] and needs["failures"]["total"] == 0
    assert {kind: needs[kind] for kind in KINDS} == dict.fromkeys(KINDS, NOTHING)


@BOTH
async def test_red_networks_are_all_counted_and_the_first_are_named(register: Register) -> None:
    for name in ("Ash", "Birch", "Cedar", "Damson", "Elm"):
        await register.network(f"{name} Network")
    async with register.database.transaction() as session:
        await session.execute(update(Network).where(Network.name != "Ash Network").values(health="red"))
    reds = (await register.get("/internal/needs"))["reds"]
    assert reds["total"] == 4
    assert [red["name"] for red in reds["items"]] == ["Birch Network", "Cedar Network", "Damson Network"]


@BOTH
async def test_a_red_network_comes_with_what_it_does_not_meet_and_since_when(register: Register) -> None:
    network_id = await register.network("Ash Network")
    lacks = [{"name": "Audit", "severity": "red", "sentence": "No audit is in date", "why": ""}]
    since = datetime(2026, 9, 15, tzinfo=UTC)
    async with register.database.transaction() as session:
        await session.execute(update(Network).values(health="red"))
        await session.merge(Assessment(
            network_id=network_id, revision=9, health="red", since=since, unmet=lacks, cause="", edition=1,
        ))  # fmt: skip
    (red,) = (await register.get("/internal/needs"))["reds"]["items"]
    assert red["unmet"] == lacks and red["since"].startswith("2026-09-15T00:00:00")


async def test_what_waits_is_told_to_staff_alone(register: Register) -> None:
    assert (await register.ask("GET", "/internal/needs", by=Principal("member"))).status_code == 403
