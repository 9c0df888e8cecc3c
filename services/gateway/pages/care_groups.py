"""Care groups: the networks of each, and how they are linked across the areas."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.choices import bodies, care_group_counts
from services.gateway.pages.drawing import across, alone, rows_of
from services.gateway.rendering import count, words
from services.gateway.visit import Visit, page
from shared.errors import NotFound


async def care_groups(visit: Visit) -> Response:
    """Every care group, with how many networks it has."""
    return visit.page("care_groups/list.html", "Care groups", counts=await care_group_counts(visit))


async def care_group(visit: Visit) -> Response:
    """One care group: the picture of its linked networks, and those that stand alone, by area."""
    name, sha = visit.path["name"], visit.query.get("sha", "")
    counts, names = await asyncio.gather(care_group_counts(visit), bodies(visit))
    if name not in counts:
        raise NotFound(f"No network on the register has the care group “{name}”. Choose one from the list of all.")
    graph = await visit.ask("registry", "/graph", care_group=name, sha=sha)
    own = [node for node in graph["nodes"] if not node["steps"]]
    apart = alone(graph, names)
    linked = len(own) - sum(len(section.nodes) for section in apart)
    finding = f"{linked} of {count(len(own), 'network')} {'is' if linked == 1 else 'are'} linked to another"
    return visit.page(
        "care_groups/graph.html", f"{words(name)}: how the networks are linked", name=name, sha=sha, names=names,
        picture=across(graph, names), rows=rows_of(graph), finding=finding, apart=apart, left_out=graph["left_out"],
    )  # fmt: skip


ROUTES = [page("/care-groups", care_groups), page("/care-groups/{name:path}", care_group)]
