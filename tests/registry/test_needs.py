"""What waits for the staff, as the register says it in one answer."""

from __future__ import annotations

from sqlalchemy import update

from services.registry.tables import Network
from shared.auth import Principal
from tests.registry.conftest import BOTH, Register

NOTHING = {"total": 0, "items": []}


@BOTH
async def test_a_register_in_order_needs_nobody(register: Register) -> None:
    await register.network("Ash Network")
    needs = await register.get("/internal/needs")
    assert needs["away"] == [] and needs["failures"]["total"] == 0
    assert {kind: needs[kind] for kind in ("approvals", "files", "challenges", "reds", "overlaps")} == dict.fromkeys(
        ("approvals", "files", "challenges", "reds", "overlaps"), NOTHING
    )


@BOTH
async def test_red_networks_are_all_counted_and_the_first_are_named(register: Register) -> None:
    for name in ("Ash", "Birch", "Cedar", "Damson", "Elm"):
        await register.network(f"{name} Network")
    async with register.database.transaction() as session:
        await session.execute(update(Network).where(Network.name != "Ash Network").values(health="red"))
    reds = (await register.get("/internal/needs"))["reds"]
    assert reds["total"] == 4
    assert [red["name"] for red in reds["items"]] == ["Birch Network", "Cedar Network", "Damson Network"]


async def test_what_waits_is_told_to_staff_alone(register: Register) -> None:
    assert (await register.ask("GET", "/internal/needs", by=Principal("member"))).status_code == 403
