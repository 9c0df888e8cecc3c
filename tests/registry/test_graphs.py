"""Graphs: what is linked to a network within some steps, and what a care group is linked to."""

from __future__ import annotations

from typing import Any

from tests.registry.conftest import BOTH
from tests.registry.linking import ANN, Linking


async def graph(linking: Linking, path: str) -> tuple[dict[str, int], set[tuple[str, str, str]], Any]:
    """(network → steps, links by the letters of their ends, the whole)."""
    found = (await linking.ask("GET", path)).json()
    called = {node["id"]: node["name"][-1] for node in found["nodes"]}
    links = {(called[link["network_id"]], link["kind"], called[link["other_id"]]) for link in found["links"]}
    return {node["name"][-1]: node["steps"] for node in found["nodes"]}, links, found


async def a_chain(linking: Linking) -> None:
    """A works with B, B is above C, C above D; B and D scrutinise."""
    await linking.linked("A", "works_with", "B")
    await linking.linked("B", "parent_of", "C")
    await linking.linked("C", "parent_of", "D")
    await linking.linked("D", "scrutinises", "B")


@BOTH
async def test_a_network_s_graph_is_what_two_steps_reach_with_every_link_between(linking: Linking) -> None:
    await a_chain(linking)
    steps, links, _ = await graph(linking, f"/networks/{linking.ids['A']}/graph")
    assert steps == {"A": 0, "B": 1, "C": 2, "D": 2}
    assert ("C", "parent_of", "D") in links and len(links) == 4
    nearer, _, _ = await graph(linking, f"/networks/{linking.ids['A']}/graph?steps=1")
    assert nearer == {"A": 0, "B": 1}


async def test_what_is_proposed_ended_or_archived_is_not_drawn_but_a_predecessor_is(linking: Linking) -> None:
    await linking.linked("A", "works_with", "B", by=ANN)
    ended = await linking.linked("A", "scrutinises", "B")
    await linking.ask("PATCH", f"/links/{ended['id']}", json={"to": ended["from"]})
    await linking.linked("A", "works_with", "C")
    await linking.linked("A", "succeeds", "D")
    for gone in "CD":
        await linking.ask("POST", f"/networks/{linking.ids[gone]}/archive", json={})
    steps, links, _ = await graph(linking, f"/networks/{linking.ids['A']}/graph")
    assert steps == {"A": 0, "D": 1} and links == {("A", "succeeds", "D")}


@BOTH
async def test_a_care_group_s_graph_goes_over_its_edge_and_can_be_narrowed_to_an_area(linking: Linking) -> None:
    await linking.network("R", care_group="renal", bodies=["Q32"])
    await linking.network("E", bodies=["Q32"])
    await linking.linked("A", "shares_pathway_with", "R", care_group="diabetes")
    steps, links, _ = await graph(linking, "/graph?care_group=stroke")
    assert steps == {**dict.fromkeys("ABCDE", 0), "R": 1} and len(links) == 1
    there, _, _ = await graph(linking, "/graph?care_group=stroke&sha=Q32")
    assert there == {"E": 0}


async def test_a_graph_has_an_end_and_says_how_much_it_leaves_out(linking: Linking, monkeypatch: Any) -> None:
    monkeypatch.setattr("services.registry.queries.graphs.MOST_NODES", 3)
    await a_chain(linking)
    steps, links, found = await graph(linking, f"/networks/{linking.ids['A']}/graph")
    assert len(steps) == 3 and found["left_out"] == 1 and len(links) == 2
    _, _, group = await graph(linking, "/graph?care_group=stroke")
    assert len(group["nodes"]) == 3 and group["left_out"] == 1
