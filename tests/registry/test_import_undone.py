"""An import and its undo leave the register as it was, whatever was in the file; what somebody changed since, stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from services.registry.importing import worker
from tests.registry.conftest import BOTH, Register
from tests.registry.importing import answered, as_csv, judged, waited

NAMES = ("Ash Stroke Network", "Stroke Network of Ash", "Birch Renal Network", "Birhc Renal Network", "Cedar Network")
HEADINGS = ("Name", "Type", "Care group", "SHA codes", "Aims", "Other names", "Started on", "Stage", "Population")
BEFORE = (
    {"name": NAMES[0], "aims": "Old", "bodies": ["Q31"], "aliases": ["Ash"], "population": 5},
    {"name": NAMES[2], "care_group": "renal", "bodies": [], "started_on": "2001-02-03", "stage": "emerging"},
)
ROW = some.tuples(
    some.sampled_from(NAMES), some.sampled_from(("disease", "function", "")),
    some.sampled_from(("stroke", "renal", "")), some.sampled_from(("Q31", "Q30;Q32", "")),
    some.sampled_from(("New", "Old", "", "=1+1")), some.sampled_from(("A; B", "")),
    some.sampled_from(("23/11/2006", "")), some.sampled_from(("informal", "emerging", "managed", "closing", "")),
    some.sampled_from(("5", "7", "")),
)  # fmt: skip
CHOICES = some.lists(some.sampled_from(("same", "new", "")), min_size=6, max_size=6)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker looks for work all the time, because every example waits for it several times."""
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.01)


async def stood(register: Register) -> dict[str, dict[str, Any]]:
    """Network → all of its record but when, and how often, it was changed; also of who looks for it by area."""
    found = (await register.get("/networks?limit=100&facets=true"))["items"]
    by_area = [n["id"] for n in (await register.get("/networks?limit=100&sha=Q31"))["items"]]
    left_out = ("revision", "updated_at", "health")
    return {
        network["id"]: {**{k: v for k, v in network.items() if k not in left_out}, "Q31": network["id"] in by_area}
        for network in found
    }


async def imported(register: Register, rows: Sequence[Any], choices: Sequence[str]) -> dict[str, Any] | None:
    """The import of *rows*, applied; None where nothing of it was new or changed."""
    record = await judged(register, as_csv(*rows, headings=HEADINGS))
    for number, choice in enumerate(choices[: len(rows)], start=2):
        record = await answered(register, "POST", record, {"choice": choice, "rows": [number]}, "/choices")
    if not record["new"] + record["changed"]:
        return None
    await answered(register, "POST", record, {"without_wrong": True}, "/apply")
    record = await waited(register, record["id"])
    assert record["status"] == "applied", record
    return record


async def clear(register: Register) -> None:
    """Take every network off the register, and put those of BEFORE there."""
    for network in (await register.get("/networks?limit=100"))["items"]:
        await register.post(f"/networks/{network['id']}/archive")
    for fields in BEFORE:
        await register.network(**{"type": "disease", "care_group": "stroke", **fields})


@BOTH
@QUICK
@given(rows=some.lists(ROW, min_size=1, max_size=6), choices=CHOICES)
async def test_import_then_undo_leaves_the_register_as_it_was(
    register: Register, rows: Sequence[Any], choices: Sequence[str]
) -> None:
    await clear(register)
    before = await stood(register)
    record = await imported(register, rows, choices)
    if record is None:
        assert await stood(register) == before
        return
    assert await stood(register) != before
    await answered(register, "POST", record, {}, "/undo")
    assert (await waited(register, record["id"]))["status"] == "undone"
    assert await stood(register) == before


@QUICK
@given(rows=some.lists(ROW, min_size=1, max_size=6), choices=CHOICES, which=some.integers(0, 5))
async def test_what_somebody_changed_since_is_named_and_left_and_all_else_is_undone(
    register: Register, rows: Sequence[Any], choices: Sequence[str], which: int
) -> None:
    await clear(register)
    before = await stood(register)
    record = await imported(register, rows, choices)
    if record is None:
        return
    brought = (await register.get(f"/imports/{record['id']}/networks"))["items"]
    mine = brought[which % len(brought)]
    await register.ask("PATCH", f"/networks/{mine['id']}", {"web": "https://mine.example"})
    edited = (await stood(register))[mine["id"]]
    refused = await register.ask("POST", f"/imports/{record['id']}/undo", {})
    assert refused.status_code == 409 and mine["name"] in refused.json()["detail"]
    await answered(register, "POST", record, {"keep_changed": True}, "/undo")
    assert (await waited(register, record["id"]))["kept"] == 1
    assert await stood(register) == {**before, mine["id"]: edited}
