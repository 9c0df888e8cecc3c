"""The standards themselves: who changed what of them and when, and how many networks meet each."""

from __future__ import annotations

from shared.auth import Principal
from tests.registry.standing import BOTH, Networks

NEW = {"name": "Chair", "sentence": "Nobody chairs it", "severity": "amber", "stages": ["managed"]}
RULE = {"needs": "role", "roles": ["chair"]}


@BOTH
async def test_a_standard_says_how_many_networks_meet_it_of_those_it_applies_to(networks: Networks) -> None:
    await networks.green()
    await networks.network("managed")
    await networks.network("informal")
    listed = {one["code"]: one for one in (await networks.got("GET", "/standards"))["items"]}
    shown = await networks.got("GET", "/standards/audit")
    for one in (listed["audit"], shown):
        assert (one["met_by"], one["unmet_by"]) == (1, 1)


@BOTH
async def test_the_history_of_a_standard_tells_who_changed_what_and_why_the_newest_first(networks: Networks) -> None:
    made = await networks.got("POST", "/standards", {**NEW, "rule": RULE, "reason": "Agreed in May"})
    change = {"severity": "red", "rule": {**RULE, "at_least": 2}, "reason": "Too many drift"}
    await networks.got("PATCH", f"/standards/{made['id']}", change)
    await networks.got("PATCH", f"/standards/{made['id']}", {"retired": True})
    entries = (await networks.got("GET", "/standards/chair/history"))["items"]
    assert [(entry["reason"], sorted(entry["changes"])) for entry in entries[:2]] == [
        ("", ["retired"]), ("Too many drift", ["rule", "severity"]),
    ]  # fmt: skip
    assert entries[2]["reason"] == "Agreed in May" and entries[1]["changes"]["severity"] == ["amber", "red"]
    first = await networks.got("GET", "/standards/chair/history?limit=1")
    assert (first["total"], first["next"]) == (3, entries[0]["id"])
    rest = await networks.got("GET", f"/standards/chair/history?cursor={first['next']}")
    assert [entry["id"] for entry in rest["items"]] == [entry["id"] for entry in entries[1:]]


async def test_the_history_of_a_standard_is_for_staff_and_the_standards_are_for_everybody(networks: Networks) -> None:
    stranger = Principal("somebody")
    assert (await networks.ask("GET", "/standards/audit/history", by=stranger)).status_code == 403
    assert (await networks.ask("GET", "/standards/audit", by=stranger)).status_code == 200


async def test_a_rule_that_says_what_was_left_to_us_is_no_change(networks: Networks) -> None:
    made = await networks.got("POST", "/standards", {**NEW, "rule": RULE})
    whole = {**RULE, "at_least": 1, "or_evidence": "", "escalate_after_days": [30, 60, 90]}
    same = await networks.got("PATCH", f"/standards/{made['id']}", {"rule": whole})
    other = await networks.got("PATCH", f"/standards/{made['id']}", {"rule": {**whole, "at_least": 2}})
    assert (same["revision"], other["revision"]) == (1, 2)


async def test_a_standard_called_new_has_an_address_that_is_not_the_page_for_adding_one(networks: Networks) -> None:
    assert (await networks.got("POST", "/standards", {**NEW, "name": "New", "rule": RULE}))["code"] == "new_2"
