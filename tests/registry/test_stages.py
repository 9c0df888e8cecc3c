"""Moving from stage to stage: gates that stop, gates that name what satisfied them, and no way around them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.auth import Principal
from shared.envelope import new_id
from tests.registry.standing import BOTH, KINDS, LEADS, Networks


async def moved(networks: Networks, network: str, to: str, **more: Any) -> Any:
    return await networks.ask("POST", f"/networks/{network}/stage", {"to": to, "reason": "Agreed"}, **more)


async def test_a_promotion_is_stopped_with_each_unmet_gate_and_where_it_is_put_right(networks: Networks) -> None:
    network = await networks.network("emerging", name="Mersey")
    await networks.role(network, "lead_doctor", "ann")
    answer = await moved(networks, network, "managed")
    assert answer.status_code == 409
    problem = answer.json()
    assert {gate["name"]: gate["link"] for gate in problem["unmet"]} == {
        "Lead nurse": "/networks/mersey/roles?role=lead_nurse",
        "Other lead professional": "/networks/mersey/roles?role=lead_professional",
        "Lead manager": "/networks/mersey/roles?role=lead_manager",
        "Patient involvement in governance": "/networks/mersey/roles?role=patient_representative",
        "Documented evidence base": "/networks/mersey/standards?kind=evidence_base#record",
        "Outcome measures": "/networks/mersey/standards?kind=outcome_measures#record",
        "Annual plan": "/networks/mersey/standards?kind=annual_plan#record",
        "Audit": "/networks/mersey/standards?kind=audit#record",
        "Annual public report": "/networks/mersey/standards?kind=public_report#record",
    }
    assert [gate["name"] for gate in problem["met"]] == ["Lead doctor"]
    assert "9 standards are not met" in problem["detail"] and "No lead nurse is named" in problem["detail"]
    assert (await networks.got("GET", f"/networks/{network}"))["stage"] == "emerging"


@BOTH
async def test_a_promotion_names_what_satisfied_each_gate_and_is_told_with_the_new_health(networks: Networks) -> None:
    network = await networks.network("emerging", name="Mersey")
    await networks.person("ann", [])
    for role in (*LEADS, "patient_representative"):
        await networks.role(network, role, "ann")
    for kind in KINDS:
        await networks.evidence(network, kind, title=f"Our {kind}", link=f"https://x.example/{kind}")
    answer = await moved(networks, network, "managed")
    assert answer.status_code == 200, answer.text
    gates = {gate["name"]: gate["by"] for gate in answer.json()["gates"]}
    assert gates["Lead doctor"] == [
        {"text": "Ann is lead doctor since 1 January 2020", "link": "/networks/mersey#people"}
    ]
    assert gates["Audit"][0]["link"] == "https://x.example/audit"
    assert (answer.json()["stage"], answer.json()["health"], answer.headers["etag"]) == ("managed", "green", '"2"')
    entry = (await networks.said("registry.networks", network))[-1]
    assert (entry.type, entry.state["stage"]) == ("networks.registry.network.stage-changed.v1", "managed")
    assert entry.announcement and entry.announcement.headline == "Mersey is now managed"


async def test_the_stage_is_not_changed_with_the_record(networks: Networks) -> None:
    network = await networks.network("informal")
    answer = await networks.ask("PATCH", f"/networks/{network}", {"stage": "managed", "aims": "x"})
    assert answer.status_code == 422 and "/api/networks/{id}/stage" in answer.json()["detail"]
    same = await networks.got("PATCH", f"/networks/{network}", {"stage": "informal", "aims": "x"})
    assert same["aims"] == "x"


async def begun(networks: Networks, stage: str, **fields: Any) -> Any:
    base = {"name": f"Begun {new_id()}", "type": "disease", "care_group": "stroke", "stage": stage}
    return await networks.ask("POST", "/networks", {**base, **fields})


async def test_a_new_network_begins_informal_or_emerging_and_passes_no_gate_by_being_new(networks: Networks) -> None:
    for stage, status in (("informal", 201), ("emerging", 201), ("managed", 409), ("closing", 409), ("closed", 409)):
        answer = await begun(networks, stage)
        assert answer.status_code == status, answer.text
    refused = (await begun(networks, "managed")).json()
    assert len(refused["unmet"]) == 10 and refused["unmet"][0]["name"] == "Lead doctor"
    assert refused["detail"].startswith("A new network cannot begin as managed: no lead doctor is named; ")
    assert refused["detail"].endswith(
        "and 7 more. Begin it as informal or emerging, and move it on when that is there."
    )
    assert refused["errors"] == [{"field": "stage", "message": refused["detail"]}]
    assert (await networks.got("GET", "/networks"))["total"] == 2


async def test_a_part_that_is_split_off_begins_like_any_new_network(networks: Networks) -> None:
    whole = await networks.network()
    part = {"name": "A part", "stage": "managed"}
    assert (await networks.ask("POST", f"/networks/{whole}/split", part)).status_code == 409
    assert (await networks.got("POST", f"/networks/{whole}/split", {"name": "A part"}))["stage"] == "emerging"


async def test_what_its_record_must_have_at_a_stage_a_new_network_brings_with_it(networks: Networks) -> None:
    standard = {"name": "Own aims", "sentence": "No aims are written down", "severity": "red", "stages": ["emerging"]}
    await networks.got("POST", "/standards", {**standard, "rule": {"needs": "field", "field": "aims"}})
    assert (await begun(networks, "emerging")).json()["unmet"] == [
        {"name": "Own aims", "sentence": "No aims are written down"}
    ]
    assert (await begun(networks, "emerging", aims="Better care")).status_code == 201


@pytest.mark.parametrize(
    ("stage", "to", "status"),
    [
        ("informal", "emerging", 200), ("informal", "informal", 409), ("managed", "emerging", 200),
        ("managed", "closed", 409), ("managed", "closing", 200), ("closing", "closed", 200),
        ("closed", "informal", 200), ("closed", "managed", 409), ("closing", "managed", 409),
        ("informal", "gone", 422),
    ],
)  # fmt: skip
async def test_the_ways_from_stage_to_stage(networks: Networks, stage: str, to: str, status: int) -> None:
    network = await networks.network(stage)
    answer = await moved(networks, network, to)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert (await networks.got("GET", f"/networks/{network}"))["stage"] == to


async def test_amber_standards_stop_nobody_and_are_shown_with_the_gates(networks: Networks) -> None:
    network = await networks.network("informal")
    move = next(m for m in (await networks.standards(network))["moves"] if m["to"] == "emerging")
    assert move["open"] and [(gate["blocks"], gate["met"]) for gate in move["gates"]] == [(False, False)] * 2
    assert (await moved(networks, network, "emerging")).json()["health"] == "amber"


async def test_a_network_that_closes_is_no_longer_held_to_standards_and_its_vacancies_end(networks: Networks) -> None:
    network = await networks.network()
    assert len((await networks.standards(network))["vacancies"]) == 5
    assert (await moved(networks, network, "closing")).status_code == 200
    assert await networks.health(network) == "not assessed"
    assert (await networks.standards(network))["vacancies"] == []
    ended = [m for m in await networks.said("registry.vacancies", network) if m.type.endswith("ended.v1")]
    assert {m.state["status"] for m in ended} == {"no longer required"}


async def test_only_those_who_edit_a_network_move_it_and_an_old_version_is_refused(networks: Networks) -> None:
    network = await networks.network("informal")
    stranger = Principal("somebody")
    assert (await moved(networks, network, "emerging", by=stranger)).status_code == 403
    await networks.role(network, "co_ordinator", "somebody")
    assert (await moved(networks, network, "emerging", by=stranger, if_match='"7"')).status_code == 412
    assert (await moved(networks, network, "emerging", by=stranger, if_match='"1"')).status_code == 200
