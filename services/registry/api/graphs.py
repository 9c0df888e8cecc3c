"""Graphs of networks and their links."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from services.registry import queries
from services.registry.schemas.graphs import Graph
from services.registry.schemas.pathways import Pathway
from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router
from shared.fields import Name

router = Router(tags=["links"])
MOST_CONDITIONS = 6
"""Care groups of one pathway."""


@router.get("/networks/{network_id}/graph")
async def network_graph(
    network_id: str, session: Session, steps: Annotated[int, Query(ge=1, le=3)] = 2,
    _by: Principal = may(anyone, "networks:read"),
) -> Graph:  # fmt: skip
    """A network and what is linked to it within some steps, with every link between them."""
    network = await queries.network_at(session, network_id)
    return await queries.neighbourhood(session, network.id, steps=steps)


@router.get("/graph")
async def care_group_graph(
    session: Session, care_group: Name, sha: str = "", _by: Principal = may(anyone, "networks:read")
) -> Graph:
    """The networks of a care group, everywhere or in one area, and what they are linked to."""
    return await queries.care_group_graph(session, care_group, sha=sha)


@router.get("/pathway")
async def get_pathway(
    session: Session, care_group: Annotated[list[Name], Query(min_length=1, max_length=MOST_CONDITIONS)],
    sha: str = "", _by: Principal = may(anyone, "networks:read"),
) -> Pathway:  # fmt: skip
    """The networks that concern a person with several illnesses in an area (or everywhere): how each two of the care
    groups are linked, and where there is a gap, with the link that would close it."""
    return await queries.pathway(session, care_group, sha=sha)
