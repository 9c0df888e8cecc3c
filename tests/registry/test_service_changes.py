"""Service changes: who proposes and who approves, and when they are in force."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.registry.commands import turn_service_changes
from services.registry.commands.approvals import assigned
from services.registry.tables import ApprovalNeed
from shared import clock
from shared.auth import ANYBODY
from tests.days import today
from tests.registry.service_changing import OFFICER, Scene
from tests.service_rig import STAFF


async def test_a_network_approves_with_its_manager_and_a_clinician(scene: Scene) -> None:
    found = await scene.proposed()
    assert (found["status"], found["wte"], found["people"], found["may"]) == (
        "proposed",
        2.1,
        14,
        ["change", "withdraw"],
    )
    assert [(need["code"], need["given_by"], need["holders"]) for need in found["needs"]] == [
        ("management", None, ["Mina"]), ("clinical", None, ["Dev", "Nell"])
    ]  # fmt: skip
    once = (await scene.does("approve", found, scene.doctor, reason="It is time")).json()
    assert once["status"] == "proposed" and once["approved_at"] is None
    assert [need["given_by"] for need in once["needs"]] == [None, "Dev"]
    assert (await scene.does("approve", found, scene.doctor)).json()["type"] == "/problems/approved-already"
    assert (await scene.does("approve", found, scene.nurse)).json()["status"] == "proposed"
    done = (await scene.does("approve", found, scene.manager)).json()
    assert done["status"] == "approved" and done["approved_at"]
    decisions = [(d["name"], d["roles"], d["approved"], d["note"]) for d in done["decisions"]]
    assert decisions == [
        ("Dev", ["lead_doctor"], True, "It is time"), ("Nell", ["lead_nurse"], True, ""),
        ("Mina", ["lead_manager"], True, ""),
    ]  # fmt: skip
    assert (await scene.does("approve", found, scene.nurse)).status_code == 409
    kinds = [message.type.split(".")[3] for message in await scene.said()]
    assert kinds == ["proposed", "agreed", "agreed", "approved"]


async def test_one_person_with_two_roles_does_not_approve_alone(scene: Scene) -> None:
    both = await scene.register.person("Bo", lead_manager=scene.network, lead_professional=scene.network)
    found = await scene.proposed()
    once = (await scene.does("approve", found, both)).json()
    assert once["status"] == "proposed" and sum(need["given_by"] is not None for need in once["needs"]) == 1
    assert (await scene.does("approve", found, scene.manager)).json()["status"] == "approved"


def test_as_many_needs_are_met_as_can_be() -> None:
    needs = [
        ApprovalNeed(code="m", label="", roles=["manager"], place=0),
        ApprovalNeed(code="c", label="", roles=["doctor", "nurse"], place=1),
    ]
    assert assigned(needs, {}) == {}
    assert list(assigned(needs, {"a": ["manager", "doctor"]}).values()) == ["a"]
    assert assigned(needs, {"a": ["manager", "doctor"], "b": ["manager"]}) == {"m": "b", "c": "a"}
    assert assigned(needs, {"a": ["manager", "doctor"], "b": ["nurse"]}) == {"m": "a", "c": "b"}
    assert assigned(needs, {"a": ["nurse"], "b": ["doctor"]}) in ({"c": "a"}, {"c": "b"})


async def test_two_leads_who_approve_at_the_same_moment_both_count(scene: Scene) -> None:
    found = await scene.proposed()
    answers = await asyncio.gather(*(scene.does("approve", found, by) for by in (scene.manager, scene.doctor)))
    assert sorted(answer.json()["status"] for answer in answers) == ["approved", "proposed"]
    assert [message.type.split(".")[3] for message in await scene.said()] == ["proposed", "agreed", "approved"]


async def test_nobody_but_the_leads_decides_and_nobody_but_editors_proposes(scene: Scene) -> None:
    found, path = await scene.proposed(), f"/networks/{scene.network}/service-changes"
    for by in (STAFF, scene.chair, scene.stranger, OFFICER):
        for what in ("approve", "decline"):
            refused = await scene.does(what, found, by, reason="Mine")
            assert refused.status_code == 403 and "leads of the network" in refused.json()["detail"]
    for by in (scene.stranger, OFFICER):
        body = {"title": "Mine", "from_on": "2027-04-01"}
        assert (await scene.register.ask("POST", path, body, by=by)).status_code == 403
        assert (await scene.register.ask("PATCH", f"/service-changes/{found['id']}", body, by=by)).status_code == 403
        assert (await scene.does("withdraw", found, by, reason="Mine")).status_code == 403
    assert (await scene.does("approve", found, ANYBODY)).status_code == 401
    assert (await scene.register.get(f"/service-changes/{found['id']}"))["revision"] == 1


async def test_a_changed_proposal_must_be_approved_anew_and_an_approved_one_cannot_be_changed(scene: Scene) -> None:
    found = await scene.proposed()
    path = f"/service-changes/{found['id']}"
    await scene.does("approve", found, scene.doctor)
    body = {"impacts": [{"staff_group": "students", "wte": 1}], "reason": "Recounted"}
    changed = (await scene.register.ask("PATCH", path, body, by=scene.chair)).json()
    assert (changed["wte"], changed["decisions"], changed["revision"]) == (1.0, [], 3)
    late = await scene.does("approve", found, scene.manager, if_match='"1"')
    assert late.status_code == 412
    same = (await scene.register.ask("PATCH", path, {"title": changed["title"]}, by=scene.chair)).json()
    assert same["revision"] == 3
    await scene.does("approve", found, scene.manager)
    await scene.does("approve", found, scene.nurse)
    refused = await scene.register.ask("PATCH", path, {"title": "Another"}, by=scene.chair)
    assert refused.json()["type"] == "/problems/no-longer-a-proposal"


async def test_a_declined_proposal_says_why_and_may_be_mended(scene: Scene) -> None:
    found = await scene.proposed()
    await scene.does("approve", found, scene.manager)
    assert (await scene.does("decline", found, scene.nurse)).status_code == 422
    declined = (await scene.does("decline", found, scene.nurse, reason="Who covers the day?")).json()
    assert declined["status"] == "declined"
    assert ("Nell", False, "Who covers the day?") in [
        (d["name"], d["approved"], d["note"]) for d in declined["decisions"]
    ]
    assert (await scene.does("approve", found, scene.doctor)).status_code == 409
    body = {"description": "Two more for the day."}
    again = (await scene.register.ask("PATCH", f"/service-changes/{found['id']}", body, by=scene.chair)).json()
    assert (again["status"], again["decisions"]) == ("proposed", [])


async def test_what_was_approved_is_in_force_from_its_day_and_it_is_said_once(scene: Scene) -> None:
    found = await scene.approved(from_on=str(today() + timedelta(days=10)))
    await scene.proposed(title="Not approved", from_on=str(today()))

    async def turn(days: int) -> None:
        with clock.at(clock.now() + timedelta(days=days)):
            async with scene.register.database.transaction() as session:
                await turn_service_changes(session)

    path = f"/service-changes/{found['id']}"
    await turn(9)
    assert (await scene.register.get(path))["status"] == "approved"
    await asyncio.gather(*(turn(30) for _ in range(3)))
    assert (await scene.register.get(path))["status"] == "in_force"
    assert [message.type.split(".")[3] for message in await scene.said()].count("started") == 1
    gone = (await scene.does("withdraw", found, scene.chair, reason="The money ends")).json()
    assert (gone["status"], gone["may"]) == ("withdrawn", [])
    assert (await scene.does("withdraw", found, scene.chair, reason="Twice")).status_code == 409


@pytest.mark.parametrize(
    ("impact", "word"),
    [
        ({"staff_group": "wizards", "wte": 1}, "wizards"),
        ({"staff_group": "students", "wte": 1.25}, "1 decimal"),
        ({"staff_group": "students"}, "whole-time equivalents"),
        ({"staff_group": "students", "wte": 1, "people": 3}, "must learn"),
        ({"staff_group": "students", "wte": 1, "from_on": "0027-04-01"}, "between 1948"),
    ],
)
async def test_an_impact_that_makes_no_sense_is_refused_with_a_sentence(scene: Scene, impact: Any, word: str) -> None:
    body = {"title": "X", "from_on": "2027-04-01", "impacts": [impact]}
    refused = await scene.register.ask("POST", f"/networks/{scene.network}/service-changes", body, by=scene.chair)
    assert refused.status_code == 422 and word in refused.text
    assert (await scene.register.get("/service-changes"))["total"] == 0


async def test_what_was_not_withdrawn_follows_the_network_into_another(scene: Scene) -> None:
    found, gone = await scene.proposed(), await scene.proposed(title="Withdrawn")
    await scene.does("approve", found, scene.manager)
    await scene.does("withdraw", gone, scene.chair, reason="No money")
    other = await scene.register.network("Wirral Stroke Network")
    await scene.register.post(f"/networks/{scene.network}/merge", {"into": other})
    moved = await scene.register.get(f"/service-changes/{found['id']}")
    assert (moved["network"]["id"], len(moved["decisions"])) == (other, 1)
    assert (await scene.register.get(f"/networks/{scene.network}/service-changes"))["items"][0]["id"] == gone["id"]
    last = (await scene.said())[-1]
    assert (last.type.split(".")[3], last.key, last.announcement) == ("moved", other, None)
