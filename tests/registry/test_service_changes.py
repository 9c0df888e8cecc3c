"""Service changes: who proposes and who approves, when they are in force, and what they mean for the workforce."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from services.registry.commands import turn_service_changes
from services.registry.commands.approvals import assigned
from services.registry.tables import ApprovalNeed
from shared import clock
from shared.auth import ANYBODY, Principal
from shared.envelope import Envelope
from tests.registry.conftest import BOTH, Register
from tests.service_rig import STAFF

TODAY = clock.today()
IMPACTS = [
    {"staff_group": "nursing_and_midwifery", "wte": 2.5, "training": "Thrombolysis at night", "people": 14},
    {"staff_group": "administrative_and_clerical", "wte": -0.4, "from_on": "2027-09-01"},
]
OFFICER = Principal("officer-1", bodies=frozenset({"Q31"}))


@dataclass
class Scene:
    """A network with all its leads, and somebody of another."""

    register: Register
    network: str
    manager: Principal
    doctor: Principal
    nurse: Principal
    chair: Principal
    stranger: Principal

    async def proposed(self, **fields: Any) -> Any:
        """A proposal of the chair."""
        body = {"title": "Stroke unit open at night", "from_on": "2027-04-01", "impacts": IMPACTS, **fields}
        return await self.register.post(f"/networks/{self.network}/service-changes", body, by=self.chair)

    async def does(self, what: str, found: Any, by: Principal, *, reason: str = "", **headers: str) -> Any:
        """The answer to approving, declining or withdrawing."""
        path = f"/service-changes/{found['id']}/{what}"
        return await self.register.ask("POST", path, {"reason": reason}, by=by, **headers)

    async def approved(self, **fields: Any) -> Any:
        """A proposal that the manager and the doctor approved."""
        found = await self.proposed(**fields)
        await self.does("approve", found, self.manager)
        return (await self.does("approve", found, self.doctor)).json()

    async def said(self) -> list[Envelope]:
        """The messages about service changes."""
        return await self.register.said("registry.service-changes")


@pytest.fixture
async def scene(register: Register) -> Scene:
    """The network and its people."""
    network = await register.network("Mersey Stroke Network", bodies=["Q31", "Q32"])
    other = await register.network("Trent Stroke Network", bodies=["Q33"])
    return Scene(
        register, network,
        manager=await register.person("Mina", lead_manager=network),
        doctor=await register.person("Dev", lead_doctor=network),
        nurse=await register.person("Nell", lead_nurse=network),
        chair=await register.person("Cho", chair=network),
        stranger=await register.person("Stan", lead_manager=other, lead_doctor=other),
    )  # fmt: skip


@BOTH
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


@BOTH
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
    assert (await scene.register.get(f"/service-changes/{found['id']}", by=ANYBODY))["revision"] == 1


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


@BOTH
async def test_what_was_approved_is_in_force_from_its_day_and_it_is_said_once(scene: Scene) -> None:
    found = await scene.approved(from_on=str(TODAY + timedelta(days=10)))
    await scene.proposed(title="Not approved", from_on=str(TODAY))

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


async def test_the_network_and_its_bodies_are_told_as_news_of_the_workforce(scene: Scene) -> None:
    await scene.approved()
    proposed, agreed, approved = await scene.said()
    for message in (proposed, agreed, approved):
        told = message.announcement
        assert told is not None and told.category == "workforce" and message.key == scene.network
        assert told.concerns.audiences() == [f"network:{scene.network}", "body:Q31", "body:Q32"]
    assert proposed.announcement.headline == (  # type: ignore[union-attr]
        "Mersey Stroke Network proposes “Stroke unit open at night”, from 1 April 2027: +2.1 whole-time equivalents"
    )
    assert agreed.announcement.headline.startswith("A lead of Mersey Stroke Network approved “Stroke unit")  # type: ignore[union-attr]
    assert approved.state["approved_by"] == ["person-mina", "person-dev"]
    assert approved.state["impacts"][1] == {
        "staff_group": "administrative_and_clerical", "wte": -0.4, "training": "", "people": 0, "from_on": "2027-09-01"
    }  # fmt: skip


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


@BOTH
async def test_the_totals_agree_with_adding_up_one_by_one(scene: Scene) -> None:
    chance, rows = Random(5), []
    groups = ("medical_and_dental", "nursing_and_midwifery", "students")
    care_group = {scene.network: "stroke"}
    for number in range(3):
        network = await scene.register.network(f"Network {number}", care_group=f"group {number % 2}", bodies=["Q36"])
        care_group[network] = f"group {number % 2}"
    bodies = {network: ["Q31", "Q32"] if network == scene.network else ["Q36"] for network in care_group}
    for number in range(12):
        network = chance.choice(list(care_group))
        impacts = [
            {"staff_group": chance.choice(groups), "wte": chance.randint(-50, 50) / 10 or 1, "training": "x",
             "people": chance.randint(0, 9), "from_on": str(date(2027, 1, 1) + timedelta(days=chance.randint(0, 400)))}
            for _ in range(3)
        ]  # fmt: skip
        body = {"title": f"Change {number}", "from_on": "2027-04-01", "impacts": impacts}
        await scene.register.post(f"/networks/{network}/service-changes", body)
        rows += [(network, impact) for impact in impacts]
    assert (await scene.register.get("/workforce"))["changes"] == 0, "nothing is approved yet"
    shown = await scene.register.get("/workforce?proposed=true", by=OFFICER)
    assert shown["changes"] == 12
    assert shown["total"]["net"] == round(sum(impact["wte"] for _, impact in rows), 1)
    assert shown["total"]["people"] == sum(impact["people"] for _, impact in rows)
    for name, key in (
        ("by_care_group", lambda network, _: [care_group[network]]), ("by_body", lambda network, _: bodies[network]),
        ("by_staff_group", lambda _, impact: [impact["staff_group"]]),
        ("by_month", lambda _, impact: [impact["from_on"][:7]]),
    ):  # fmt: skip
        expected: dict[str, float] = defaultdict(float)
        for network, impact in rows:
            for value in key(network, impact):
                expected[value] += impact["wte"]
        assert {sum_["value"]: sum_["net"] for sum_ in shown[name]} == {k: round(v, 1) for k, v in expected.items()}
    mine = await scene.register.get("/workforce?proposed=true&sha=Q31&from=2027-03-01&to=2027-12-31")
    kept = [i["wte"] for n, i in rows if n == scene.network and "2027-03-01" <= i["from_on"] <= "2027-12-31"]
    assert mine["total"]["net"] == round(sum(kept), 1) and {body["value"] for body in mine["by_body"]} <= {"Q31"}


async def test_the_networks_history_names_nobody_by_a_reference(scene: Scene) -> None:
    await scene.approved()
    await scene.does("decline", await scene.proposed(title="Another"), scene.nurse, reason="Too soon")
    entries = (await scene.register.get(f"/networks/{scene.network}/history", by=ANYBODY))["items"]
    assert [entry["headline"] for entry in entries if "{" in entry["headline"]] == []
    assert {"Dev", "Mina", "Nell"} <= {entry["actor_name"] for entry in entries}


async def test_only_staff_and_officers_see_the_totals(scene: Scene) -> None:
    for by, status in ((scene.manager, 403), (ANYBODY, 401), (OFFICER, 200), (STAFF, 200)):
        assert (await scene.register.ask("GET", "/workforce", by=by)).status_code == status


async def test_lists_are_narrowed_by_area_care_group_staff_group_and_status(scene: Scene) -> None:
    found = await scene.approved()
    await scene.proposed(title="Another", impacts=[])
    for query in ("sha=Q31&status=approved", "care_group=stroke&staff_group=nursing_and_midwifery"):
        items = (await scene.register.get(f"/service-changes?{query}", by=ANYBODY))["items"]
        assert [item["id"] for item in items] == [found["id"]]
    assert (await scene.register.get("/service-changes?sha=Q36"))["total"] == 0
    page = await scene.register.get(f"/networks/{scene.network}/service-changes?limit=1")
    rest = await scene.register.get(f"/networks/{scene.network}/service-changes?limit=1&cursor={page['next']}")
    assert (page["total"], page["items"][0]["title"], rest["items"][0]["id"]) == (2, "Another", found["id"])


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


async def test_the_staff_groups_are_data_that_a_deployment_may_change(scene: Scene) -> None:
    groups = (await scene.register.get("/staff-groups", by=ANYBODY))["items"]
    assert len(groups) == 9 and groups[0] == {"code": "medical_and_dental", "name": "Medical and dental"}
