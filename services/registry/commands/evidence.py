"""Evidence: recorded by people, brought by messages of other services, and out of date by the clock.

Whatever changes it judges the network anew in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.assessing import assess
from services.registry.commands.health import Cause, Weight
from services.registry.commands.networks import AlreadyArchived, locked
from services.registry.facts import Required, networks_seen, standards_in_force
from services.registry.schemas.rules import NeedsEvidence, kinds_of
from services.registry.tables import Evidence
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts import Contract
from shared.contracts.registry import (
    EVIDENCE_CHANGED,
    EVIDENCE_LAPSED,
    EVIDENCE_RECORDED,
    EVIDENCE_RETRACTED,
    EvidenceState,
)
from shared.db import among
from shared.envelope import new_id
from shared.errors import Conflict, NotFound, Unprocessable
from shared.outbox import Change, change, publish

USUAL_DAYS = 365
"""How long evidence lasts that only stands in for something else."""
AT_ONCE = 100
"""Networks whose evidence goes out of date in one transaction."""


class UnknownKind(Unprocessable):
    """No standard asks for evidence of this kind; GET /api/standards lists those that do."""


class NoSuchEvidence(NotFound):
    """There is no such evidence of this network; GET /api/networks/{id}/evidence lists what there is."""


class NotYet(Unprocessable):
    """Evidence cannot be dated in the future; record it on its day."""


class OverBeforeItBegan(Unprocessable):
    """The day of review cannot be before the date; choose a later day, or leave it out."""


class RetractedAlready(Conflict):
    """This evidence was retracted and can no longer be changed; record it anew."""


async def record_evidence(
    session: AsyncSession, *, network_id: str, fields: dict[str, Any], by: Principal,
    reason: str = "", minor: bool = False,
) -> Evidence:  # fmt: skip
    """Record evidence. Raises NoSuchNetwork, AlreadyArchived, UnknownKind, NotYet, OverBeforeItBegan."""
    network = await locked(session, network_id)
    if network.archived:
        raise AlreadyArchived
    lasting = lasting_days(await standards_in_force(session))
    if fields["kind"] not in lasting:
        raise UnknownKind(f"No standard asks for '{fields['kind']}'. Known kinds: {', '.join(sorted(lasting))}.")
    days = lasting[fields["kind"]]
    if fields.get("review_by") is None and days is not None:
        fields = {**fields, "review_by": fields["dated"] + timedelta(days=days)}
    evidence = new_evidence(network_id=network_id, by=by.person_id, **fields)
    _require_sound(evidence)
    session.add(evidence)
    words = evidence.kind.replace("_", " ")
    told = _announcement(network, f"{network.name[:120]} recorded its {words}: “{evidence.title[:110]}”")
    return await _said(session, EVIDENCE_RECORDED, evidence, None, told, by, reason, minor)


async def add_evidence(session: AsyncSession, *, rows: Sequence[dict[str, Any]], by: Principal) -> None:
    """Record much evidence at once: `{network_id, kind, title, link, dated, review_by}` each. Nobody is told of it.

    For imports and for a history that is loaded: the networks must be there, and the kinds are not asked about.
    """
    await networks_seen(session, sorted({row["network_id"] for row in rows}), lock=True)
    recorded = [new_evidence(by=by.person_id, **row) for row in rows]
    session.add_all(recorded)
    said = [
        change(EVIDENCE_RECORDED, state_of(evidence), key=evidence.network_id, actor=by.person_id, minor=True)
        for evidence in recorded
    ]
    await publish(session, *said)
    causes: dict[str, list[Cause]] = {}
    for evidence, one in zip(recorded, said, strict=True):
        causes.setdefault(evidence.network_id, []).append(cause_of(one, f"evidence:{evidence.kind}", weight="minor"))
    await assess(session, causes)


async def change_evidence(
    session: AsyncSession, *, network_id: str, evidence_id: str, fields: dict[str, Any], by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Evidence:  # fmt: skip
    """Change its title, link or days. Raises NoSuchEvidence, ChangedMeanwhile, RetractedAlready, NotYet, …"""
    network, evidence, before = await _own(session, network_id, evidence_id, expected)
    if all(getattr(evidence, name) == value for name, value in fields.items()):
        return evidence
    for name, value in fields.items():
        setattr(evidence, name, value)
    _require_sound(evidence)
    evidence.status = "current"  # until the clock says otherwise
    _touch(evidence)
    words = evidence.kind.replace("_", " ")
    told = _announcement(network, f"{network.name[:120]} changed its {words}: “{evidence.title[:110]}”")
    return await _said(session, EVIDENCE_CHANGED, evidence, before, told, by, reason, minor)


async def retract_evidence(
    session: AsyncSession, *, network_id: str, evidence_id: str, by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Evidence:  # fmt: skip
    """Let it no longer count. Raises NoSuchEvidence, ChangedMeanwhile, RetractedAlready."""
    network, evidence, before = await _own(session, network_id, evidence_id, expected)
    evidence.status = "retracted"
    _touch(evidence)
    words = evidence.kind.replace("_", " ")
    told = _announcement(network, f"{network.name[:120]} retracted its {words}: “{evidence.title[:110]}”")
    return await _said(session, EVIDENCE_RETRACTED, evidence, before, told, by, reason, minor)


async def lapse_evidence(session: AsyncSession) -> int:
    """Say of evidence whose day of review is past that it is out of date; returns how much there was."""
    due = select(Evidence.network_id).where(*_due()).distinct().order_by(Evidence.network_id).limit(AT_ONCE)
    ids = list((await session.execute(due)).scalars())
    if not ids:
        return 0
    await networks_seen(session, ids, lock=True)
    query = select(Evidence).where(among(session, Evidence.network_id, ids), *_due()).order_by(Evidence.id)
    lapsed = (await session.execute(query.execution_options(populate_existing=True))).scalars().all()
    changes, causes = list[Change](), dict[str, list[Cause]]()
    for evidence in lapsed:
        before = state_of(evidence).model_dump(mode="json")
        evidence.status = "lapsed"
        _touch(evidence)
        said = change(EVIDENCE_LAPSED, state_of(evidence), key=evidence.network_id, before=before, minor=True)
        changes.append(said)
        causes.setdefault(evidence.network_id, []).append(cause_of(said, f"evidence:{evidence.kind}"))
    await publish(session, *changes)
    await assess(session, causes)
    return len(lapsed)


def due_evidence() -> Any:
    """The evidence that is out of date and not yet said to be."""
    return select(Evidence.id).where(*_due())


def lasting_days(standards: Sequence[Required]) -> dict[str, int | None]:
    """Kind of evidence → how many days it lasts (None: for good), of every kind that a standard asks for."""
    lasting: dict[str, int | None] = {kind: USUAL_DAYS for s in standards for kind in kinds_of(s.rule)}
    asked = [s.rule for s in standards if isinstance(s.rule, NeedsEvidence)]
    return lasting | {rule.kind: rule.lasts_days for rule in asked}


def state_of(evidence: Evidence) -> EvidenceState:
    """The public state of its row."""
    return EvidenceState.model_validate(evidence, from_attributes=True)


def cause_of(said: Change, *about: str, weight: Weight = "told") -> Cause:
    """Our own message as the cause of judging anew."""
    envelope = said.envelope
    return Cause(envelope.id, envelope.time, frozenset(about), weight, envelope.correlationid)


def _due() -> tuple[Any, ...]:
    return (Evidence.status == "current", Evidence.review_by < clock.today())


def new_evidence(
    *, network_id: str, kind: str, title: str, link: str, dated: date, review_by: date | None, by: str = "",
    subject: str = "", subject_revision: int = 0,
) -> Evidence:  # fmt: skip
    moment = clock.now()
    return Evidence(
        id=new_id(), revision=1, network_id=network_id, kind=kind, title=title, link=link, dated=dated,
        review_by=review_by, status="current", subject=subject, subject_revision=subject_revision, recorded_by=by,
        created_at=moment, updated_at=moment,
    )  # fmt: skip


def _require_sound(evidence: Evidence) -> None:
    if evidence.dated > clock.today():
        raise NotYet
    if evidence.review_by is not None and evidence.review_by < evidence.dated:
        raise OverBeforeItBegan


async def _own(
    session: AsyncSession, network_id: str, evidence_id: str, expected: int | None
) -> tuple[Any, Evidence, dict[str, Any]]:
    network = await locked(session, network_id)
    evidence = await session.get(Evidence, evidence_id, populate_existing=True)
    if evidence is None or evidence.network_id != network_id:
        raise NoSuchEvidence
    require_revision(expected, evidence.revision)
    if evidence.status == "retracted":
        raise RetractedAlready
    return network, evidence, state_of(evidence).model_dump(mode="json")


def _touch(evidence: Evidence) -> None:
    evidence.revision += 1
    evidence.updated_at = clock.now()


def _announcement(network: Any, headline: str) -> Announcement:
    concerns = Concerns(networks=(network.id,), bodies=tuple(network.bodies))
    return Announcement(
        headline=headline, category="governance", significance="minor", path=f"/networks/{network.slug}/standards",
        concerns=concerns,
    )  # fmt: skip


async def _said(
    session: AsyncSession, contract: Contract, evidence: Evidence, before: dict[str, Any] | None,
    told: Announcement, by: Principal, reason: str, minor: bool,
) -> Evidence:  # fmt: skip
    said = change(
        contract, state_of(evidence), key=evidence.network_id, before=before, announcement=told,
        actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip
    await publish(session, said)
    cause = cause_of(said, f"evidence:{evidence.kind}", weight="minor" if minor else "told")
    await assess(session, {evidence.network_id: [cause]})
    return evidence
