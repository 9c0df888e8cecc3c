"""One person takes a role in many networks together, or gives it up: all or none, told once, undone as one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from shared.auth import ANYBODY, Principal
from tests.days import today
from tests.membership.conftest import BOTH

TOPIC = "membership.role-batches"
NETWORKS = ["stroke", "cancer"]


async def together(membership: Any, who: Principal, *, networks: list[str] | None = None, **more: Any) -> Any:
    body = {"networks": networks or NETWORKS, "person_id": who.person_id, "role": "lead_manager", **more}
    return await membership.ask("POST", "/role-batches", body)


async def leads(membership: Any) -> list[list[str]]:
    """Who is lead manager now, of each network."""
    found = [(await membership.ask("GET", f"/networks/{one}/roles")).json()["items"] for one in NETWORKS]
    return [[role["name"] for role in items if role["status"] == "active"] for items in found]


@BOTH
async def test_a_person_leads_many_networks_from_now_on_and_everybody_is_told_once(membership: Any) -> None:
    olga, nia = await membership.person("Olga Old"), await membership.person("Nia New")
    await membership.give("stroke", olga, "lead_manager", **{"from": str(today() - timedelta(30))})
    answer = await together(membership, nia, reason="Olga retired")
    assert answer.status_code == 201 and answer.json()["changed"] == 2, answer.text
    assert [one["before"] for one in answer.json()["networks"]] == [[], ["Olga Old"]]
    assert await leads(membership) == [["Nia New"], ["Nia New"]]
    (message,) = await membership.said(TOPIC)
    told = message.announcement
    assert told.headline == f"{{person:{nia.person_id}}} is the new lead manager of Cancer Network and 1 more network"
    assert set(told.concerns.networks) == set(NETWORKS) and told.concerns.bodies == ("Q31",)
    assert set(told.concerns.people) == {nia.person_id, olga.person_id}
    roles = await membership.said("membership.memberships")
    assert len(roles) == 4 and [one.announcement is not None for one in roles] == [True, False, False, False]


@BOTH
async def test_the_undo_lets_each_network_be_led_as_before_but_where_that_was_changed_since(membership: Any) -> None:
    olga, nia = await membership.person("Olga Old"), await membership.person("Nia New")
    for network in NETWORKS:
        await membership.give(network, olga, "lead_manager", **{"from": str(today() - timedelta(30))})
    batch = (await together(membership, nia)).json()
    pat = await membership.person("Pat Present")
    await membership.give("cancer", pat, "lead_manager")
    undone = (await membership.ask("POST", f"/role-batches/{batch['id']}/undo", {"reason": "A slip"})).json()
    assert (undone["status"], undone["kept"]) == ("undone", 1)
    assert [one["name"] for one in undone["networks"] if one["kept"]] == ["Cancer Network"]
    assert await leads(membership) == [["Olga Old"], ["Pat Present"]]
    told = (await membership.said(TOPIC))[-1].announcement
    assert told.headline == f"{{person:{nia.person_id}}} is no longer lead manager of Stroke Network"
    assert olga.person_id in told.concerns.people
    assert (await membership.ask("POST", f"/role-batches/{batch['id']}/undo", {})).status_code == 409


@BOTH
async def test_a_person_stops_leading_many_networks_and_leads_them_again_with_the_undo(membership: Any) -> None:
    nia = await membership.person("Nia New")
    await membership.give("stroke", nia, "lead_manager", **{"from": str(today() - timedelta(30))})
    batch = (await together(membership, nia, ends=True)).json()
    assert batch["changed"] == 1 and await leads(membership) == [[], []]
    told = (await membership.said(TOPIC))[-1].announcement
    assert told.headline == f"{{person:{nia.person_id}}} is no longer lead manager of Stroke Network"
    await membership.ask("POST", f"/role-batches/{batch['id']}/undo", {})
    assert await leads(membership) == [["Nia New"], []]
    again = (await membership.said(TOPIC))[-1].announcement
    assert again.headline == f"{{person:{nia.person_id}}} is again lead manager of Stroke Network"


async def test_a_network_that_is_led_by_another_by_now_is_left_to_them(membership: Any) -> None:
    nia, pat = await membership.person("Nia New"), await membership.person("Pat Present")
    await membership.give("stroke", nia, "lead_manager")
    batch = (await together(membership, nia, ends=True)).json()
    await membership.give("stroke", pat, "lead_manager")
    undone = (await membership.ask("POST", f"/role-batches/{batch['id']}/undo", {})).json()
    assert undone["kept"] == 1 and await leads(membership) == [["Pat Present"], []]


async def test_an_archived_network_among_them_changes_none_and_is_named(membership: Any) -> None:
    nia = await membership.person("Nia New")
    answer = await together(membership, nia, networks=["stroke", "archived"])
    assert answer.status_code == 409 and await leads(membership) == [[], []]
    assert answer.json()["errors"] == [
        {"field": "archived", "message": "Old: The network is archived; nobody can join it or take a role in it."}
    ]


async def test_what_is_so_already_or_cannot_be_meant_is_refused(membership: Any) -> None:
    nia = await membership.person("Nia New")
    assert (await together(membership, nia, ends=True)).status_code == 409
    assert (await together(membership, nia)).status_code == 201
    assert (await together(membership, nia)).status_code == 409
    assert (await together(membership, Principal("nobody"))).status_code == 404
    assert (await together(membership, nia, networks=["stroke", "nowhere"])).status_code == 404
    for wrong in ({"role": "member"}, {"role": "king"}, {"networks": ["x"] * 201}):
        assert (await together(membership, nia, **wrong)).status_code == 422


async def test_staff_alone_change_roles_together_and_anybody_told_may_read_it(membership: Any) -> None:
    nia = await membership.person("Nia New")
    await membership.give("stroke", nia, "lead_doctor")
    body = {"networks": ["stroke"], "person_id": nia.person_id, "role": "lead_manager"}
    for by, status in ((nia, 403), (ANYBODY, 401)):
        assert (await membership.ask("POST", "/role-batches", body, by=by)).status_code == status
        assert (await membership.ask("GET", "/role-batches", by=by)).status_code == status
    batch = (await together(membership, nia)).json()
    assert (await membership.ask("GET", f"/role-batches/{batch['id']}", by=ANYBODY)).status_code == 200
    assert (await membership.ask("GET", "/role-batches")).json()["items"][0]["name"] == "Nia New"


@BOTH
async def test_two_who_take_the_same_networks_crosswise_and_one_alone_all_end(membership: Any) -> None:
    people = [await membership.person(name) for name in ("Ann Example", "Ben Example", "Cat Example", "Dan Example")]
    async with asyncio.timeout(30):
        answers = await asyncio.gather(
            *(together(membership, one, networks=NETWORKS[:: (-1) ** place]) for place, one in enumerate(people)),
            *(membership.give(network, people[0], "lead_manager") for network in NETWORKS),
        )
    assert {answer.status_code for answer in answers} <= {201, 409}, [a.text for a in answers]
    assert [len(names) for names in await leads(membership)] == [1, 1]
