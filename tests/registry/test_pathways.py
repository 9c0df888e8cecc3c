"""The pathway of a person with several illnesses: what is linked there, what only through others, and the gaps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry.conftest import BOTH
from tests.registry.linking import Linking

pytestmark = BOTH


async def pathway(linking: Linking, *care_groups: str, sha: str = "Q31") -> Any:
    asked = "&".join(f"care_group={group}" for group in care_groups)
    answer = await linking.ask("GET", f"/pathway?{asked}&sha={sha}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def town(linking: Linking) -> Linking:
    """R is of kidneys in Q31, G of diabetes there and in Q32, H of diabetes in Q32 alone; A to D are of stroke."""
    await linking.network("R", care_group="renal")
    await linking.network("G", care_group="diabetes", bodies=["Q31", "Q32"])
    await linking.network("H", care_group="diabetes", bodies=["Q32"])
    return linking


async def test_what_is_linked_is_told_from_what_is_not_and_a_gap_has_a_suggestion(town: Linking) -> None:
    made = await town.linked("A", "shares_pathway_with", "R", care_group="diabetes")
    found = await pathway(town, "stroke", "renal", "diabetes")

    steps = {(step["one"], step["other"]): step for step in found["steps"]}
    assert len(steps) == 3
    assert (steps["stroke", "renal"]["links"], steps["stroke", "renal"]["is_gap"]) == ([made["id"]], False)
    gap = steps["renal", "diabetes"]
    assert gap["is_gap"] and gap["suggestion"] == {"network_id": town.ids["R"], "other_id": town.ids["G"]}
    assert found["conditions"][2]["networks"] == [town.ids["G"]]


async def test_a_link_over_a_third_network_is_no_gap_and_names_it(town: Linking) -> None:
    await town.network("X", care_group="primary care", bodies=["Q32"])
    await town.linked("X", "works_with", "R")
    await town.linked("X", "parent_of", "G")
    [step] = (await pathway(town, "renal", "diabetes"))["steps"]
    assert (step["is_gap"], step["links"], [end["name"] for end in step["through"]]) == (False, [], ["Network X"])


async def test_a_condition_without_a_network_there_is_a_gap_that_no_link_closes(town: Linking) -> None:
    found = await pathway(town, "renal", "burns", "renal")
    [step] = found["steps"]
    assert [condition["networks"] for condition in found["conditions"]] == [[town.ids["R"]], []]
    assert (step["is_gap"], step["suggestion"]) == (True, None)


async def test_without_a_place_it_is_the_whole_country_and_archived_networks_are_not_in_it(town: Linking) -> None:
    await town.ask("POST", f"/networks/{town.ids['G']}/archive", json={"reason": "Over"})
    found = await pathway(town, "diabetes", sha="")
    assert (found["conditions"][0]["networks"], found["steps"]) == ([town.ids["H"]], [])


async def test_more_conditions_than_a_person_can_follow_are_refused(town: Linking) -> None:
    asked = "&".join(f"care_group=c{number}" for number in range(7))
    assert (await town.ask("GET", f"/pathway?{asked}")).status_code == 422
    assert (await town.ask("GET", "/pathway")).status_code == 422
