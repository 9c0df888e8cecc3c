"""The graph around a network, and that of a care group."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.queries.directory import Asked
from services.registry.queries.links import linked
from services.registry.schemas.graphs import Graph, GraphLink, GraphNode
from services.registry.tables import Link, Network
from shared.db import is_among, listed
from shared.made import Made

MOST_NODES = 250
"""More than these is not a picture any more."""
MOST_LINKS = 1_000


async def neighbourhood(session: AsyncSession, network_id: str, *, steps: int) -> Graph:
    """The networks that a few links lead to, the nearest first, with every link between them."""
    reached = {network_id: 0}
    left_out: set[str] = set()
    for step in range(1, steps + 1):
        frontier = [identity for identity, at in reached.items() if at == step - 1]
        found = await _ends(session, frontier) - set(reached)
        room = MOST_NODES - len(reached)
        ordered = sorted(found)
        reached |= dict.fromkeys(ordered[:room], step)
        left_out |= set(ordered[room:])
    return await graph_of(session, reached, len(left_out))


async def care_group_graph(session: AsyncSession, care_group: str, *, sha: str) -> Graph:
    """The networks of a care group, those of other care groups that they are linked to, and the links."""
    asked = Asked(chosen={"care_group": care_group, **({"sha": sha} if sha else {})})
    query = select(Network.id).where(*asked.conditions()).order_by(Network.sort_name, Network.id)
    ids = list((await session.execute(query)).scalars())
    reached = dict.fromkeys(ids[:MOST_NODES], 0)
    beyond = sorted(await _ends(session, list(reached)) - set(ids))
    room = MOST_NODES - len(reached)
    reached |= dict.fromkeys(beyond[:room], 1)
    return await graph_of(session, reached, len(ids[MOST_NODES:]) + len(beyond[room:]))


async def _ends(session: AsyncSession, network_ids: Collection[str]) -> set[str]:
    """Where the links of these networks lead."""
    near = await neighbours(session, network_ids)
    return set(near).union(*near.values())


async def neighbours(session: AsyncSession, network_ids: Collection[str]) -> dict[str, set[str]]:
    """Network → what it is linked with, for these networks and for those at the other ends of their links."""
    asked = {"ids": listed(session, network_ids)}
    near: dict[str, set[str]] = {}
    for one, other in await _TOUCHING.rows(session, asked):
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)
    return near


async def graph_of(session: AsyncSession, reached: dict[str, int], left_out: int) -> Graph:
    """The networks *reached* (id → steps) with every link between them."""
    ends = await linked(session, list(reached))
    nodes = [GraphNode(**ends[identity].model_dump(), steps=step) for identity, step in reached.items()]
    nodes.sort(key=lambda node: (node.steps, node.name, node.id))
    rows = await _INSIDE.rows(session, {"ids": listed(session, reached)})
    links = [GraphLink.model_validate(row, from_attributes=True) for row in rows]
    return Graph(nodes=nodes, links=links, left_out=left_out)


def _touching(dialect: str) -> Select[str, str]:
    either = or_(is_among(dialect, Link.network_id, "ids"), is_among(dialect, Link.other_id, "ids"))
    return _drawn(Link.network_id, Link.other_id).where(either)


def _inside(dialect: str) -> Select[Any]:
    both = is_among(dialect, Link.network_id, "ids"), is_among(dialect, Link.other_id, "ids")
    drawn = _drawn(*(getattr(Link, name) for name in GraphLink.model_fields))
    return drawn.where(*both).order_by(Link.id).limit(MOST_LINKS)


def _drawn(*columns: Any) -> Select[Any]:
    """Of confirmed links, those between networks on the register; what succeeds what is drawn also when it is not."""
    left, right = aliased(Network), aliased(Network)
    stands: ColumnElement[bool] = left.archived.is_(False) & right.archived.is_(False)
    query = select(*columns).join(left, left.id == Link.network_id).join(right, right.id == Link.other_id)
    return query.where(Link.status == "confirmed", or_(Link.kind == "succeeds", stands))


_TOUCHING, _INSIDE = Made(_touching), Made(_inside)
"""Made once: made for each question, they took a third of the time of a network's picture."""
