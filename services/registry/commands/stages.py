"""A network's stage: informal, emerging, managed, closing, closed. A promotion passes the gates of its stage.

A gate is a red standard of the stage aimed at. Amber ones are advice: they stop nobody.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.assessing import assess
from services.registry.commands.evidence import cause_of
from services.registry.commands.networks import AlreadyArchived, locked, said, state_of, touch
from services.registry.facts import facts_of, found, networks_seen, standards_in_force
from services.registry.growth import WAYS, is_promotion, no_way
from services.registry.named import names_in
from services.registry.rules import RED
from services.registry.schemas.stages import Gate, Satisfied
from services.registry.tables import Network
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.registry import NETWORK_STAGE_CHANGED
from shared.errors import Conflict
from shared.outbox import publish

HEADLINES = {"closing": "{name} is closing", "closed": "{name} has closed"}


class AtThatStage(Conflict):
    """The network is at that stage already; choose another."""


class NotThatWay(Conflict):
    """A network cannot go there from its present stage."""


class GatesUnmet(Conflict):
    """The network does not yet meet the standards of that stage; see `unmet`, and where each is put right."""


async def move_stage(
    session: AsyncSession, *, network_id: str, to: str, by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False, announced: bool = True,
) -> tuple[Network, list[Gate]]:  # fmt: skip
    """Move a network to another stage; returns it with the gates that it passed.

    Not *announced*: another message of the same change tells it.

    Raises NoSuchNetwork, ChangedMeanwhile, AlreadyArchived, AtThatStage, NotThatWay, GatesUnmet.
    """
    network = await locked(session, network_id)
    require_revision(expected, network.revision)
    if network.archived:
        raise AlreadyArchived
    _require_way(network.stage, to)
    gates = await gates_of(session, network_id, to) if is_promotion(network.stage, to) else []
    if unmet := [gate for gate in gates if gate.blocks and not gate.met]:
        raise GatesUnmet(_refusal(network, to, unmet), unmet=_dumped(unmet), met=_dumped([g for g in gates if g.met]))
    before = state_of(network).model_dump(mode="json")
    network.stage = to
    touch(network)
    headline = HEADLINES.get(to, f"{{name}} is now {to}").replace("{name}", network.name)
    told = said(
        NETWORK_STAGE_CHANGED, network, headline=headline, before=before, by=by, reason=reason, minor=minor,
        announced=announced,
    )  # fmt: skip
    await publish(session, told)
    await assess(session, {network_id: [cause_of(told, weight="minor" if minor else "told")]})
    await session.refresh(network, ["health"])
    return network, gates


async def gates_of(session: AsyncSession, network_id: str, to: str) -> list[Gate]:
    """The standards of the stage *to*, each with what satisfies it or where it is put right."""
    (network,) = await networks_seen(session, [network_id])
    standards = [s for s in await standards_in_force(session) if s.applies(network, to)]
    facts = (await facts_of(session, [network], standards))[network_id]
    findings = found(standards, facts, clock.today())
    named = await names_in(session, [one.text for _, finding in findings for one in finding.by])
    return [
        Gate(
            standard=s.id, name=s.name, severity=s.severity, blocks=s.severity == RED, met=f.met,
            sentence="" if f.met else s.sentence, why="" if f.met else f.why,
            by=[Satisfied(text=named(one.text), link=one.link) for one in f.by],
            link=s.mended_at(network.slug),
        )
        for s, f in findings
    ]  # fmt: skip


def _require_way(stage: str, to: str) -> None:
    if stage == to:
        raise AtThatStage(f"The network is {to} already.")
    if to not in WAYS[stage]:
        raise NotThatWay(no_way(stage, to))


def _refusal(network: Network, to: str, unmet: list[Gate]) -> str:
    many = "One standard is" if len(unmet) == 1 else f"{len(unmet)} standards are"
    return f"{many} not met, so {network.name} cannot become {to} yet: {'; '.join(g.sentence for g in unmet)}."


def _dumped(gates: list[Gate]) -> list[dict[str, Any]]:
    return [gate.model_dump(mode="json") for gate in gates]
