"""Overlaps: found for a reason, ranked, linked or dismissed, and back only when something material changes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.registry.commands.likeness import alike, suggestion
from services.registry.commands.networks import new_network
from services.registry.tables import Network
from shared.contracts.registry import LINKS
from tests.registry.conftest import BOTH
from tests.registry.linking import ANN, BEN, EVE, Linking, role
from tests.service_rig import STAFF


async def overlaps(linking: Linking, path: str = "/overlaps", by: Any = STAFF) -> list[dict[str, Any]]:
    """The overlaps at *path*."""
    answer = await linking.ask("GET", path, by)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def between(linking: Linking, one: str, other: str, status: str = "open") -> dict[str, Any] | None:
    """The overlap of two networks, where there is one."""
    names = {f"Network {one}", f"Network {other}"}
    found = await overlaps(linking, f"/overlaps?limit=100&status={status}")
    return next((o for o in found if {o["network"]["name"], o["other"]["name"]} == names), None)


async def when(linking: Linking, one: str, other: str, status: str = "open", *, there: bool = True) -> Any:
    """The overlap of two networks once it is there, or once it is gone."""
    async with asyncio.timeout(20):
        while ((found := await between(linking, one, other, status)) is not None) != there:
            await asyncio.sleep(0.02)
    return found


async def join(linking: Linking, people: range, *networks: str) -> None:
    """Make people plain members of networks."""
    await linking.hear(*[role(linking.ids[name], f"person-{n}") for n in people for name in networks])


@BOTH
async def test_networks_of_one_care_group_and_area_overlap_and_the_reason_is_said(linking: Linking) -> None:
    found = await when(linking, "A", "B")
    assert found["why"] == "The same care group (stroke) and area (North West)."
    assert (found["people"], found["areas"], found["suggestion"]["kind"]) == (0, ["Q31"], "works_with")
    await linking.network("R", care_group="renal")
    await linking.network("E", bodies=["Q32"])
    await when(linking, "A", "D")
    assert await between(linking, "A", "R") is None and await between(linking, "A", "E") is None


@BOTH
async def test_people_in_common_count_across_care_groups_and_rank_a_pair_higher(linking: Linking) -> None:
    await linking.network("R", care_group="renal")
    await join(linking, range(4), "A", "R")
    await when(linking, "A", "B")
    assert await between(linking, "A", "R") is None, "four people are not enough by themselves"
    await join(linking, range(4, 16), "A", "R")
    await join(linking, range(20, 23), "C", "D")
    found = await when(linking, "A", "R")
    assert found["why"] == "16 people in common." and found["people"] == 16
    assert found["suggestion"]["kind"] == "shares_pathway_with"
    ranked = await overlaps(linking)
    assert [o["score"] for o in ranked] == sorted((o["score"] for o in ranked), reverse=True)
    strongest = [{o["network"]["name"][-1], o["other"]["name"][-1]} for o in ranked[:2]]
    assert strongest == [{"C", "D"}, {"A", "R"}], "three people in one area and care group, then sixteen without"


async def test_a_change_of_the_record_changes_what_overlaps(linking: Linking) -> None:
    await when(linking, "A", "B")
    await linking.ask("PATCH", f"/networks/{linking.ids['A']}", json={"bodies": ["Q33"]})
    await when(linking, "A", "B", there=False)
    await linking.ask("PATCH", f"/networks/{linking.ids['A']}", json={"bodies": ["Q31"]})
    await when(linking, "A", "B")
    await linking.ask("POST", f"/networks/{linking.ids['B']}/archive", json={})
    await when(linking, "A", "B", there=False)


async def test_accepting_makes_the_link_and_it_is_suggested_no_more(linking: Linking) -> None:
    found = await when(linking, "A", "B")
    answer = await linking.ask("POST", f"/overlaps/{found['id']}/accept", json={"kind": "parent_of", "note": "Agreed"})
    assert answer.status_code == 201, answer.text
    link = answer.json()
    assert (link["network"]["id"], link["kind"], link["status"]) == (found["network"]["id"], "parent_of", "confirmed")
    assert await between(linking, "A", "B") is None
    await linking.ask("PATCH", f"/links/{link['id']}", json={"to": link["from"]})
    assert await between(linking, "A", "B") is not None


async def test_an_editor_of_either_side_proposes_by_accepting(linking: Linking) -> None:
    found = await when(linking, "A", "B")
    for who, side in ((BEN, "B"), (ANN, "A")):
        answer = await linking.ask("POST", f"/overlaps/{found['id']}/accept", who, {"kind": "parent_of"})
        link = answer.json()
        assert (answer.status_code, link["status"], link["proposed_by"]) == (201, "proposed", linking.ids[side])
        assert link["network"]["id"] == found["network"]["id"], "said from the first network, whoever accepts"
        await linking.ask("POST", f"/links/{link['id']}/decline", who, {})


async def test_who_may_see_and_decide(linking: Linking) -> None:
    found = await when(linking, "A", "B")
    assert (await linking.ask("GET", "/overlaps", ANN)).status_code == 403
    mine = await overlaps(linking, f"/networks/{linking.ids['A']}/overlaps", ANN)
    assert {linking.ids["A"]} <= {o[end]["id"] for o in mine for end in ("network", "other")} and len(mine) == 3
    assert (await linking.ask("GET", f"/networks/{linking.ids['A']}/overlaps", BEN)).status_code == 403
    for what in ("accept", "dismiss"):
        body = {"kind": "works_with"} if what == "accept" else {"reason": "No"}
        assert (await linking.ask("POST", f"/overlaps/{found['id']}/{what}", EVE, body)).status_code == 403
        assert (await linking.ask("POST", f"/overlaps/nothing/{what}", json=body)).status_code == 404


@BOTH
async def test_what_is_dismissed_stays_so_until_many_more_people_are_in_common(linking: Linking) -> None:
    await join(linking, range(6), "A", "B")
    found = await when(linking, "A", "B")
    unsaid = await linking.ask("POST", f"/overlaps/{found['id']}/dismiss", json={})
    assert unsaid.status_code == 422
    body = {"reason": "One for adults, one for children"}
    stale = await linking.ask("POST", f"/overlaps/{found['id']}/dismiss", json=body, if_match='"9"')
    assert stale.status_code == 412
    dismissed = await linking.ask("POST", f"/overlaps/{found['id']}/dismiss", json=body)
    assert dismissed.json()["dismissed"]["reason"] == body["reason"]
    assert (await linking.ask("POST", f"/overlaps/{found['id']}/dismiss", json=body)).status_code == 409
    (message,) = await linking.said(LINKS.name)
    assert message.announcement is None and message.state["status"] == "dismissed"
    await join(linking, range(6, 10), "A", "B")
    assert await between(linking, "A", "B") is None, "four more are not much"
    assert (await when(linking, "A", "B", "dismissed"))["people"] == 10
    await join(linking, range(10, 11), "A", "B")
    again = await when(linking, "A", "B")
    assert again["people"] == 11 and again["dismissed"]["reason"] == body["reason"], "and why it was dismissed is known"


async def test_another_area_in_common_brings_a_dismissed_pair_back(linking: Linking) -> None:
    found = await when(linking, "A", "B")
    await linking.ask("POST", f"/overlaps/{found['id']}/dismiss", json={"reason": "Different towns"})
    await linking.ask("PATCH", f"/networks/{linking.ids['A']}", json={"bodies": ["Q33"]})
    await linking.ask("PATCH", f"/networks/{linking.ids['A']}", json={"bodies": ["Q31"], "aims": "Back"})
    await linking.ask("PATCH", f"/networks/{linking.ids['A']}", json={"bodies": ["Q31", "Q32"]})
    await when(linking, "A", "C")
    assert await between(linking, "A", "B") is None, "the same as before is nothing new"
    await linking.ask("PATCH", f"/networks/{linking.ids['B']}", json={"bodies": ["Q31", "Q32"]})
    assert (await when(linking, "A", "B"))["areas"] == ["Q31", "Q32"]


@BOTH
async def test_overlaps_come_in_pages_and_are_narrowed(linking: Linking) -> None:
    await when(linking, "C", "D")
    seen, cursor, total = [], "", 6
    while cursor is not None:
        answer = (await linking.ask("GET", f"/overlaps?limit=4&cursor={cursor}")).json()
        seen += [o["id"] for o in answer["items"]]
        cursor, total = answer["next"], answer["total"]
    assert len(seen) == len(set(seen)) == total == 6
    assert len(await overlaps(linking, "/overlaps?care_group=stroke&sha=Q31")) == 6
    assert await overlaps(linking, "/overlaps?care_group=renal") == await overlaps(linking, "/overlaps?sha=Q33") == []


@BOTH
async def test_a_crowded_area_makes_so_many_pairs_and_no_more(linking: Linking, monkeypatch: Any) -> None:
    monkeypatch.setattr("services.registry.commands.overlaps.MOST_NEIGHBOURS", 2)
    await when(linking, "A", "B")
    for letter in "VWXYZ":
        await linking.network(letter, care_group="renal")
    await when(linking, "V", "Z")
    found = await overlaps(linking, "/overlaps?care_group=renal")
    assert len(found) == 7, "each with the first two: ten pairs, were there no end"


def network(name: str, **fields: Any) -> Network:
    return new_network({"name": name, "type": "disease", "care_group": "cancer", **fields}, slug=name)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("Greater Manchester Cancer Alliance", "Greater Manchester and Cheshire Cancer Network", 67),
        ("Kent and Medway Cancer Network", "Kent & Medway Cancer Alliance", 100),
        ("Dorset Cancer Network", "Essex Cancer Network", 0),
        ("Cancer Network", "The Clinical Network", 0),
    ],
)
def test_names_are_alike_by_the_words_that_tell_networks_apart(one: str, other: str, likeness: int) -> None:
    assert alike(network(one), network(other)) == alike(network(other), network(one)) == likeness


@pytest.mark.fast
@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ({"level": "regional"}, {"level": "local"}, "parent_of"),
        ({"level": "local"}, {"level": "national"}, "part_of"),
        ({"side": "provider"}, {"side": "commissioner"}, "scrutinised_by"), ({}, {}, "works_with"),
        ({}, {"care_group": "renal"}, "shares_pathway_with"),
    ],
)  # fmt: skip
def test_the_link_that_is_suggested_fits_what_the_two_are(one: Any, other: Any, kind: str) -> None:
    assert suggestion(network("One", **one), network("Other", **other))[0] == kind
