"""What the history of a network says of what else is kept under it."""

from __future__ import annotations

import pytest

from services.gateway.pages.told import impact_said, told

pytestmark = pytest.mark.fast
IMPACT = {"staff_group": "nurses", "wte": 2.5, "training": "Prescribing", "people": 4, "from_on": "2027-04-01"}
GROUPS = {"nurses": "Nursing and midwifery"}


def test_an_impact_is_a_sentence() -> None:
    assert impact_said(IMPACT, GROUPS) == (
        "Nursing and midwifery: +2.5 whole-time equivalents; 4 people learn: Prescribing, from 1 April 2027"
    )
    assert impact_said({**IMPACT, "wte": -1, "training": "", "people": 0}, {}) == (
        "Nurses: −1.0 whole-time equivalents, from 1 April 2027"
    )
    assert "1 person learns: X" in impact_said({**IMPACT, "training": "X", "people": 1}, GROUPS)


def test_what_was_changed_of_a_service_change_is_told_without_its_ids() -> None:
    changes = {
        "id": [None, "c1"], "network_id": [None, "n1"], "title": [None, "Nights"], "from_on": [None, "2027-04-01"],
        "status": ["proposed", "in_force"], "impacts": [[], [IMPACT, {**IMPACT, "wte": 1, "training": ""}]],
    }  # fmt: skip
    rows = told({"type": "networks.registry.service-change.changed.v1", "changes": changes}, {}, GROUPS)
    assert rows[:3] == [("Title", "–", "Nights"), ("From", "–", "1 April 2027"), ("Status", "Proposed", "In force")]
    assert rows[3][2].count("\n") == 1 and rows[3][1] == "–"


def test_a_turn_of_health_says_what_is_missing_and_a_thing_that_nobody_described_says_nothing() -> None:
    unmet = [
        {"standard": "s", "name": "Lead nurse", "severity": "red", "sentence": "No lead nurse is named", "why": ""}
    ]
    changes = {"health": ["green", "red"], "since": [None, "2026-01-01T00:00:00Z"], "unmet": [[], unmet]}
    rows = told({"type": "networks.registry.health.changed.v1", "changes": changes}, {}, {})
    assert rows == [("Health", "Green", "Red"), ("What is missing", "–", "No lead nurse is named")]
    assert told({"type": "networks.other.thing.done.v1", "changes": {"id": [None, "x"]}}, {}, {}) == []
