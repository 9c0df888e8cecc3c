"""A pathway as a picture and a sentence: conditions below one another, links, a dotted line for each gap."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.pages.pathway import drawn, finding

pytestmark = pytest.mark.fast
NAMES = {"Q31": "North West", "Q32": "Yorkshire"}


def node(identity: str, care_group: str) -> dict[str, Any]:
    return {
        "id": identity, "slug": identity, "name": f"Network {identity}", "care_group": care_group, "level": "local",
        "stage": "managed", "bodies": ["Q31"], "archived": False, "steps": 0,
    }  # fmt: skip


def step(one: str, other: str, *, links: list[str] | None = None, gap: tuple[str, str] | None = None) -> dict[str, Any]:
    suggestion = {"network_id": gap[0], "other_id": gap[1]} if gap else None
    return {
        "one": one,
        "other": other,
        "links": links or [],
        "through": [],
        "is_gap": not links,
        "suggestion": suggestion,
    }


FOUND = {
    "nodes": [node("r", "renal"), node("s", "stroke"), node("d", "diabetes")],
    "links": [{"id": "l", "kind": "works_with", "network_id": "r", "other_id": "s", "care_group": ""}],
    "left_out": 0,
    "conditions": [
        {"care_group": "renal", "networks": ["r"]}, {"care_group": "stroke", "networks": ["s"]},
        {"care_group": "diabetes", "networks": ["d"]}, {"care_group": "burns", "networks": []},
    ],
    "steps": [
        step("renal", "stroke", links=["l"]), step("renal", "diabetes", gap=("r", "d")), step("stroke", "burns"),
    ],
}  # fmt: skip


def test_the_picture_has_a_section_for_each_condition_that_has_a_network_and_a_line_for_each_gap() -> None:
    picture = drawn(FOUND, NAMES)
    assert picture is not None
    assert [heading.text for heading in picture.headings] == ["Renal", "Stroke", "Diabetes"]
    assert sorted(line.kind for line in picture.lines) == ["missing", "works_with"]
    assert drawn({**FOUND, "conditions": FOUND["conditions"][3:]}, NAMES) is None


def test_the_finding_counts_what_is_linked_and_the_gaps() -> None:
    assert finding(FOUND) == "1 of 3 pairs of conditions linked, 2 gaps"
    assert finding({**FOUND, "steps": FOUND["steps"][:1]}) == "Every two of these conditions are linked"
    assert finding({**FOUND, "steps": []}) == "3 networks"
