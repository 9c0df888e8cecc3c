"""Reading standards, and how a network stands against them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.stages import gates_of
from services.registry.commands.standards import NoSuchStandard
from services.registry.facts import Required, facts_of, found, networks_seen, standards_in_force
from services.registry.growth import WAYS, is_promotion
from services.registry.named import names_in
from services.registry.rules import Finding, health_of
from services.registry.schemas.stages import Satisfied
from services.registry.schemas.standards import Move, NetworkStandards, OpenVacancy, Stand
from services.registry.schemas.standards import Standard as StandardOut
from services.registry.tables import Assessment, Network, Standard, Standing, Vacancy
from shared import clock


async def standards_shown(session: AsyncSession, *, retired: bool = False) -> list[StandardOut]:
    """The standards in their order, with how many networks meet each and do not; *retired* ones too when asked for."""
    query = select(Standard).order_by(Standard.retired, Standard.place, Standard.id)
    if not retired:
        query = query.where(Standard.retired.is_(False))
    counts = await _counts(session)
    rows = (await session.execute(query)).scalars()
    return [standard_shown(row, counts.get(row.id)) for row in rows]


async def standard_at(session: AsyncSession, address: str) -> Standard:
    """The standard whose id or code is *address*. Raises NoSuchStandard."""
    query = select(Standard).where((Standard.id == address) | (Standard.code == address))
    standard = (await session.execute(query)).scalar_one_or_none()
    if standard is None:
        raise NoSuchStandard
    return standard


def standard_shown(standard: Standard, counts: Mapping[bool, int] | None = None) -> StandardOut:
    """A standard's row as the API shows it; *counts* are of the networks that meet it (True) and do not."""
    many = counts or {}
    return StandardOut.model_validate(standard).model_copy(
        update={"met_by": many.get(True, 0), "unmet_by": many.get(False, 0)}
    )


async def met_or_not(session: AsyncSession, standard_id: str) -> dict[bool, int]:
    """How many networks meet a standard now (True), and how many do not."""
    return (await _counts(session, Standing.standard_id == standard_id)).get(standard_id, {})


async def network_standards(session: AsyncSession, network: Network) -> NetworkStandards:
    """How a network stands this moment; since when and because of what, as the projection has it."""
    (seen,) = await networks_seen(session, [network.id])
    standards = [s for s in await standards_in_force(session) if s.applies(seen)]
    facts = (await facts_of(session, [seen], standards))[network.id]
    findings = found(standards, facts, clock.today())
    stands = await _stands(session, network, findings)
    kept = await session.get(Assessment, network.id)
    return NetworkStandards(
        items=stands, total=len(stands), network_id=network.id, stage=network.stage,
        health=health_of((s.severity, f.met) for s, f in findings), since=kept.since if kept else None,
        cause=kept.cause if kept else "", vacancies=await _vacancies(session, network.id),
        moves=await _moves(session, network),
    )  # fmt: skip


async def _stands(session: AsyncSession, network: Network, findings: list[tuple[Required, Finding]]) -> list[Stand]:
    rows = (await session.execute(select(Standing).where(Standing.network_id == network.id))).scalars()
    kept = {row.standard_id: row for row in rows}
    named = await names_in(session, [one.text for _, finding in findings for one in finding.by])
    stands = []
    for standard, finding in findings:
        row = kept.get(standard.id)
        agrees = row is not None and row.met == finding.met
        stands.append(Stand(
            standard=standard.id, code=standard.code, name=standard.name, severity=standard.severity,
            sentence=standard.sentence, met=finding.met, why=named(finding.why),
            by=[Satisfied(text=named(one.text), link=one.link) for one in finding.by],
            since=row.since if row and agrees else None, cause=row.cause if row and agrees else "",
            link=standard.mended_at(network.slug),
        ))  # fmt: skip
    return stands


async def _vacancies(session: AsyncSession, network_id: str) -> list[OpenVacancy]:
    query = select(Vacancy).where(Vacancy.network_id == network_id, Vacancy.status == "open")
    rows = (await session.execute(query.order_by(Vacancy.since, Vacancy.id))).scalars()
    return [
        OpenVacancy(
            standard=row.standard_id, name=row.name, since=row.since, days=(clock.today() - row.since).days,
            escalated=row.days, next_on=row.next_on,
        )
        for row in rows
    ]  # fmt: skip


async def _moves(session: AsyncSession, network: Network) -> list[Move]:
    if network.archived:
        return []
    moves = []
    for to in WAYS[network.stage]:
        promotion = is_promotion(network.stage, to)
        gates = await gates_of(session, network.id, to) if promotion else []
        is_open = all(gate.met for gate in gates if gate.blocks)
        moves.append(Move(to=to, promotion=promotion, open=is_open, gates=gates))
    return moves


async def _counts(session: AsyncSession, *which: ColumnElement[bool]) -> dict[str, dict[bool, int]]:
    query = select(Standing.standard_id, Standing.met, func.count()).where(*which)
    counts: dict[str, dict[bool, int]] = {}
    for standard_id, met, many in await session.execute(query.group_by(Standing.standard_id, Standing.met)):
        counts.setdefault(standard_id, {})[met] = many
    return counts
