"""A standard's form: what a person enters becomes a rule and back again; what was wrong stands beside its field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.datastructures import FormData

from services.gateway.clients import Refused
from services.gateway.pages.asked import by_stage, in_words
from services.gateway.pages.standard_desk import finding
from services.gateway.pages.standard_forms import (
    NotJson,
    as_json,
    body_of,
    entered_in,
    errors_of,
    plain_values,
    rule_in,
)
from services.gateway.pages.standards import kinds_of_evidence

pytestmark = pytest.mark.fast
RULES: tuple[tuple[dict[str, Any], str], ...] = (
    (
        {
            "needs": "role", "roles": ["lead_nurse", "chair"], "at_least": 2, "or_evidence": "patient_panel",
            "escalate_after_days": [7, 30],
        },
        "At least 2 people are lead nurse or chair, or evidence of the kind “Patient panel” is in date. "
        "When nobody is, those concerned are told after 7 and 30 days.",
    ),
    (
        {"needs": "evidence", "kind": "audit", "lasts_days": None, "messages": ["networks.events.event.scheduled.v1"]},
        "Evidence of the kind “Audit” is in date. It is also recorded by itself when it happens here.",
    ),
    ({"needs": "field", "field": "started_on"}, "“Started on” is filled in on its record."),
    (
        {"needs": "link", "kinds": ["works_with", "scrutinises"], "at_least": 1},
        "It is linked to at least one other network (works with or scrutinises).",
    ),
    ({"needs": "professions", "at_least": 3}, "Those who belong to it have at least 3 different professions."),
)  # fmt: skip


def filled_in(values: dict[str, Any]) -> dict[str, Any]:
    """The values after they went through a form."""
    pairs = [(name, str(one)) for name, value in values.items() for one in _each(value)]
    return entered_in(FormData(pairs))


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


@pytest.mark.parametrize(("rule", "said"), RULES)
def test_a_rule_goes_through_the_form_unchanged_in_either_view_and_is_said_in_words(
    rule: dict[str, Any], said: str
) -> None:
    assert rule_in(filled_in({"view": "plain", **plain_values(rule)})) == rule
    assert rule_in(filled_in({"view": "advanced", "rule": as_json(rule)})) == rule
    assert in_words(rule) == said


def test_what_a_rule_leaves_out_is_said_as_the_register_takes_it() -> None:
    assert in_words({"needs": "role", "roles": ["chair"]}) == (
        "Somebody is chair. When nobody is, those concerned are told after 30, 60 and 90 days."
    )
    assert in_words({"needs": "evidence", "kind": "audit"}) == (
        "Evidence of the kind “Audit” is in date. It lasts a year unless it names its own day of review."
    )


def test_a_number_that_is_none_reaches_the_register_as_it_was_entered() -> None:
    rule = rule_in(filled_in({"needs": "role", "role-escalate_after_days": "30 and so on", "role-at_least": "two"}))
    assert (rule["escalate_after_days"], rule["at_least"]) == ([30, "and", "so", "on"], "two")


@pytest.mark.parametrize("content", ["{nonsense", "[]", "", '"role"'])
def test_a_rule_that_is_not_data_is_refused_before_it_is_sent(content: str) -> None:
    with pytest.raises(NotJson):
        body_of({"view": "advanced", "rule": content})


def test_each_error_is_linked_to_its_field_in_words() -> None:
    errors = [
        {"field": "name", "message": "String should have at least 1 character"},
        {"field": "rule.role.roles", "message": "Tuple should have at least 1 item after validation, not 0"},
        {"field": "rule.role.escalate_after_days.1", "message": "Input should be a valid integer, unable to parse"},
        {"field": "rule", "message": "Unable to extract tag using discriminator 'needs'"},
        {"field": "mend", "message": "String should match pattern '^(/[^\\s]*)?$'"},
        {"field": "rule.link.at_least", "message": "Input should be less than or equal to 50"},
    ]
    refused = Refused(422, {"errors": errors})
    assert [(line["href"], line["text"]) for line in errors_of(refused, "plain")] == [
        ("#name", "Name: Enter something"),
        ("#role-roles", "Roles: Choose at least one"),
        ("#role-escalate_after_days", "Days of the clock: Enter a whole number"),
        ("#needs", "What it looks at: Choose one"),
        ("#mend", "Where it is put right: Begin with / as in /networks/{slug}/edit"),
        ("#link-at_least", "How many networks: Enter at most 50"),
    ]
    assert errors_of(refused, "advanced")[2] == {
        "href": "#rule", "text": "The rule: escalate_after_days: Enter a whole number"
    }  # fmt: skip


def test_a_name_that_is_taken_is_said_beside_the_name() -> None:
    refused = Refused(409, {"detail": "A standard of this name exists already."})
    assert errors_of(refused, "plain") == [{"text": "A standard of this name exists already.", "href": "#name"}]


def test_a_trial_is_told_by_its_finding_gravest_first() -> None:
    assert finding({"amber": 4, "red": 31}) == "This would turn 31 networks red and 4 amber"
    assert finding({"not assessed": 1}) == "This would turn 1 network to “not assessed”"
    assert finding({}) == "No network’s health would change"


def test_a_standard_of_two_stages_stands_under_both_and_has_one_anchor() -> None:
    one = {"code": "aims", "stages": ["managed", "emerging"], "rule": {"needs": "field", "field": "aims"}}
    stages = by_stage([one])
    assert [(s["stage"], s["groups"]["The record"][0]["anchor"]) for s in stages] == [
        ("emerging", "aims"), ("managed", "")
    ]  # fmt: skip
    assert json.loads(as_json(one["rule"])) == one["rule"]  # type: ignore[arg-type]


def test_evidence_may_be_recorded_of_every_kind_that_a_standard_takes_by_its_kind_and_not_its_code() -> None:
    standards = [
        {"code": "ig", "name": "Information governance", "rule": {"needs": "evidence", "kind": "ig_statement"}},
        {"code": "patients", "name": "Patients", "rule": {"needs": "role", "or_evidence": "patient_panel"}},
        {"code": "doctor", "name": "Doctor", "rule": {"needs": "role", "or_evidence": ""}},
    ]
    assert kinds_of_evidence(standards) == {"ig_statement": "Information governance", "patient_panel": "Patient panel"}
