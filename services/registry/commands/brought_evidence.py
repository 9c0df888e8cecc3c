"""Evidence that comes by itself: a message of whichever service, of a type that a standard names.

What counts is data: `messages` of a standard's rule. Nothing here knows any type of message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.assessing import assess
from services.registry.commands.evidence import new_evidence, state_of
from services.registry.commands.health import Cause, because_of
from services.registry.facts import Required, networks_seen, standards_in_force
from services.registry.schemas.rules import NeedsEvidence
from services.registry.tables import Evidence
from shared import clock
from shared.contracts.registry import EVIDENCE_CHANGED, EVIDENCE_RECORDED
from shared.db import among
from shared.envelope import Envelope
from shared.outbox import Change, change, publish

MOST_NETWORKS = 100
"""Of one message; what speaks of more speaks of none in particular."""
Lasting = Mapping[str, Mapping[str, int | None]]
"""Type of message → kind of evidence → how many days it lasts."""


async def take_evidence(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep what *messages* bring as evidence, and judge the networks that they speak of."""
    counted = counting(await standards_in_force(session))
    bringing = [(m, networks_of(m)) for m in messages if m.type in counted and m.data]
    if not bringing:
        return
    ids = sorted({network_id for _, named in bringing for network_id in named})
    networks = {n.id: n for n in await networks_seen(session, ids, lock=True) if not n.archived}
    known = await _known(session, list(networks), [m.subject for m, _ in bringing])
    changes, causes = list[Change](), dict[str, list[Cause]]()
    for message, named in bringing:
        for network_id in (n for n in named if n in networks):
            for kind, days in counted[message.type].items():
                change_ = _taken(session, message, networks[network_id], kind, days, known)
                if change_ is not None:
                    changes.append(change_)
                    causes.setdefault(network_id, []).append(caused_by(message, f"evidence:{kind}"))
    await publish(session, *changes)
    await assess(session, causes)


def counting(standards: Iterable[Required]) -> Lasting:
    """The types of message that any of *standards* takes as evidence."""
    counted: dict[str, dict[str, int | None]] = {}
    for rule in (s.rule for s in standards if isinstance(s.rule, NeedsEvidence)):
        for type_ in rule.messages:
            counted.setdefault(type_, {})[rule.kind] = rule.lasts_days
    return counted


def networks_of(message: Envelope) -> list[str]:
    """The networks that *message* speaks of: those its state names, else its key."""
    state = message.state
    named = [state["network_id"]] if isinstance(state.get("network_id"), str) else state.get("networks")
    if not isinstance(named, list):
        named = [message.key]
    found = list(dict.fromkeys(one for one in named if isinstance(one, str)))
    return found if len(found) <= MOST_NETWORKS else []


def caused_by(message: Envelope, *about: str) -> Cause:
    """A message of another service, or of our own that came back by the log, as the cause of judging anew."""
    weight = "minor" if message.announcement is None else "told"
    return Cause(message.id, message.time, frozenset(about), weight, message.correlationid)  # type: ignore[arg-type]


def _taken(
    session: AsyncSession, message: Envelope, network: Any, kind: str, days: int | None,
    known: dict[tuple[str, str, str], Evidence],
) -> Change | None:  # fmt: skip
    """The change that *message* makes to the evidence of one network, or None where it is old news."""
    fields = _fields(message, days)
    evidence = known.get((network.id, kind, message.subject))
    if evidence is not None and evidence.subject_revision >= message.revision:
        return None
    before = None
    if evidence is None:
        evidence = new_evidence(network_id=network.id, kind=kind, by=message.actor, subject=message.subject, **fields)
        session.add(evidence)
        known[network.id, kind, message.subject] = evidence
    else:
        before = state_of(evidence).model_dump(mode="json")
        for name, value in fields.items():
            setattr(evidence, name, value)
        evidence.status, evidence.revision, evidence.updated_at = "current", evidence.revision + 1, clock.now()
    evidence.subject_revision = message.revision
    contract = EVIDENCE_CHANGED if before else EVIDENCE_RECORDED
    with because_of(caused_by(message)):
        return change(
            contract, state_of(evidence), key=network.id, before=before, actor=message.actor, minor=True
        )  # fmt: skip


def _fields(message: Envelope, days: int | None) -> dict[str, Any]:
    announced, dated = message.announcement, message.time.date()
    title = announced.headline if announced else " ".join(message.type.split(".")[2:-1]).replace("-", " ").capitalize()
    usual = None if days is None else dated + timedelta(days=days)
    return {
        "title": title[:200], "link": announced.path if announced else f"/changes/{message.id}", "dated": dated,
        "review_by": _date(message.state.get("review_by")) or usual,
    }  # fmt: skip


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


async def _known(
    session: AsyncSession, networks: Sequence[str], subjects: Sequence[str]
) -> dict[tuple[str, str, str], Evidence]:
    query = select(Evidence).where(
        among(session, Evidence.network_id, networks), among(session, Evidence.subject, subjects)
    )
    rows = (await session.execute(query.execution_options(populate_existing=True))).scalars()
    return {(row.network_id, row.kind, row.subject): row for row in rows}
