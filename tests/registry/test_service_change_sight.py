"""Who sees which service changes, and who is told: what a network has not approved is its own and its overseers'."""

from __future__ import annotations

from typing import Any

from shared.auth import ANYBODY, Principal
from tests.registry.conftest import BOTH
from tests.registry.service_changing import OFFICER, Scene
from tests.service_rig import STAFF

ELSEWHERE = Principal("officer-2", bodies=frozenset({"Q36"}))
MEMBER = Principal("person-mo")
"""Who joined, as anybody can."""


async def _titles(scene: Scene, by: Principal, path: str = "/service-changes") -> list[str]:
    return sorted(item["title"] for item in (await scene.register.get(path, by=by))["items"])


@BOTH
async def test_what_is_not_approved_is_seen_by_those_with_a_role_by_the_bodies_and_by_staff_alone(scene: Scene) -> None:
    await scene.register.person("Mo", member=scene.network)
    await scene.approved(title="Approved")
    await scene.proposed(title="Proposed")
    await scene.does("decline", await scene.proposed(title="Declined"), scene.nurse, reason="Too soon")
    await scene.does("withdraw", await scene.proposed(title="Given up"), scene.chair, reason="No money")
    own = f"/networks/{scene.network}/service-changes"
    for by in (scene.chair, scene.nurse, OFFICER, STAFF):
        for path in ("/service-changes", own):
            assert await _titles(scene, by, path) == ["Approved", "Declined", "Given up", "Proposed"]
    for by in (ANYBODY, MEMBER, scene.stranger, ELSEWHERE):
        for path in ("/service-changes", own):
            assert await _titles(scene, by, path) == ["Approved"]


async def test_one_that_somebody_may_not_see_is_not_there_for_them_until_it_is_approved(scene: Scene) -> None:
    found = await scene.proposed()
    there = f"/service-changes/{found['id']}"
    for by in (ANYBODY, MEMBER, scene.stranger, ELSEWHERE):
        assert (await scene.register.ask("GET", there, by=by)).status_code == 404
    await scene.does("approve", found, scene.manager)
    await scene.does("approve", found, scene.doctor)
    await scene.does("withdraw", found, scene.chair, reason="The money ends")
    assert (await scene.register.get(there, by=ANYBODY))["status"] == "withdrawn"


@BOTH
async def test_the_history_tells_strangers_of_a_change_from_its_approval_on(scene: Scene) -> None:
    await scene.approved(title="Approved")
    await scene.does("decline", await scene.proposed(title="Declined"), scene.nurse, reason="Too soon")

    async def kinds(by: Principal) -> Any:
        page = await scene.register.get(f"/networks/{scene.network}/history", by=by)
        assert page["total"] == len(page["items"])
        return [e["type"].split(".")[3] for e in page["items"] if ".service-change." in e["type"]]

    for by in (ANYBODY, MEMBER, scene.stranger, ELSEWHERE):
        assert await kinds(by) == ["approved"]
    for by in (scene.chair, OFFICER, STAFF):
        assert await kinds(by) == ["declined", "proposed", "approved", "agreed", "proposed"]


async def test_the_totals_hold_only_proposals_that_an_officer_may_see(scene: Scene) -> None:
    await scene.approved(title="Approved")
    await scene.proposed(title="Proposed")
    for by, changes in ((ELSEWHERE, 1), (OFFICER, 2), (STAFF, 2)):
        assert (await scene.register.get("/workforce?proposed=true", by=by))["changes"] == changes


async def test_what_waits_is_told_to_those_with_a_role_and_what_is_approved_to_the_whole_network(scene: Scene) -> None:
    await scene.register.person("Mo", member=scene.network)
    await scene.approved()
    proposed, agreed, approved = await scene.said()
    people = [f"person:{scene_by.person_id}" for scene_by in (scene.chair, scene.doctor, scene.manager, scene.nurse)]
    for message, whom in ((proposed, people), (agreed, people), (approved, [f"network:{scene.network}"])):
        told = message.announcement
        assert told is not None and told.category == "workforce" and message.key == scene.network
        assert sorted(told.concerns.audiences()) == sorted([*whom, "body:Q31", "body:Q32"])
    assert proposed.announcement.headline == (  # type: ignore[union-attr]
        "Mersey Stroke Network proposes “Stroke unit open at night”, from 1 April 2027: +2.1 whole-time equivalents"
    )
    assert agreed.announcement.headline.startswith("A lead of Mersey Stroke Network approved “Stroke unit")  # type: ignore[union-attr]
    assert approved.state["approved_by"] == ["person-mina", "person-dev"]
    assert approved.state["impacts"][1] == {
        "staff_group": "administrative_and_clerical", "wte": -0.4, "training": "", "people": 0, "from_on": "2027-09-01"
    }  # fmt: skip


async def test_the_networks_history_names_nobody_by_a_reference(scene: Scene) -> None:
    await scene.approved()
    await scene.does("decline", await scene.proposed(title="Another"), scene.nurse, reason="Too soon")
    entries = (await scene.register.get(f"/networks/{scene.network}/history", by=OFFICER))["items"]
    assert [entry["headline"] for entry in entries if "{" in entry["headline"]] == []
    assert {"Dev", "Mina", "Nell"} <= {entry["actor_name"] for entry in entries}


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
