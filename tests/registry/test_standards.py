"""How networks stand against standards, and that it shows, with its reason and its cause, whatever brought it about."""

from __future__ import annotations

import asyncio
from datetime import date
from urllib.parse import quote

import pytest

from services.registry.consumers import on_memberships
from shared import clock
from tests.registry.standing import BOTH, KINDS, LEADS, TOY, Networks
from tests.service_rig import STAFF

HEALTH = "registry.health"
NEW = {"name": "A new standard", "sentence": "It is not new", "severity": "red", "stages": ["managed"]}


@BOTH
async def test_a_lead_who_leaves_turns_a_green_network_red_with_the_reason_and_the_cause(networks: Networks) -> None:
    network = await networks.green(name="Mersey Stroke Network")
    cause = await networks.role(network, "lead_nurse", status="ended", revision=2)
    assert await networks.health(network) == "red"
    last = (await networks.said(HEALTH, network))[-1]
    assert (last.type, last.causationid) == ("networks.registry.health.changed.v1", cause)
    assert [unmet["name"] for unmet in last.state["unmet"]] == ["Lead nurse"]
    told = last.announcement
    assert told and told.headline == "Mersey Stroke Network is red: no lead nurse is named"
    assert (told.category, told.significance, told.path) == (
        "governance", "major", "/networks/mersey-stroke-network/standards"
    )  # fmt: skip
    assert set(told.concerns.audiences()) == {f"network:{network}", "body:Q31", "staff"}
    missing = next(item for item in (await networks.standards(network))["items"] if not item["met"])
    assert (missing["code"], missing["cause"]) == ("lead_nurse", cause)
    assert missing["link"] == "/networks/mersey-stroke-network/roles?role=lead_nurse"


async def test_the_standards_that_the_product_ships_are_those_of_a_managed_network(networks: Networks) -> None:
    network = await networks.network()
    assert await networks.unmet(network) == {*LEADS, "patient_involvement", *KINDS}
    assert await networks.health(await networks.network("informal")) == "not assessed"
    assert await networks.health(await networks.network("emerging")) == "amber"


async def test_a_new_holder_turns_it_green_again_and_the_directory_finds_it_by_its_health(networks: Networks) -> None:
    network = await networks.green(name="Mersey Stroke Network")
    await networks.role(network, "lead_nurse", status="ended", revision=2)
    await networks.role(network, "lead_nurse", "nia", since=date(2026, 5, 3))
    assert (await networks.told(HEALTH, network))[-1] == (
        "Mersey Stroke Network is green again: {person:nia} is lead nurse since 3 May 2026"
    )
    found = await networks.got("GET", "/networks?health=green&facets=true")
    assert [item["id"] for item in found["items"]] == [network]
    assert {item["value"]: item["count"] for item in found["facets"]["health"]} == {"green": 1}
    assert (await networks.got("GET", "/networks?health=red"))["total"] == 0


async def test_evidence_of_another_service_counts_where_a_standard_names_its_message(networks: Networks) -> None:
    """Nothing in the register knows the toy: the standard's rule does."""
    network = await networks.green()
    rule = {"needs": "evidence", "kind": "check", "lasts_days": 30, "messages": ["networks.toy.check.passed.v1"]}
    await networks.got("POST", "/standards", {**NEW, "rule": rule})
    await networks.settled()
    assert await networks.health(network) == "red"
    cause = await networks.say(
        TOY, "networks.toy.check.passed.v1", key=network, state={"id": "c1", "revision": 1}, headline="Checked"
    )
    assert await networks.health(network) == "green"
    assert (await networks.said(HEALTH, network))[-1].causationid == cause
    stand = next(item for item in (await networks.standards(network))["items"] if item["name"] == NEW["name"])
    assert stand["cause"] == cause and stand["by"][0]["link"] == "/somewhere"
    assert stand["by"][0]["text"].startswith("“Checked” of ")
    assert await networks.turn(days=31) > 0
    assert await networks.health(network) == "red"


async def test_evidence_by_message_may_name_its_networks_and_its_day_of_review_and_old_news_is_ignored(
    networks: Networks,
) -> None:
    first, second = await networks.green(), await networks.green()
    rule = {"needs": "evidence", "kind": "check", "messages": ["networks.toy.check.passed.v1"]}
    await networks.got("POST", "/standards", {**NEW, "rule": rule})
    state = {"id": "c1", "revision": 2, "networks": [first, second, "unknown"], "review_by": "2999-01-01"}
    for revision in (2, 1, 2):
        said = {**state, "revision": revision, "review_by": f"{2997 + revision}-01-01"}
        await networks.say(TOY, "networks.toy.check.passed.v1", key="c1", state=said)
    for network in (first, second):
        (kept,) = (await networks.got("GET", f"/networks/{network}/evidence?kind=check"))["items"]
        assert (kept["review_by"], kept["revision"]) == ("2999-01-01", 1)


async def test_the_cause_is_the_message_that_matters_also_where_one_batch_brings_many(networks: Networks) -> None:
    network = await networks.green()
    more = {"wait": False, "revision": 2, "status": "ended"}
    cause = await networks.role(network, "lead_nurse", **more)
    await networks.role(network, "chair", "somebody", wait=False)
    last = await networks.role(network, "co_ordinator", "somebody")
    await networks.handled(last)
    assert (await networks.said(HEALTH, network))[-1].causationid == cause


async def test_messages_twice_and_in_disorder_tell_nobody_twice(networks: Networks) -> None:
    network = await networks.green()
    before = len(await networks.said(HEALTH, network))
    await networks.role(network, "lead_nurse", status="ended", revision=3)
    await networks.role(network, "lead_nurse", status="ended", revision=3)
    await networks.role(network, "lead_nurse", status="active", revision=2)
    assert len(await networks.said(HEALTH, network)) == before + 1
    assert await networks.health(network) == "red"


async def test_another_reason_for_red_is_told_and_what_only_changes_the_record_is_not(networks: Networks) -> None:
    network = await networks.green(name="Mersey")
    await networks.role(network, "lead_nurse", status="ended", revision=2)
    await networks.role(network, "lead_doctor", status="ended", revision=2)
    await networks.got("PATCH", f"/networks/{network}", {"population": 7})
    await networks.settled()
    assert (await networks.told(HEALTH, network))[-2:] == [
        "Mersey is red: no lead nurse is named",
        "Mersey is red for another reason: no lead doctor is named",
    ]


async def test_an_import_is_judged_and_told_to_nobody_until_it_gets_worse(networks: Networks) -> None:
    content = b"name,type,care_group,sha_codes,stage\nA,disease,stroke,Q31,emerging\n"
    answer = await networks.rig.client.post("/networks/imports", content=content, headers=networks.rig.as_(STAFF))
    assert answer.is_success
    await networks.settled()
    (network,) = (await networks.got("GET", "/networks"))["items"]
    assert network["health"] == "amber"
    assert await networks.told(HEALTH, network["id"]) == []
    await networks.role(network["id"], "lead_nurse", headline="")
    await networks.got("PATCH", f"/networks/{network['id']}", {"aims": "To be well."})
    await networks.settled()
    assert await networks.health(network["id"]) == "green"
    await networks.role(network["id"], "lead_nurse", status="ended", revision=2, headline="")
    assert (await networks.told(HEALTH, network["id"]))[-1].startswith("A is amber: ")


async def test_an_archived_network_is_held_to_nothing(networks: Networks) -> None:
    network = await networks.network()
    await networks.got("POST", f"/networks/{network}/archive", {})
    await networks.settled()
    assert await networks.health(network) == "not assessed"
    assert (await networks.standards(network))["vacancies"] == []


@BOTH
async def test_professions_are_counted_among_all_who_belong_and_forgotten_with_the_person(networks: Networks) -> None:
    network = await networks.green()
    await networks.got("POST", "/standards", {**NEW, "rule": {"needs": "professions", "at_least": 2}})
    await networks.settled()
    for person, profession in (("ann", "nurse"), ("bob", "pharmacist")):
        await networks.person(person, [profession])
        await networks.role(network, "member", person)
    assert await networks.health(network) == "green"
    await networks.person("bob", ["nurse"], revision=2)
    assert await networks.unmet(network) == {"a_new_standard"}
    await networks.person("bob", ["pharmacist", "nurse"], revision=3)
    assert await networks.health(network) == "green"
    await networks.erased("bob")
    assert await networks.health(network) == "red"


@pytest.mark.parametrize("field", ["aims", "population", "started_on", "bodies", "aliases"])
async def test_a_field_of_the_record_may_be_a_standard(networks: Networks, field: str) -> None:
    network = await networks.network("emerging", aims="x", bodies=[])
    for person in ("chair",):
        await networks.role(network, person)
    rule = {"needs": "field", "field": field}
    await networks.got("POST", "/standards", {**NEW, "stages": ["emerging"], "rule": rule})
    await networks.settled()
    filled = {"population": 7, "started_on": "2020-01-01", "bodies": ["Q31"], "aliases": ["A"], "aims": "x"}
    assert await networks.health(network) == ("green" if field == "aims" else "red")
    await networks.got("PATCH", f"/networks/{network}", {field: filled[field]})
    await networks.settled()
    assert await networks.health(network) == "green"


@BOTH
async def test_of_two_who_bring_what_is_missing_side_by_side_the_second_judges_with_both(networks: Networks) -> None:
    """Each transaction sees only its own half, unless the second waits for the first before it reads the facts."""
    network = await networks.network()
    for role in (*LEADS[1:], "patient_representative"):
        await networks.role(network, role)
    for kind in KINDS[1:]:
        await networks.evidence(network, kind)
    async with networks.rig.parts.database.transaction() as session:
        await on_memberships(session, [networks.role_message(network, LEADS[0])])
        recording = asyncio.create_task(networks.evidence(network, KINDS[0]))
        await asyncio.sleep(0.3)
    await recording
    assert await networks.health(network) == "green"


@BOTH
async def test_health_is_of_the_past_too_in_lists_and_records_as_they_stood(networks: Networks) -> None:
    network = await networks.green()
    await asyncio.sleep(0.01)
    was_green = clock.now().isoformat()
    await networks.role(network, "lead_nurse", status="ended", revision=2)
    then = await networks.got("GET", f"/networks?health=green&facets=true&as_of={quote(was_green)}")
    assert [item["health"] for item in then["items"]] == ["green"]
    assert [(entry["value"], entry["count"]) for entry in then["facets"]["health"]] == [("green", 1)]
    assert (await networks.got("GET", f"/networks?health=red&as_of={quote(was_green)}"))["total"] == 0
    assert (await networks.got("GET", f"/networks/{network}?as_of={quote(was_green)}"))["health"] == "green"
    assert (await networks.got("GET", "/networks?health=red"))["total"] == 1


@BOTH
async def test_links_may_be_a_standard_seen_from_either_end_until_one_end_is_archived(networks: Networks) -> None:
    one, other = await networks.green(name="One"), await networks.green(name="Other")
    rule = {"needs": "link", "kinds": ["works_with"]}
    await networks.got("POST", "/standards", {**NEW, "rule": rule})
    await networks.settled()
    assert [await networks.health(network) for network in (one, other)] == ["red", "red"]
    await networks.got("POST", f"/networks/{one}/links", {"kind": "works_with", "other_id": other})
    await networks.settled()
    assert [await networks.health(network) for network in (one, other)] == ["green", "green"]
    stand = next(item for item in (await networks.standards(other))["items"] if item["name"] == NEW["name"])
    assert stand["by"] == [{"text": "Linked with One", "link": "/networks/one"}]
    await networks.got("POST", f"/networks/{one}/archive", {})
    await networks.settled()
    assert await networks.health(other) == "red"


async def test_a_trial_refuses_the_name_of_another_standard_and_not_its_own(networks: Networks) -> None:
    rule = {"needs": "field", "field": "aims"}
    first = await networks.got("POST", "/standards", {**NEW, "rule": rule})
    other = await networks.got("POST", "/standards", {**NEW, "name": "Another standard", "rule": rule})
    for body in ({**NEW, "name": "a NEW standard", "rule": rule}, {"id": other["id"], "name": NEW["name"]}):
        refused = await networks.ask("POST", "/standards/dry-run", body)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/standard-name-taken")
    await networks.got("POST", "/standards/dry-run", {"id": first["id"], "name": NEW["name"], "severity": "amber"})
