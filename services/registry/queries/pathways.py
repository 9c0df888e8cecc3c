"""The pathway of a person with several illnesses, found condition by condition and judged pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.queries.directory import Asked
from services.registry.queries.graphs import graph_of, neighbours
from services.registry.queries.links import linked
from services.registry.schemas.graphs import GraphLink, GraphNode
from services.registry.schemas.links import Linked
from services.registry.schemas.pathways import Condition, Pathway, Step, Suggestion
from services.registry.tables import Network

MOST_OF_ONE = 40
"""Networks of one condition; more than these are not a pathway that anybody can follow."""
Neighbours = Mapping[str, set[str]]


async def pathway(session: AsyncSession, care_groups: Sequence[str], *, sha: str) -> Pathway:
    """The networks of *care_groups* that cover *sha*, or any area, with the links and the gaps between them."""
    conditions, left_out = [], 0
    for care_group in dict.fromkeys(care_groups):
        asked = Asked(chosen={"care_group": care_group, **({"sha": sha} if sha else {})})
        query = select(Network.id).where(*asked.conditions()).order_by(Network.sort_name, Network.id)
        ids = list((await session.execute(query)).scalars())
        conditions.append(Condition(care_group=care_group, networks=ids[:MOST_OF_ONE]))
        left_out += len(ids[MOST_OF_ONE:])
    found = [identity for condition in conditions for identity in condition.networks]
    graph = await graph_of(session, dict.fromkeys(found, 0), left_out)
    near = await neighbours(session, found)
    ends = await linked(session, [end for each in near.values() for end in each])
    nodes = {node.id: node for node in graph.nodes}
    steps = [_step(one, other, graph.links, near, ends, nodes) for one, other in combinations(conditions, 2)]
    return Pathway(**dict(graph), conditions=conditions, steps=steps)


def _step(
    one: Condition, other: Condition, links: Sequence[GraphLink], near: Neighbours, ends: Mapping[str, Linked],
    nodes: Mapping[str, GraphNode],
) -> Step:  # fmt: skip
    mine, theirs = set(one.networks), set(other.networks)
    straight = [
        link.id for link in links
        if {link.network_id, link.other_id} & mine and {link.network_id, link.other_id} & theirs
    ]  # fmt: skip
    through = set() if straight else _around(mine, near) & _around(theirs, near)
    is_gap = not straight and not through
    return Step(
        one=one.care_group, other=other.care_group, links=straight, is_gap=is_gap,
        through=sorted((ends[identity] for identity in through), key=lambda end: (end.name, end.id)),
        suggestion=_nearest(one.networks, other.networks, nodes) if is_gap and mine and theirs else None,
    )  # fmt: skip


def _around(networks: set[str], near: Neighbours) -> set[str]:
    """What the networks of a condition are linked with, themselves left out."""
    return {end for network in networks for end in near.get(network, ())} - networks


def _nearest(ones: Sequence[str], others: Sequence[str], nodes: Mapping[str, GraphNode]) -> Suggestion:
    """The two that cover most areas in common; of several such the ones that cover fewest others, then by name."""

    def apart(pair: tuple[str, str]) -> tuple[int, int]:
        one, other = (set(nodes[identity].bodies) for identity in pair)
        return -len(one & other), len(one ^ other)

    network_id, other_id = min(product(ones, others), key=apart)
    return Suggestion(network_id=network_id, other_id=other_id)
