"""Graphs of the register as pictures, each with the sentence that says what it shows and the rows of its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.pictures import Link, Node, Picture, Section, arcs, layers
from services.gateway.rendering import count, words

AREAS_NAMED = 2
SEVERAL, OTHERS = VARIOUS = "Several areas", "Other care groups"


def around(graph: Mapping[str, Any], names: Mapping[str, str]) -> Picture:
    """The graph of a network: itself at the left, then what is one step away, then two."""
    farthest = max(node["steps"] for node in graph["nodes"])
    columns = [
        [node_of(node, names) for node in graph["nodes"] if node["steps"] == step] for step in range(farthest + 1)
    ]
    return layers(columns, links_of(graph))


def across(graph: Mapping[str, Any], names: Mapping[str, str]) -> Picture | None:
    """The graph of a care group: its linked networks by area, then those of other care groups; None without links."""
    linked = {end for link in graph["links"] for end in (link["network_id"], link["other_id"])}
    nodes = [node for node in graph["nodes"] if node["id"] in linked]
    return arcs(by_area(nodes, names), links_of(graph)) if nodes else None


def alone(graph: Mapping[str, Any], names: Mapping[str, str]) -> list[Section]:
    """The networks of a care group that are linked to nobody, by area."""
    linked = {end for link in graph["links"] for end in (link["network_id"], link["other_id"])}
    return by_area([node for node in graph["nodes"] if node["id"] not in linked and not node["steps"]], names)


def by_area(nodes: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[Section]:
    """Networks in sections: one for each area, one for those in several, one for those of other care groups."""
    sections: dict[str, list[Node]] = {name: [] for name in (*names.values(), *VARIOUS)}
    for node in nodes:
        area = names.get(node["bodies"][0], SEVERAL) if len(node["bodies"]) == 1 else SEVERAL
        heading = OTHERS if node["steps"] else area
        # Below its area's heading a network of the care group needs no more said of it.
        sections[heading].append(node_of(node, names, about=_about(node, names) if heading in VARIOUS else ""))
    return [Section(heading, found) for heading, found in sections.items() if found]


def node_of(node: Mapping[str, Any], names: Mapping[str, str], about: str | None = None) -> Node:
    """A network as a node of a picture, with what it is about and where, unless something else is to be said."""
    said = "Archived" if node["archived"] else _about(node, names) if about is None else about
    return Node(node["id"], node["name"], f"/networks/{node['slug']}", said, is_main=node.get("is_main", False))


def _about(node: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return f"{words(node['care_group'])} · {areas(node['bodies'], names)}"


def areas(codes: Sequence[str], names: Mapping[str, str]) -> str:
    """The areas that a network covers, in a few words."""
    if not codes:
        return "no area"
    if len(codes) == len(names):
        return "everywhere"
    if len(codes) > AREAS_NAMED:
        return count(len(codes), "area")
    return " and ".join(names.get(code, code) for code in codes)


def links_of(graph: Mapping[str, Any]) -> list[Link]:
    """The links of a graph as a picture takes them."""
    return [Link(link["kind"], link["network_id"], link["other_id"]) for link in graph["links"]]


def rows_of(graph: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The links of a graph as the rows of a table."""
    nodes = {node["id"]: {"name": node["name"], "href": f"/networks/{node['slug']}"} for node in graph["nodes"]}
    return [
        {
            "one": nodes[link["network_id"]],
            "word": Link(link["kind"], link["network_id"], "").word(link["network_id"]),
            "href": f"/links/{link['id']}",
            "other": nodes[link["other_id"]],
        }
        for link in graph["links"]
    ]


def reach(graph: Mapping[str, Any]) -> str:
    """What the graph of a network says, in a sentence."""
    near = sum(node["steps"] == 1 for node in graph["nodes"])
    far = sum(node["steps"] > 1 for node in graph["nodes"]) + graph["left_out"]
    if not near:
        return "Linked to nobody yet"
    return f"Linked to {count(near, 'network')}" + (f", and through them to {far:,} more" if far else "")
