"""What a proposed standard would do to the register, before it is saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.standards import require_free_name
from services.registry.facts import Required, facts_of, found, networks_seen, required, standards_in_force
from services.registry.queries.standards import standard_at
from services.registry.rules import GRAVITY, Facts, health_of
from services.registry.schemas.standards import DryRun, NewStandard, ProposedStandard, Turned
from services.registry.tables import Network
from shared import clock

AT_ONCE = 1_000
"""Networks whose facts are in memory at a time."""
MOST_LISTED = 1_000
PROPOSED = "proposed"


async def dry_run(session: AsyncSession, proposed: ProposedStandard) -> DryRun:
    """Judge every network by the standards in force, and by them with *proposed*: who would turn, gravest first.

    Raises NoSuchStandard, StandardNameTaken, and ValidationError for a new one that lacks something.
    """
    present = await standards_in_force(session)
    future = await _with(session, present, proposed)
    turned: list[Turned] = []
    counts: Counter[str] = Counter()
    assessed, last = 0, ""
    while ids := await _following(session, last):
        last, assessed = ids[-1], assessed + len(ids)
        networks = await networks_seen(session, ids)
        facts = await facts_of(session, networks, [*present, *future])
        found_ = [one for n in networks if (one := _turned(n, facts[n.id], present, future))]
        counts.update(one.after for one in found_)
        turned = sorted([*turned, *found_], key=_gravest)[:MOST_LISTED]
    return DryRun(items=turned, total=sum(counts.values()), assessed=assessed, counts=dict(counts))


async def _with(session: AsyncSession, present: Sequence[Required], proposed: ProposedStandard) -> list[Required]:
    """The standards as they would be in force."""
    kept = proposed.fields_kept()
    if not proposed.id:
        new = NewStandard.model_validate(kept)
        await require_free_name(session, new.name)
        return [*present, required(SimpleNamespace(id=PROPOSED, code=PROPOSED, **new.fields_kept()))]
    row = await standard_at(session, proposed.id)
    if "name" in kept:
        await require_free_name(session, kept["name"], own=row.id)
    fields = {
        name: getattr(row, name) for name in ("name", "sentence", "severity", "stages", "rule", "mend", "retired")
    }
    changed = SimpleNamespace(id=row.id, code=row.code, **{**fields, **kept})
    others = [standard for standard in present if standard.id != row.id]
    return others if changed.retired else [*others, required(changed)]


async def _following(session: AsyncSession, last: str) -> list[str]:
    query = select(Network.id).where(Network.archived.is_(False), Network.id > last).order_by(Network.id)
    return list((await session.execute(query.limit(AT_ONCE))).scalars())


def _turned(network: Any, facts: Facts, present: Sequence[Required], future: Sequence[Required]) -> Turned | None:
    before, _ = _judged(network, facts, present)
    after, missing = _judged(network, facts, future)
    if before == after:
        return None
    shown = {"id": network.id, "slug": network.slug, "name": network.name}
    return Turned(network=shown, before=before, after=after, why="; ".join(missing))


def _judged(network: Any, facts: Facts, standards: Sequence[Required]) -> tuple[str, list[str]]:
    findings = found([s for s in standards if s.applies(network)], facts, clock.today())
    health = health_of((s.severity, f.met) for s, f in findings)
    return health, [s.sentence for s, f in findings if not f.met and s.severity == health]


def _gravest(turned: Turned) -> tuple[int, str]:
    return -GRAVITY[turned.after], turned.network["name"]
