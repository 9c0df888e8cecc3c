"""What a trial of a standard says is what saving it then does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import update

from services.registry import queries
from services.registry.schemas.standards import ProposedStandard
from services.registry.tables import Assessment, Edition
from tests.registry.standing import BOTH, Networks

NEW = {"name": "A new standard", "sentence": "It has no aims", "severity": "amber", "stages": ["managed"]}
AIMS = {"needs": "field", "field": "aims"}
TRIALS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("", {**NEW, "rule": AIMS}),
    ("somebody_responsible", {"retired": True}),
    ("audit", {"severity": "amber"}),
    ("audit", {"stages": ["emerging", "managed"]}),
    ("lead_nurse", {"rule": {"needs": "role", "roles": ["lead_nurse", "lead_manager"]}}),
    ("lead_nurse", {"retired": True}),
    ("aims", {"retired": True}),
    ("aims", {"retired": False}),
    ("", {**NEW, "name": "A grave one", "severity": "red", "stages": ["informal", "managed"], "rule": AIMS}),
)
"""A standard's code, or none for a new one, and what is proposed; each is tried and saved after the one before."""


async def _register(networks: Networks) -> list[str]:
    """Networks of every stage, with and without what standards ask for."""
    made = [await networks.network(stage) for stage in ("informal", "emerging", "managed")]
    made += [await networks.network("emerging", aims="To be whole"), await networks.green(aims="To be whole")]
    for code in ("lead_nurse", "lead_manager"):
        made.append(await networks.green())
        await networks.role(made[-1], code, status="ended", revision=2)
    return [*made, await networks.green()]


async def _saved(networks: Networks, code: str, proposed: dict[str, Any]) -> None:
    if not code:
        await networks.got("POST", "/standards", proposed)
    else:
        await networks.got("PATCH", f"/standards/{await networks.standard(code)}", proposed)
    await networks.settled()


@BOTH
async def test_who_would_turn_turns_and_nobody_else(networks: Networks) -> None:
    register = await _register(networks)
    turned = 0
    for code, proposed in TRIALS:
        which = {"id": await networks.standard(code)} if code else {}
        trial = await networks.got("POST", "/standards/dry-run", {**which, **proposed})
        before = {network: await networks.health(network) for network in register}
        await _saved(networks, code, proposed)
        after = {network: await networks.health(network) for network in register}
        foreseen = {item["network"]["id"]: (item["before"], item["after"]) for item in trial["items"]}
        assert foreseen == {n: (before[n], after[n]) for n in register if before[n] != after[n]}, proposed
        assert trial["counts"] == Counter(now for _, now in foreseen.values())
        assert (trial["assessed"], trial["total"]) == (len(register), len(foreseen))
        turned += len(foreseen)
    assert turned >= 7


@pytest.mark.parametrize("reached", [True, False])
async def test_it_says_why_and_the_same_of_a_network_that_the_present_edition_has_not_reached(
    networks: Networks, *, reached: bool
) -> None:
    await networks.network(), await networks.green(name="Whole")
    async with networks.rig.parts.database.taking_back() as session:
        if not reached:
            await session.execute(update(Edition).values(number=Edition.number + 1))
            await session.execute(update(Assessment).values(unmet=[]))  # what an earlier edition found is not asked
        proposed = ProposedStandard.model_validate({**NEW, "severity": "red", "rule": AIMS})
        trial = await queries.dry_run(session, proposed)
    (only,) = trial.items
    assert (only.network["name"], only.before, only.after, only.why) == ("Whole", "green", "red", NEW["sentence"])
