"""What standards are judged by, read for many networks in a handful of statements; and the standards themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.rules import Facts, Finding, Holder, Proof, Tie, judged
from services.registry.schemas.rules import (
    NeedsEvidence,
    NeedsField,
    NeedsLink,
    NeedsProfessions,
    NeedsRole,
    RecordField,
    Rule,
    kinds_of,
    subjects_of,
    whole,
)
from services.registry.tables import Edition, Evidence, Link, Network, Profession, Role, Standard
from shared.db import among

_RECORD = [getattr(Network, name) for name in get_args(RecordField)]
_STANDARD = [
    Standard.id, Standard.code, Standard.name, Standard.sentence, Standard.severity, Standard.stages, Standard.rule,
    Standard.mend,
]  # fmt: skip
_SEEN = [
    Network.id, Network.slug, Network.name, Network.stage, Network.archived, Network.bodies, Network.health,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Required:
    """A standard, ready to judge by."""

    id: str
    code: str
    name: str
    sentence: str
    severity: str
    stages: frozenset[str]
    rule: Rule
    mend: str

    def applies(self, network: Any, stage: str = "") -> bool:
        """Whether it applies to a network as it is, or were it at *stage*."""
        return not network.archived and (stage or network.stage) in self.stages

    def mended_at(self, slug: str) -> str:
        """The page on which what is missing is put right."""
        return (self.mend or _usual_mend(self.rule)).replace("{slug}", slug)


def _usual_mend(rule: Rule) -> str:
    match rule:
        case NeedsRole(roles=(role, *_)):
            return f"/networks/{{slug}}/roles?role={role}"
        case NeedsEvidence(kind=kind):
            return f"/networks/{{slug}}/standards?kind={kind}#record"
        case NeedsField(field=field):
            return f"/networks/{{slug}}/edit#{field}"
        case NeedsLink():
            return "/networks/{slug}/links"
        case _:
            return "/networks/{slug}/roles"


def required(standard: Any) -> Required:
    """A standard's row (or what has its fields) as something to judge by."""
    return Required(
        id=standard.id, code=standard.code, name=standard.name, sentence=standard.sentence,
        severity=standard.severity, stages=frozenset(standard.stages), rule=whole(standard.rule),
        mend=standard.mend,
    )  # fmt: skip


async def edition_in_force(session: AsyncSession) -> tuple[int, list[Required]]:
    """The number of the present edition, and its standards in their order."""
    in_force = and_(Edition.id.is_not(None), Standard.retired.is_(False))
    query = select(Edition.number, *_STANDARD).outerjoin(Standard, in_force).order_by(Standard.place, Standard.id)
    rows = (await session.execute(query)).all()
    return rows[0].number, [required(row) for row in rows if row.id is not None]


async def standards_in_force(session: AsyncSession) -> list[Required]:
    """The standards that are not retired, in their order."""
    return (await edition_in_force(session))[1]


def subjects(standards: Iterable[Required]) -> set[str]:
    """All that any of *standards* looks at."""
    return set[str]().union(*(subjects_of(standard.rule) for standard in standards))


async def networks_seen(session: AsyncSession, ids: Sequence[str], *, lock: bool = False) -> Sequence[Any]:
    """Rows of what is judged of networks, in the order of their ids; with *lock*, held until the transaction ends."""
    query = select(*_SEEN, *(column for column in _RECORD if column not in _SEEN))
    query = query.where(among(session, Network.id, ids)).order_by(Network.id)
    return (await session.execute(query.with_for_update(of=Network) if lock else query)).all()


async def facts_of(session: AsyncSession, networks: Sequence[Any], standards: Sequence[Required]) -> dict[str, Facts]:
    """Network id → its facts, as far as *standards* look at them."""
    facts = {n.id: Facts(slug=n.slug, record=n._mapping) for n in networks}
    rules = [standard.rule for standard in standards]
    if roles := {role for rule in rules if isinstance(rule, NeedsRole) for role in rule.roles}:
        await _add_holders(session, facts, roles)
    if kinds := {kind for rule in rules for kind in kinds_of(rule)}:
        await _add_proofs(session, facts, kinds)
    if any(isinstance(rule, NeedsLink) for rule in rules):
        await _add_ties(session, facts)
    if any(isinstance(rule, NeedsProfessions) for rule in rules):
        await _add_professions(session, facts)
    return facts


def found(standards: Iterable[Required], facts: Facts, today: date) -> list[tuple[Required, Finding]]:
    """Each standard with what was found."""
    return [(standard, judged(standard.rule, facts, today)) for standard in standards]


async def _add_holders(session: AsyncSession, facts: Mapping[str, Facts], roles: set[str]) -> None:
    query = select(Role.network_id, Role.role, Role.person_id, Role.since).where(
        _of(session, Role.network_id, facts), Role.role.in_(roles), Role.status == "active"
    )
    for network_id, role, person_id, since in await session.execute(query.order_by(Role.since, Role.id)):
        facts[network_id].holders.append(Holder(role, person_id, since))


async def _add_proofs(session: AsyncSession, facts: Mapping[str, Facts], kinds: set[str]) -> None:
    columns = (Evidence.kind, Evidence.title, Evidence.link, Evidence.dated, Evidence.review_by)
    query = select(Evidence.network_id, *columns).where(
        _of(session, Evidence.network_id, facts), Evidence.kind.in_(kinds), Evidence.status != "retracted"
    )
    for row in await session.execute(query.order_by(Evidence.id)):
        facts[row.network_id].proofs.append(Proof(row.kind, row.title, row.link, row.dated, row.review_by))


async def _add_ties(session: AsyncSession, facts: Mapping[str, Facts]) -> None:
    """Confirmed links, seen from either end."""
    for here, there in ((Link.network_id, Link.other_id), (Link.other_id, Link.network_id)):
        query = (
            select(here, Link.kind, Network.name, Network.slug)
            .join(Network, Network.id == there)
            .where(_of(session, here, facts), Link.status == "confirmed", Network.archived.is_(False))
        )
        for network_id, *tie in await session.execute(query.order_by(Link.id)):
            facts[network_id].ties.append(Tie(*tie))


async def _add_professions(session: AsyncSession, facts: Mapping[str, Facts]) -> None:
    query = (
        select(Role.network_id, func.count(Profession.profession.distinct()))
        .join(Profession, Profession.person_id == Role.person_id)
        .where(_of(session, Role.network_id, facts), Role.status == "active")
        .group_by(Role.network_id)
    )
    for network_id, count in await session.execute(query):
        facts[network_id].professions = count


def _of(session: AsyncSession, column: Any, facts: Mapping[str, Facts]) -> ColumnElement[bool]:
    return among(session, column, list(facts))
