"""A body's dashboard: its figures agree with counting the networks one by one."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from shared import clock
from tests.oversight.conftest import OFFICER, Rig, network, role

CARE_GROUPS = ("cancer", "diabetes", "renal", "stroke")
CHOICES: dict[str, tuple[Any, ...]] = {
    "type": ("disease", "specialty"), "care_group": CARE_GROUPS, "level": ("local", "regional", "national"),
    "stage": ("informal", "managed"), "archived": (False, False, True),
    "bodies": (["Q31"], ["Q31", "Q32"], ["Q33"], []),
}  # fmt: skip


async def test_counts_agree_with_counting(rig: Rig) -> None:
    chosen = random.Random(7)
    fields = [{name: chosen.choice(values) for name, values in CHOICES.items()} for _ in range(120)]
    await rig.say(*[network(f"n-{n}", **given) for n, given in enumerate(fields)])
    living = [given for given in fields if not given["archived"]]
    mine = [given for given in living if "Q31" in given["bodies"]]
    shown = (await rig.get("/oversight/Q31", OFFICER)).json()
    assert shown["counts"]["networks"] == len(mine)
    for name in ("level", "type", "stage", "care_group"):
        assert shown["counts"][f"by_{name}"] == Counter(given[name] for given in mine)
    country = (await rig.get("/oversight")).json()
    assert country["counts"]["networks"] == len(living)
    for group in CARE_GROUPS:
        covered = [g for g in living if g["care_group"] == group and "Q32" in g["bodies"]]
        assert country["coverage"][group]["Q32"] == len(covered)


async def test_a_care_group_without_a_network_in_the_area_is_a_gap(rig: Rig) -> None:
    await rig.say(network("n-1"), network("n-2", care_group="burns", bodies=["Q33"]))
    assert (await rig.get("/oversight/Q31")).json()["coverage"] == {"burns": 0, "stroke": 1}
    country = (await rig.get("/oversight")).json()
    assert {item["body"]["code"]: item["gaps"] for item in country["items"]}["Q31"] == 1
    assert country["coverage"]["burns"]["Q31"] == 0 and country["total"] == 10


async def test_a_post_of_a_managed_network_is_vacant_since_it_was_left(rig: Rig) -> None:
    with clock.at(datetime(2010, 3, 1, tzinfo=UTC)):
        became = network("n-1", stage="managed")
    left = role("n-1", "lead_nurse", until="2010-06-30", status="ended")
    await rig.say(became, network("n-2"), role("n-1", "lead_doctor"), role("n-1", "lead_manager"), left)
    vacancies = (await rig.get("/oversight/Q31")).json()["vacancies"]
    assert [(v["name"], v["role"], v["since"]) for v in vacancies] == [
        ("n-1", "lead_professional", "2010-03-01"),
        ("n-1", "lead_nurse", "2010-07-01"),
    ]
    assert {i["body"]["code"]: i["vacancies"] for i in (await rig.get("/oversight")).json()["items"]}["Q31"] == 2


async def test_a_stage_keeps_its_day_when_something_else_changes(rig: Rig) -> None:
    with clock.at(datetime(2010, 3, 1, tzinfo=UTC)):
        became = network("n-1", stage="managed")
    with clock.at(datetime(2010, 5, 1, tzinfo=UTC)):
        moved = network("n-1", stage="managed", revision=2, bodies=["Q32"])
    await rig.say(became)
    await rig.say(moved)
    assert (await rig.get("/oversight/Q31")).json()["counts"]["networks"] == 0
    assert (await rig.get("/oversight/Q32")).json()["vacancies"][0]["since"] == "2010-03-01"


async def test_an_older_state_that_arrives_late_changes_nothing(rig: Rig) -> None:
    await rig.say(network("n-1", revision=2, bodies=["Q32"]))
    await rig.say(network("n-1", revision=1))
    assert (await rig.get("/oversight/Q31")).json()["counts"]["networks"] == 0
    assert (await rig.get("/oversight/Q32")).json()["counts"]["networks"] == 1
