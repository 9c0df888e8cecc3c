"""Links between networks: who may make them, which are refused, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from services.registry.commands import move_links
from shared.contracts.registry import LINKS
from tests.registry.conftest import BOTH
from tests.registry.linking import ANN, BEN, EVE, Linking
from tests.service_rig import STAFF


async def test_staff_link_at_once_and_both_networks_are_told_in_one_message(linking: Linking) -> None:
    link = await linking.linked("A", "parent_of", "B", note="Since the review")
    assert (link["status"], link["relation"], link["proposed_by"]) == ("confirmed", "parent_of", "")
    assert [link["network"]["name"], link["other"]["name"]] == ["Network A", "Network B"]
    (message,) = await linking.said(LINKS.name)
    told = message.announcement
    assert told is not None and told.headline == "Network A is the parent of Network B"
    assert set(told.concerns.networks) == {linking.ids["A"], linking.ids["B"]} and told.concerns.bodies == ("Q31",)
    assert (message.key, told.path) == (link["id"], f"/links/{link['id']}")


@BOTH
async def test_an_editor_proposes_and_the_other_side_confirms(linking: Linking) -> None:
    link = await linking.linked("A", "works_with", "B", by=ANN)
    assert (link["status"], link["proposed_by"]) == ("proposed", linking.ids["A"])
    own = await linking.ask("POST", f"/links/{link['id']}/confirm", ANN, {})
    assert own.status_code == 403 and "other network" in own.json()["detail"]
    stranger = await linking.ask("POST", f"/links/{link['id']}/confirm", EVE, {})
    assert stranger.status_code == 403 and "one of the two networks" in stranger.json()["detail"]
    agreed = await linking.ask("POST", f"/links/{link['id']}/confirm", BEN, {"reason": "Gladly"})
    assert (agreed.status_code, agreed.json()["status"]) == (200, "confirmed")
    proposed, made = await linking.said(LINKS.name)
    assert proposed.announcement is not None and proposed.announcement.concerns.audiences() == ["person:ben"]
    assert made.announcement is not None and len(made.announcement.concerns.networks) == 2
    again = await linking.ask("POST", f"/links/{link['id']}/confirm", BEN, {})
    assert again.status_code == 409


async def test_where_nobody_can_answer_the_staff_are_asked(linking: Linking) -> None:
    await linking.linked("A", "works_with", "C", by=ANN)
    (message,) = await linking.said(LINKS.name)
    assert message.announcement is not None and message.announcement.concerns.audiences() == ["staff"]


async def test_a_proposal_is_seen_by_the_two_networks_and_staff_alone(linking: Linking) -> None:
    link = await linking.linked("A", "works_with", "B", by=ANN)
    for who, seen in ((ANN, 200), (BEN, 200), (STAFF, 200), (EVE, 404)):
        assert (await linking.ask("GET", f"/links/{link['id']}", who)).status_code == seen
        assert len(await linking.links("B", who)) == (seen == 200)


@pytest.mark.parametrize(("who", "status"), [(BEN, "declined"), (ANN, "withdrawn")])
async def test_a_proposal_can_be_declined_or_withdrawn_and_proposed_again(
    linking: Linking, who: Any, status: str
) -> None:
    link = await linking.linked("A", "works_with", "B", by=ANN)
    dropped = await linking.ask("POST", f"/links/{link['id']}/decline", who, {"reason": "Not now"})
    assert dropped.json()["status"] == status
    _, message = await linking.said(LINKS.name)
    assert message.announcement is not None
    assert message.announcement.concerns.people == ((BEN if who is ANN else ANN).person_id,)
    assert (await linking.linked("B", "works_with", "A", by=BEN))["status"] == "proposed"


async def test_strangers_cannot_link(linking: Linking) -> None:
    assert (await linking.link("A", "works_with", "B", by=EVE)).status_code == 403
    assert (await linking.link("A", "works_with", "B", by=BEN)).status_code == 403


async def test_the_same_link_twice_is_refused_from_either_end(linking: Linking) -> None:
    turned = {"works_with": "works_with", "parent_of": "part_of", "scrutinises": "scrutinised_by"}
    for kind, from_the_other_end in turned.items():
        first = await linking.linked("A", kind, "B")
        for answer in (await linking.link("A", kind, "B"), await linking.link("B", from_the_other_end, "A")):
            assert answer.status_code == 409 and answer.json()["link_id"] == first["id"]
            assert "linked in this way already" in answer.json()["detail"]


async def test_two_networks_may_scrutinise_each_other_and_share_several_pathways(linking: Linking) -> None:
    await linking.linked("A", "scrutinises", "B")
    await linking.linked("B", "scrutinises", "A")
    await linking.linked("A", "shares_pathway_with", "B", care_group="diabetes")
    await linking.linked("A", "shares_pathway_with", "B", care_group="renal")
    assert (await linking.link("B", "shares_pathway_with", "A", care_group="renal")).status_code == 409


async def test_a_pathway_is_that_of_the_care_group_they_share_unless_another_is_named(linking: Linking) -> None:
    await linking.network("R", care_group="renal")
    assert (await linking.linked("A", "shares_pathway_with", "B"))["care_group"] == "stroke"
    without = await linking.link("A", "shares_pathway_with", "R")
    assert without.status_code == 422 and "which condition" in without.json()["detail"]
    assert (await linking.link("A", "works_with", "R", care_group="renal")).status_code == 422


async def test_a_network_is_not_linked_to_itself_nor_to_what_is_not_there(linking: Linking) -> None:
    assert (
        (await linking.link("A", "works_with", "A")).json()["detail"].startswith("A network cannot be linked to itself")
    )
    assert (await linking.link("A", "works_with", "nothing")).status_code == 404


@BOTH
@pytest.mark.parametrize("kind", ["parent_of", "succeeds"])
async def test_a_circle_is_refused_with_the_names_in_it(linking: Linking, kind: str) -> None:
    await linking.linked("A", kind, "B")
    await linking.linked("B", kind, "C")
    answer = await linking.link("C", kind, "A")
    assert answer.status_code == 409
    assert "Network A" in answer.json()["detail"] and "Network C" in answer.json()["detail"]
    await linking.linked("A", kind, "C")


@BOTH
async def test_halves_of_a_circle_added_at_the_same_time_do_not_both_stand(linking: Linking) -> None:
    await linking.linked("A", "parent_of", "B")
    await linking.linked("C", "parent_of", "D")
    answers = await asyncio.gather(linking.link("B", "parent_of", "C"), linking.link("D", "parent_of", "A"))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


@BOTH
async def test_the_same_link_made_by_many_at_once_is_made_once(linking: Linking) -> None:
    pairs = [("A", "B"), ("B", "A")] * 3
    answers = await asyncio.gather(*(linking.link(one, "works_with", other) for one, other in pairs))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_an_archived_network_can_only_be_succeeded(linking: Linking) -> None:
    await linking.ask("POST", f"/networks/{linking.ids['D']}/archive", json={})
    assert (await linking.link("A", "works_with", "D")).status_code == 409
    assert (await linking.link("A", "succeeded_by", "D")).status_code == 409
    assert (await linking.linked("A", "succeeds", "D"))["other"]["archived"] is True


@BOTH
async def test_a_link_ends_with_its_last_day_and_then_stays_as_it_is(linking: Linking) -> None:
    link = await linking.linked("A", "scrutinises", "B", **{"from": "2009-04-01"})
    path = f"/links/{link['id']}"
    early = await linking.ask("PATCH", path, json={"to": "2009-03-31"})
    later = await linking.ask("PATCH", path, json={"to": "2999-01-01"})
    assert early.status_code == later.status_code == 422
    stale = await linking.ask("PATCH", path, json={"to": "2010-01-01"}, if_match='"7"')
    assert stale.status_code == 412
    ended = await linking.ask("PATCH", path, ANN, {"to": "2010-01-01", "reason": "Reorganised"}, if_match='"1"')
    assert (ended.json()["status"], ended.json()["to"], ended.headers["etag"]) == ("ended", "2010-01-01", '"2"')
    assert (await linking.ask("PATCH", path, json={"note": "More"})).status_code == 409
    entry = (await linking.ask("GET", f"{path}/history", EVE)).json()["items"][0]
    assert (entry["headline"], entry["reason"]) == ("Network A no longer scrutinises Network B", "Reorganised")
    assert (await linking.linked("A", "scrutinises", "B"))["status"] == "confirmed"


async def test_a_link_is_said_from_the_end_that_asks(linking: Linking) -> None:
    await linking.linked("A", "part_of", "B")
    ((from_a,), (from_b,)) = await linking.links("A"), await linking.links("B")
    assert (from_a["relation"], from_b["relation"]) == ("part_of", "parent_of")
    assert from_a["kind"] == from_b["kind"] == "parent_of" and from_a["network"]["id"] == linking.ids["B"]


@BOTH
async def test_links_come_in_pages_and_are_narrowed_by_kind(linking: Linking) -> None:
    for other in "BCD":
        await linking.linked("A", "works_with", other)
    await linking.linked("A", "scrutinises", "B")
    answer = (await linking.ask("GET", f"/networks/{linking.ids['A']}/links?kind=works_with&limit=2")).json()
    rest = (
        await linking.ask("GET", f"/networks/{linking.ids['A']}/links?kind=works_with&cursor={answer['next']}")
    ).json()
    assert [link["other"]["name"][-1] for link in answer["items"] + rest["items"]] == ["D", "C", "B"]
    assert (answer["total"], rest["next"]) == (3, None)


async def moved(linking: Linking, from_: str, to: str, **options: Any) -> list[Any]:
    async with linking.register.database.transaction() as session:
        return await move_links(session, from_=linking.ids[from_], to=linking.ids[to], by=STAFF, **options)


def ends(links: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    return ((link["network"]["name"][-1], link["kind"], link["other"]["name"][-1]) for link in links)


@BOTH
async def test_links_move_to_another_network_less_what_would_be_needless(linking: Linking) -> None:
    await linking.linked("A", "works_with", "B")  # would lead to itself
    await linking.linked("A", "works_with", "C")  # B has the same
    await linking.linked("B", "works_with", "C")
    await linking.linked("A", "parent_of", "D")  # would close a circle: D is above B
    await linking.linked("D", "parent_of", "B")
    await linking.linked("A", "scrutinises", "D")
    await linking.linked("A", "succeeds", "C")
    assert len(await moved(linking, "A", "B", reason="Merged")) == 4
    now = set(ends(await linking.links("B", status="confirmed")))
    assert {(one, kind, other) for one, kind, other in now if kind != "works_with"} == {
        ("B", "scrutinises", "D"), ("D", "parent_of", "B"),
    }  # fmt: skip
    assert len(now) == 3
    assert set(ends(await linking.links("A", status="confirmed"))) == {("A", "succeeds", "C")}
    assert len(await linking.links("A", status="ended")) == 3
    messages = (await linking.said(LINKS.name))[7:]
    assert all(message.announcement is None for message in messages)


async def test_only_the_links_named_move(linking: Linking) -> None:
    goes = await linking.linked("A", "works_with", "C")
    await linking.linked("A", "works_with", "D")
    await moved(linking, "A", "B", only=[goes["id"]])
    assert [link["id"] for link in await linking.links("B")] == [goes["id"]]
    assert len(await linking.links("A")) == 1
