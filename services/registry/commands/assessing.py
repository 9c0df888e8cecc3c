"""Judging networks anew when something happened that could matter, and telling what came of it.

Invariants:
1. A network's row is locked before its facts are read: of two transactions that change its facts, the second to
   judge sees what both did. The edition and the standards are read after that lock, for the same reason.
2. Judging changes nothing where nothing changed: a message that comes twice, or late, has no effect here.
3. A message of ours names the message that caused it, also where a batch brought many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.health import Cause, Judgement, health_changed
from services.registry.commands.vacancies import keep_vacancies
from services.registry.facts import edition_in_force, facts_of, found, networks_seen
from services.registry.tables import Assessment, Edition, Network, Standing
from shared import clock
from shared.db import among
from shared.outbox import Change, publish
from shared.rows import insert_rows

AT_ONCE = 500
"""Networks judged in one transaction: few enough that nobody waits long for their rows."""
_KEEP_STANDING = "ON CONFLICT (network_id, standard_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in ("met", "since", "why", "cause")
)
_KEEP_ASSESSMENT = "ON CONFLICT (network_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in ("revision", "health", "since", "unmet", "cause", "edition")
)


async def assess(session: AsyncSession, causes: Mapping[str, Sequence[Cause]]) -> None:
    """Judge networks (id → why, oldest first) by the standards in force, and tell what changed."""
    await session.flush()
    judgements = await _judged(session, causes)
    if not judgements:
        return
    await _keep_standings(session, judgements)
    changes: list[Change] = [health_changed(judgement) for judgement in judgements if judgement.tells]
    await _keep_assessments(session, judgements)
    changes += await keep_vacancies(session, [judgement for judgement in judgements if judgement.moves_vacancies])
    await publish(session, *changes)


async def assess_stale(session: AsyncSession, *, limit: int = AT_ONCE) -> int:
    """Judge up to *limit* networks that were judged by an earlier edition; returns how many there were."""
    edition = await edition_of(session)
    stale = select(Assessment.network_id).where(Assessment.edition < edition.number).order_by(Assessment.network_id)
    ids = list((await session.execute(stale.limit(limit))).scalars())
    cause = Cause(edition.cause, edition.changed_at, weight=edition.weight)
    await assess(session, {network_id: [cause] for network_id in ids})
    return len(ids)


async def edition_of(session: AsyncSession) -> Any:
    """The present edition of the standards."""
    return (await session.execute(select(Edition.number, Edition.cause, Edition.weight, Edition.changed_at))).one()


async def _judged(session: AsyncSession, causes: Mapping[str, Sequence[Cause]]) -> list[Judgement]:
    networks = await networks_seen(session, sorted(causes), lock=True)
    if not networks:
        return []
    number, standards = await edition_in_force(session)
    facts = await facts_of(session, networks, standards)
    ids, today = list(facts), clock.today()
    standings = await _standings(session, ids)
    rows = (await session.execute(select(Assessment).where(among(session, Assessment.network_id, ids)))).scalars()
    known = {row.network_id: row for row in rows}
    return [
        Judgement(
            network=network, causes=causes[network.id], edition=number,
            found=found([s for s in standards if s.applies(network)], facts[network.id], today),
            before=standings.get(network.id, {}), known=known.get(network.id),
        )
        for network in networks
    ]  # fmt: skip


async def _standings(session: AsyncSession, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    columns = (Standing.network_id, Standing.standard_id, Standing.met, Standing.since, Standing.why, Standing.cause)
    kept: dict[str, dict[str, Any]] = {}
    for row in await session.execute(select(*columns).where(among(session, Standing.network_id, ids))):
        kept.setdefault(row.network_id, {})[row.standard_id] = row
    return kept


async def _keep_standings(session: AsyncSession, judgements: Sequence[Judgement]) -> None:
    rows = [row for judgement in judgements for row in judgement.standings()]
    if rows:
        await insert_rows(session, Standing.__table__, rows, _KEEP_STANDING)  # type: ignore[arg-type]
    gone: dict[str, list[str]] = {}
    for judgement in judgements:
        for standard_id in judgement.gone:
            gone.setdefault(standard_id, []).append(judgement.network.id)
    for standard_id, ids in gone.items():
        no_more = delete(Standing).where(Standing.standard_id == standard_id, among(session, Standing.network_id, ids))
        await session.execute(no_more, execution_options={"synchronize_session": False})


async def _keep_assessments(session: AsyncSession, judgements: Sequence[Judgement]) -> None:
    rows = [judgement.assessment() for judgement in judgements if judgement.differs]
    if rows:
        await insert_rows(session, Assessment.__table__, rows, _KEEP_ASSESSMENT)  # type: ignore[arg-type]
    by_health: dict[str, list[str]] = {}
    for judgement in judgements:
        if judgement.network.health != judgement.health:
            by_health.setdefault(judgement.health, []).append(judgement.network.id)
    for health, ids in by_health.items():
        now = update(Network).where(among(session, Network.id, ids)).values(health=health)
        await session.execute(now, execution_options={"synchronize_session": False})
