"""The pathway of a person with several illnesses: choose conditions and a place, see what is linked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from services.gateway.pages.choices import bodies, care_group_counts, may_edit
from services.gateway.pages.drawing import links_of, node_of, rows_of
from services.gateway.pictures import Link, Picture, Section, arcs
from services.gateway.rendering import count, words
from services.gateway.visit import Visit, page

MOST = 6
"""Conditions in one pathway, as the register has it."""


async def pathway(visit: Visit) -> Response:
    """The form, and below it the pathway of what was chosen."""
    counts, names, edits = await asyncio.gather(care_group_counts(visit), bodies(visit), may_edit(visit))
    asked = [group for group in dict.fromkeys(visit.request.query_params.getlist("care_group")) if group in counts]
    sha = visit.query.get("sha", "") if visit.query.get("sha", "") in names else ""
    errors = [] if len(asked) <= MOST else [{"text": f"Conditions: choose {MOST} at most", "href": "#care_group"}]
    chosen = asked[:MOST]
    found = await visit.ask("registry", "/pathway", care_group=chosen, sha=sha) if chosen and not errors else None
    return visit.page(
        "pathway.html", "The pathway of a person with several illnesses", counts=counts, names=names, chosen=asked,
        sha=sha, place=names.get(sha, "the whole country"), errors=errors, status=422 if errors else 200,
        **(_shown(found, names, edits) if found else {"found": None}),
    )  # fmt: skip


def _shown(found: Mapping[str, Any], names: Mapping[str, str], edits: Callable[[str], bool]) -> dict[str, Any]:
    """What the page says of a pathway: the finding, the picture, its table, and each two conditions."""
    nodes = {node["id"]: node for node in found["nodes"]}
    links = {link["id"]: row for link, row in zip(found["links"], rows_of(found), strict=True)}
    steps = [_step(step, nodes, links, edits) for step in found["steps"]]
    return {
        "found": found, "finding": finding(found), "picture": drawn(found, names), "rows": list(links.values()),
        "steps": steps, "missing": [each["care_group"] for each in found["conditions"] if not each["networks"]],
    }  # fmt: skip


def finding(found: Mapping[str, Any]) -> str:
    """`2 of 3 pairs of conditions are linked; 1 gap`."""
    steps = found["steps"]
    if not steps:
        return count(len(found["nodes"]), "network")
    gaps = sum(step["is_gap"] for step in steps)
    if not gaps:
        return "Every two of these conditions are linked"
    return f"{len(steps) - gaps} of {count(len(steps), 'pair')} of conditions linked, {count(gaps, 'gap')}"


def drawn(found: Mapping[str, Any], names: Mapping[str, str]) -> Picture | None:
    """The networks below their conditions, every link, and a dotted line for each gap that a link would close."""
    nodes = {node["id"]: node for node in found["nodes"]}
    sections = [
        Section(words(each["care_group"]), [node_of(nodes[identity], names) for identity in each["networks"]])
        for each in found["conditions"]
        if each["networks"]
    ]
    wanted = [step["suggestion"] for step in found["steps"] if step["suggestion"]]
    gaps = [Link("missing", each["network_id"], each["other_id"]) for each in wanted]
    return arcs(sections, [*links_of(found), *gaps]) if sections else None


def _step(
    step: Mapping[str, Any], nodes: Mapping[str, Any], links: Mapping[str, Any], edits: Callable[[str], bool]
) -> dict[str, Any]:
    """Two conditions with their links as rows, and where to suggest one for those who may."""
    wanted = step["suggestion"] or {}
    ends = [nodes[wanted[name]] for name in ("network_id", "other_id")] if wanted else []
    if ends and not edits(ends[0]["id"]) and edits(ends[1]["id"]):
        ends.reverse()
    may = bool(ends) and edits(ends[0]["id"])
    return {**step, "rows": [links[identity] for identity in step["links"]], "ends": ends, "may_suggest": may}


ROUTES = [page("/pathway", pathway)]
