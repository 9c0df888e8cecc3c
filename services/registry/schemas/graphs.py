"""Networks and the links between them, as a graph."""

from __future__ import annotations

from pydantic import BaseModel

from services.registry.schemas.links import Kind, Linked


class GraphNode(Linked):
    """A network of a graph; `steps` is how many links lead to it."""

    steps: int


class GraphLink(BaseModel):
    """A confirmed link of a graph, read from left to right."""

    id: str
    kind: Kind
    network_id: str
    other_id: str
    care_group: str


class Graph(BaseModel):
    """A graph; `left_out` counts the networks that belong to it and are beyond what is shown."""

    nodes: list[GraphNode]
    links: list[GraphLink]
    left_out: int
