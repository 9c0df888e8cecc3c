"""Required roles that nobody holds: each starts a clock, which strikes on the days that its standard names.

Invariants:
1. A vacancy is opened and ended with the judging of its network, under the lock of the network's row.
2. An escalation is decided under that lock and noted with its message: of two processes the second finds it done.
   One that fell due while nothing ran is made up for; whoever asks on the same day again finds nothing due.
3. What was due before the register knew of a vacancy is only recorded, but for the last of it: nobody is told three
   times in one moment that a role has been vacant for 30, 60 and 90 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.health import Cause, Judgement, because_of
from services.registry.facts import Required, networks_seen, standards_in_force
from services.registry.schemas.rules import NeedsRole
from services.registry.tables import Role, Standing, Vacancy
from shared import clock
from shared.announcement import Announcement, Concerns, Significance
from shared.contracts import Contract
from shared.contracts.registry import VACANCY_ENDED, VACANCY_ESCALATED, VACANCY_OPENED, VacancyState
from shared.db import among
from shared.envelope import new_id
from shared.outbox import Change, change, publish

AT_ONCE = 100
"""Networks whose vacancies are escalated in one transaction."""
WEIGHTS: tuple[Significance, ...] = ("minor", "normal", "major")


async def keep_vacancies(session: AsyncSession, judgements: Sequence[Judgement]) -> list[Change]:
    """Open and end vacancies as the judging found them; returns the messages that tell of it."""
    if not judgements:
        return []
    ids = [judgement.network.id for judgement in judgements]
    query = select(Vacancy).where(among(session, Vacancy.network_id, ids), Vacancy.status == "open")
    kept: dict[str, dict[str, Vacancy]] = {}
    for vacancy in (await session.execute(query)).scalars():
        kept.setdefault(vacancy.network_id, {})[vacancy.standard_id] = vacancy
    changes, opening = list[Change](), list[tuple[Judgement, Required]]()
    for judgement in judgements:
        known = kept.get(judgement.network.id, {})
        vacant = {s.id: s for s, f in judgement.found if not f.met and _days(s)}
        opening += [(judgement, standard) for standard in vacant.values() if standard.id not in known]
        changes += [_ended(v, judgement) for v in known.values() if v.standard_id not in vacant]
        for standard in (s for s in vacant.values() if s.id in known):
            vacancy = known[standard.id]
            vacancy.next_on = _next_on(vacancy.since, vacancy.days, _days(standard))
    return changes + await _open(session, opening)


async def escalate(session: AsyncSession) -> int:
    """Let the clocks strike that are due, some networks at a time; returns how many escalations there were."""
    due = select(Vacancy.network_id).where(*_due()).distinct().order_by(Vacancy.network_id).limit(AT_ONCE)
    ids = list((await session.execute(due)).scalars())
    if not ids:
        return 0
    networks = {network.id: network for network in await networks_seen(session, ids, lock=True)}
    standards = {standard.id: standard for standard in await standards_in_force(session)}
    query = select(Vacancy).where(among(session, Vacancy.network_id, ids), *_due()).order_by(Vacancy.id)
    vacancies = (await session.execute(query.execution_options(populate_existing=True))).scalars().all()
    causes = await _causes(session, ids)
    changes: list[Change] = []
    for vacancy in vacancies:
        days, network = _days(standards.get(vacancy.standard_id)), networks[vacancy.network_id]
        with because_of(causes.get((vacancy.network_id, vacancy.standard_id), Cause("", clock.now()))):
            changes += _struck(vacancy, network, days)
    await publish(session, *changes)
    return len(changes)


def due_vacancies() -> Any:
    """The vacancies whose clock is to strike today or was to strike before."""
    return select(Vacancy.id).where(*_due())


def _due() -> tuple[Any, ...]:
    return (Vacancy.status == "open", Vacancy.next_on <= clock.today())


def _days(standard: Required | None) -> tuple[int, ...]:
    """After how many days the clock of *standard* strikes; none where it has no clock."""
    rule = standard.rule if standard else None
    return rule.escalate_after_days if isinstance(rule, NeedsRole) else ()


def _next_on(since: date, struck: int, days: Sequence[int]) -> date | None:
    following = next((number for number in days if number > struck), None)
    return None if following is None else since + timedelta(days=following)


async def _open(session: AsyncSession, opening: Sequence[tuple[Judgement, Required]]) -> list[Change]:
    if not opening:
        return []
    left = await _last_days(session, [judgement.network.id for judgement, _ in opening])
    return [_opened(session, judgement, standard, left) for judgement, standard in opening]


def _opened(
    session: AsyncSession, judgement: Judgement, standard: Required, left: Mapping[tuple[str, str], date]
) -> Change:
    assert isinstance(standard.rule, NeedsRole)
    cause, network_id = judgement.cause_of(standard), judgement.network.id
    since = cause.time.date()
    last = max((left[network_id, r] for r in standard.rule.roles if (network_id, r) in left), default=None)
    if last and (standard.id in judgement.before or judgement.first):  # else it is required only from now on
        since = min(last + timedelta(days=1), clock.today())
    vacancy = Vacancy(
        id=new_id(), revision=1, network_id=network_id, standard_id=standard.id, name=standard.name,
        roles=list(standard.rule.roles), since=since, known_on=clock.today(), days=0,
        next_on=_next_on(since, 0, _days(standard)), status="open", until=None,
    )  # fmt: skip
    session.add(vacancy)
    with because_of(cause):
        return _said(VACANCY_OPENED, vacancy)


async def _last_days(session: AsyncSession, ids: Sequence[str]) -> dict[tuple[str, str], date]:
    """(network, role) → the last day of the last who held it and does so no more."""
    query = select(Role.network_id, Role.role, func.max(Role.until)).where(
        among(session, Role.network_id, ids), Role.status == "ended"
    )
    rows = await session.execute(query.group_by(Role.network_id, Role.role))
    return {(network_id, role): until for network_id, role, until in rows if until}


def _ended(vacancy: Vacancy, judgement: Judgement) -> Change:
    """Filled, or no longer required where its standard does not apply any more or has no clock."""
    before = _state_of(vacancy).model_dump(mode="json")
    standard = next((s for s, f in judgement.found if s.id == vacancy.standard_id and f.met), None)
    vacancy.status = "filled" if standard else "no longer required"
    vacancy.until, vacancy.next_on, vacancy.revision = clock.today(), None, vacancy.revision + 1
    with because_of(judgement.cause_of(standard) if standard else judgement.causes[-1]):
        return _said(VACANCY_ENDED, vacancy, before)


def _struck(vacancy: Vacancy, network: Any, days: Sequence[int]) -> list[Change]:
    """The escalations of one vacancy that are due, in their order."""
    due = [number for number in days if number > vacancy.days and vacancy.since + timedelta(number) <= clock.today()]
    changes: list[Change] = []
    for number in due:
        before = _state_of(vacancy).model_dump(mode="json")
        vacancy.days, vacancy.next_on = number, _next_on(vacancy.since, number, days)
        vacancy.revision += 1
        late = vacancy.since + timedelta(number) < vacancy.known_on and number != due[-1]
        told = None if late else _announcement(vacancy, network, number, days)
        changes.append(_said(VACANCY_ESCALATED, vacancy, before, told))
    if not due:
        vacancy.next_on = _next_on(vacancy.since, vacancy.days, days)
    return changes


def _announcement(vacancy: Vacancy, network: Any, number: int, days: Sequence[int]) -> Announcement:
    """Graver each time: the last of the days is major, the one before it normal, earlier ones minor."""
    place = max(0, len(WEIGHTS) - len(days) + list(days).index(number))
    name = f"{vacancy.name[:1].lower()}{vacancy.name[1:]}"
    concerns = Concerns(networks=(network.id,), bodies=tuple(network.bodies), staff=number == days[-1])
    return Announcement(
        headline=f"{network.name[:140]} has had no {name[:100]} for {number} days", category="governance",
        significance=WEIGHTS[place], path=f"/networks/{network.slug}/standards", concerns=concerns,
    )  # fmt: skip


async def _causes(session: AsyncSession, ids: Sequence[str]) -> dict[tuple[str, str], Cause]:
    """(network, standard) → the message that left it unmet."""
    query = select(Standing).where(among(session, Standing.network_id, ids), Standing.met.is_(False))
    rows = (await session.execute(query)).scalars()
    return {(row.network_id, row.standard_id): Cause(row.cause, row.since) for row in rows}


def _state_of(vacancy: Vacancy) -> VacancyState:
    return VacancyState(
        id=vacancy.id, revision=vacancy.revision, network_id=vacancy.network_id, standard=vacancy.standard_id,
        name=vacancy.name, roles=vacancy.roles, since=vacancy.since, until=vacancy.until, days=vacancy.days,
        status=vacancy.status,
    )  # fmt: skip


def _said(
    contract: Contract, vacancy: Vacancy, before: dict[str, Any] | None = None, told: Announcement | None = None
) -> Change:
    return change(
        contract, _state_of(vacancy), key=vacancy.network_id, before=before, announcement=told, minor=told is None
    )
