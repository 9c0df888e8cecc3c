"""The stages that rows ask for, judged by the same gates as a move by hand.

A network that is new has nobody in a role and no evidence yet, so it can begin at a stage without gates alone. One that
is on the register is judged by what is known of it, with its record as the row makes it. Going back, closing and
closed pass no gate, and an undo brings back the stage that was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.beginning import another_beginning, listed, unmet_at
from services.registry.facts import Required, facts_of, networks_seen, standards_in_force
from services.registry.growth import FIRST, WAYS, is_promotion, no_way
from services.registry.rules import RED, Facts


@dataclass(frozen=True, slots=True)
class Wish:
    """A row that asks for a stage. Where it makes a network, `network_id` is empty and `stage` where all begin."""

    place: int
    network_id: str
    stage: str
    to: str
    given: Mapping[str, Any]


def wish_of(verdict: Mapping[str, Any]) -> Wish | None:
    """What stage a row asks for by its verdict; None where it asks for none that is another."""
    place, known = verdict["place"], verdict["network_id"]
    if verdict["outcome"] == "changed" and "stage" in verdict["changes"]:
        stage, to = verdict["changes"]["stage"]
        return Wish(place, known, stage, to, {name: pair[1] for name, pair in verdict["changes"].items()})
    to = verdict["fields"].get("stage", FIRST)
    if verdict["outcome"] == "new" and to != FIRST:
        return Wish(place, "" if verdict["likely"] else known, FIRST, to, verdict["fields"])
    return None


async def refusals(session: AsyncSession, verdicts: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Place → why not, for the rows that ask for a stage which their network may not have."""
    wishes = [wish for verdict in verdicts if (wish := wish_of(verdict))]
    refused = {w.place: f"Stage: {no_way(w.stage, w.to)}" for w in wishes if w.network_id and _has_no_way(w)}
    gated = [w for w in wishes if w.place not in refused and is_promotion(w.stage, w.to)]
    if not gated:
        return refused
    standards = [standard for standard in await standards_in_force(session) if standard.severity == RED]
    known = await networks_seen(session, sorted({w.network_id for w in gated if w.network_id}))
    facts = await facts_of(session, known, standards)
    for wish in gated:
        if unmet := _unmet(wish, standards, facts):
            refused[wish.place] = _refusal(wish, unmet, standards)
    return refused


def _has_no_way(wish: Wish) -> bool:
    return wish.stage != FIRST and wish.to not in WAYS[wish.stage]


def _unmet(wish: Wish, gates: list[Required], facts: Mapping[str, Facts]) -> list[Required]:
    of = facts.get(wish.network_id) or Facts(slug="", record={})
    return unmet_at(wish.to, gates, replace(of, record={**of.record, **wish.given}))


def _refusal(wish: Wish, unmet: list[Required], gates: list[Required]) -> str:
    if wish.network_id:
        return f"Stage: it cannot become {wish.to} yet: {listed(unmet)}."
    return f"Stage: a new network cannot begin as {wish.to}: {listed(unmet)}.{another_beginning(gates)}"
