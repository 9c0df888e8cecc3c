"""The pathway of a person with several illnesses: the networks that concern them somewhere, and how they are linked."""

from __future__ import annotations

from pydantic import BaseModel

from services.registry.schemas.graphs import Graph
from services.registry.schemas.links import Linked


class Condition(BaseModel):
    """One of the care groups asked for, with the ids of its networks in the place, in the order of their names."""

    care_group: str
    networks: list[str]


class Suggestion(BaseModel):
    """Two networks whose link would close a gap: those that cover most areas in common, the smallest of those."""

    network_id: str
    other_id: str


class Step(BaseModel):
    """Two of the conditions, and how the networks of one are linked with those of the other.

    `links` are the ids of links straight from one to the other. Where there are none, `through` are networks that are
    linked with both. Where there is neither it is a gap, and `suggestion` would close it where both have networks.
    """

    one: str
    other: str
    links: list[str]
    through: list[Linked]
    is_gap: bool
    suggestion: Suggestion | None


class Pathway(Graph):
    """The networks of several conditions in one place, and every confirmed link between them."""

    conditions: list[Condition]
    steps: list[Step]
