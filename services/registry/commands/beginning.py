"""Where a new network begins: informal, or emerging where its record alone passes the gates of that stage.

Whoever takes over a register with networks that are managed already says so: `tidings import … --as-it-stands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.facts import Required, found, standards_in_force
from services.registry.growth import FIRST, GROWTH
from services.registry.rules import RED, Facts
from shared import clock
from shared.errors import Conflict

MOST_NAMED = 3
NOBODY = SimpleNamespace(archived=False)
"""A network that is not there yet, to ask which standards apply at a stage."""


class BeginsEarlier(Conflict):
    """A new network cannot begin at that stage; begin it as informal, and move it on when it meets the standards."""


async def require_beginning(session: AsyncSession, fields: Mapping[str, Any]) -> None:
    """Raise BeginsEarlier where a network with these *fields* alone may not be at the stage that they say."""
    stage = fields.get("stage", FIRST)
    if stage == FIRST:
        return
    if stage not in GROWTH:
        raise _refusal(f"A new network cannot begin as {stage}: begin it as {FIRST}.")
    gates = [standard for standard in await standards_in_force(session) if standard.severity == RED]
    unmet = unmet_at(stage, gates, Facts(slug="", record=fields))
    if unmet:
        why = f"A new network cannot begin as {stage}: {listed(unmet)}.{another_beginning(gates)}"
        raise _refusal(why, unmet=[{"name": gate.name, "sentence": gate.sentence} for gate in unmet])


def unmet_at(stage: str, gates: list[Required], facts: Facts) -> list[Required]:
    """Those of *gates* that stand before a stage and are not met by *facts*."""
    before = [gate for gate in gates if gate.applies(NOBODY, stage)]
    return [gate for gate, finding in found(before, facts, clock.today()) if not finding.met]


def listed(unmet: list[Required]) -> str:
    """What is not met, as a part of a sentence: the first of it, and how much more."""
    said = [f"{gate.sentence[:1].lower()}{gate.sentence[1:]}".rstrip(".") for gate in unmet[:MOST_NAMED]]
    more = f" and {len(unmet) - MOST_NAMED} more" if len(unmet) > MOST_NAMED else ""
    return f"{'; '.join(said)}{more}"


def another_beginning(gates: list[Required]) -> str:
    """The sentence that says at which stages a network may begin with nothing, where there are any."""
    free = [stage for stage in GROWTH if not any(gate.applies(NOBODY, stage) for gate in gates)]
    return f" Begin it as {' or '.join(free)}, and move it on when that is there." if free else ""


def _refusal(why: str, **more: Any) -> BeginsEarlier:
    return BeginsEarlier(why, errors=[{"field": "stage", "message": why}], **more)
