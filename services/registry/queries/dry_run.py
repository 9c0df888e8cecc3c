"""What a proposed standard would do to the register, before it is saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.standards import require_free_name
from services.registry.facts import Required, edition_in_force, facts_of, networks_seen, required
from services.registry.growth import WAYS
from services.registry.queries.standards import standard_at
from services.registry.rules import GRAVITY, health_of, judged
from services.registry.schemas.standards import DryRun, NewStandard, ProposedStandard, Turned
from services.registry.tables import Assessment, Network
from shared import clock
from shared.db import among

AT_ONCE = 1_000
"""Networks whose facts are in memory at a time."""
MOST_LISTED = 1_000
PROPOSED = "proposed"


async def dry_run(session: AsyncSession, proposed: ProposedStandard) -> DryRun:
    """How every network stands, and would stand with *proposed*: who would turn, gravest first.

    Only the proposed one is judged: what is kept of those in force is what judging by them would find (see
    `commands/assessing.py`). A network that the present edition has not reached yet is judged by them all.

    Raises NoSuchStandard, StandardNameTaken, and ValidationError for a new one that lacks something.
    """
    edition, present = await edition_in_force(session)
    others, changed = await _with(session, present, proposed)
    staying = {standard.id for standard in others}
    held, would_be_held = _by_stage(present), _by_stage([*others, *changed])
    stages = [stage for stage in WAYS if held[stage] != would_be_held[stage]]
    turned: list[Turned] = []
    counts: Counter[str] = Counter()
    last = ""
    while networks := await _following(session, last, stages):
        last = networks[-1].id
        now = await _unmet_now(session, networks, present, edition)
        then = await _unmet(session, networks, changed)
        for network in networks:
            before, _ = _health(held[network.stage], now[network.id])
            after, missing = _health(would_be_held[network.stage], now[network.id] & staying | then[network.id])
            if before != after:
                counts[after] += 1
                shown = {"id": network.id, "slug": network.slug, "name": network.name}
                turned.append(Turned(network=shown, before=before, after=after, why="; ".join(missing)))
        turned = sorted(turned, key=_gravest)[:MOST_LISTED]
    assessed = select(func.count()).select_from(Network).where(Network.archived.is_(False))
    return DryRun(
        items=turned, total=sum(counts.values()), assessed=(await session.execute(assessed)).scalar_one(),
        counts=dict(counts),
    )  # fmt: skip


async def _with(
    session: AsyncSession, present: Sequence[Required], proposed: ProposedStandard
) -> tuple[list[Required], list[Required]]:
    """The standards that would stay as they are, and the proposed one as it would be, unless it were retired."""
    kept = proposed.fields_kept()
    if not proposed.id:
        new = NewStandard.model_validate(kept)
        await require_free_name(session, new.name)
        return [*present], [required(SimpleNamespace(id=PROPOSED, code=PROPOSED, **new.fields_kept()))]
    row = await standard_at(session, proposed.id)
    if "name" in kept:
        await require_free_name(session, kept["name"], own=row.id)
    fields = {
        name: getattr(row, name) for name in ("name", "sentence", "severity", "stages", "rule", "mend", "retired")
    }
    changed = SimpleNamespace(id=row.id, code=row.code, **{**fields, **kept})
    others = [standard for standard in present if standard.id != row.id]
    return others, [] if changed.retired else [required(changed)]


async def _following(session: AsyncSession, last: str, stages: Sequence[str]) -> Sequence[Any]:
    """The next networks after an id of those at *stages*: at every other stage nothing would be asked otherwise."""
    query = select(Network.id).where(Network.archived.is_(False), Network.stage.in_(stages), Network.id > last)
    ids = list((await session.execute(query.order_by(Network.id).limit(AT_ONCE))).scalars())
    return await networks_seen(session, ids) if ids else []


async def _unmet_now(
    session: AsyncSession, networks: Sequence[Any], present: Sequence[Required], edition: int
) -> dict[str, set[str]]:
    """Network → the standards in force that it does not meet."""
    query = select(Assessment.network_id, Assessment.unmet).where(
        among(session, Assessment.network_id, [network.id for network in networks]), Assessment.edition == edition
    )
    kept = {row.network_id: {one["standard"] for one in row.unmet} for row in await session.execute(query)}
    return kept | await _unmet(session, [network for network in networks if network.id not in kept], present)


async def _unmet(session: AsyncSession, networks: Sequence[Any], standards: Sequence[Required]) -> dict[str, set[str]]:
    """Network → those of *standards* that apply and that it does not meet, judged now."""
    held, today = _by_stage(standards), clock.today()
    facts = await facts_of(session, [network for network in networks if held[network.stage]], standards)
    return {
        network.id: {one.id for one in held[network.stage] if not judged(one.rule, facts[network.id], today).met}
        for network in networks
    }


def _by_stage(standards: Sequence[Required]) -> dict[str, list[Required]]:
    """Stage → the standards that a network at it is held to."""
    return {stage: [standard for standard in standards if stage in standard.stages] for stage in WAYS}


def _health(held: Sequence[Required], unmet: Set[str]) -> tuple[str, list[str]]:
    """The health of a network that is *held* to these standards and does not meet *unmet*, and what it lacks for it."""
    health = health_of((standard.severity, standard.id not in unmet) for standard in held)
    return health, [one.sentence for one in held if one.id in unmet and one.severity == health]


def _gravest(turned: Turned) -> tuple[int, str]:
    return -GRAVITY[turned.after], turned.network["name"]
