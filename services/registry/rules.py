"""Judging a network by a standard: pure, from facts and a date.

A person is named as `{person:<id>}`; who shows a text fills the name in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.registry.schemas.rules import NeedsEvidence, NeedsField, NeedsLink, NeedsProfessions, NeedsRole, Rule

NOT_ASSESSED, GREEN, AMBER, RED = "not assessed", "green", "amber", "red"
MOST_SHOWN = 5
"""Links that are named of those that satisfy a standard."""
GRAVITY = {NOT_ASSESSED: 0, GREEN: 0, AMBER: 1, RED: 2}


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a role now."""

    role: str
    person_id: str
    since: date


@dataclass(frozen=True, slots=True)
class Proof:
    """Evidence that was not retracted."""

    kind: str
    title: str
    link: str
    dated: date
    review_by: date | None


@dataclass(frozen=True, slots=True)
class Tie:
    """A link that is in force to a network that is on the register."""

    kind: str
    name: str
    slug: str


@dataclass(slots=True)
class Facts:
    """All that a network can be judged by."""

    slug: str
    record: Mapping[str, Any]
    holders: list[Holder] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    professions: int = 0


@dataclass(frozen=True, slots=True)
class Met:
    """One thing that satisfies a standard, and where it is seen."""

    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a rule is met: by what, or why not (empty where the standard's own sentence says it all)."""

    met: bool
    by: tuple[Met, ...] = ()
    why_not: str = ""

    @property
    def why(self) -> str:
        """In words, for either case."""
        return "; ".join(one.text for one in self.by) if self.met else self.why_not


def judged(rule: Rule, facts: Facts, today: date) -> Finding:
    """Whether a network of which *facts* hold meets *rule* on a day."""
    return JUDGES[type(rule)](rule, facts, today)


def health_of(findings: Iterable[tuple[str, bool]]) -> str:
    """The health that (severity, met) of every standard that applies amount to."""
    unmet, any_applies = set[str](), False
    for severity, met in findings:
        any_applies = True
        if not met:
            unmet.add(severity)
    if not any_applies:
        return NOT_ASSESSED
    return RED if RED in unmet else AMBER if unmet else GREEN


def day(value: date) -> str:
    """3 May 2026."""
    return f"{value.day} {value:%B %Y}"


def titled(role: str) -> str:
    """A role in words."""
    return "oversight lead" if role == "sha_lead" else role.replace("_", " ")


def _role(rule: NeedsRole, facts: Facts, today: date) -> Finding:
    held = [holder for holder in facts.holders if holder.role in rule.roles]
    people = len({holder.person_id for holder in held})
    if people >= rule.at_least:
        where = f"/networks/{facts.slug}#people"
        return Finding(True, tuple(Met(_holds(holder), where) for holder in held))
    instead = _in_date(facts.proofs, rule.or_evidence, today)
    if instead:
        return Finding(True, (_shown(instead),))
    return Finding(False, why_not=f"{people} of {rule.at_least} are named" if people else "")


def _holds(holder: Holder) -> str:
    return f"{{person:{holder.person_id}}} is {titled(holder.role)} since {day(holder.since)}"


def _evidence(rule: NeedsEvidence, facts: Facts, today: date) -> Finding:
    proof = _in_date(facts.proofs, rule.kind, today)
    if proof:
        return Finding(True, (_shown(proof),))
    over = [p.review_by for p in facts.proofs if p.kind == rule.kind and p.review_by]
    return Finding(False, why_not=f"it went out of date after {day(max(over))}" if over else "")


def _in_date(proofs: Sequence[Proof], kind: str, today: date) -> Proof | None:
    """The evidence of a kind that stays in date for longest; None where there is none."""
    good = [p for p in proofs if p.kind == kind and (p.review_by is None or p.review_by >= today)]
    return max(good, key=lambda p: (p.review_by or date.max, p.dated), default=None)


def _shown(proof: Proof) -> Met:
    until = f", in date until {day(proof.review_by)}" if proof.review_by else ""
    return Met(f"“{proof.title}” of {day(proof.dated)}{until}", proof.link)


def _field(rule: NeedsField, facts: Facts, _today: date) -> Finding:
    if not facts.record.get(rule.field):
        return Finding(False)
    return Finding(True, (Met(f"{rule.field.replace('_', ' ').capitalize()} recorded", f"/networks/{facts.slug}"),))


def _link(rule: NeedsLink, facts: Facts, _today: date) -> Finding:
    ties = [tie for tie in facts.ties if not rule.kinds or tie.kind in rule.kinds]
    if len({tie.slug for tie in ties}) < rule.at_least:
        return Finding(False, why_not=f"{len(ties)} of {rule.at_least} there" if ties else "")
    return Finding(True, tuple(Met(f"Linked with {tie.name}", f"/networks/{tie.slug}") for tie in ties[:MOST_SHOWN]))


def _professions(rule: NeedsProfessions, facts: Facts, _today: date) -> Finding:
    many = f"{facts.professions} {'profession takes' if facts.professions == 1 else 'professions take'} part"
    if facts.professions < rule.at_least:
        return Finding(False, why_not=many if facts.professions else "")
    return Finding(True, (Met(many, f"/networks/{facts.slug}#people"),))


JUDGES: dict[type[Any], Callable[[Any, Facts, date], Finding]] = {
    NeedsRole: _role, NeedsEvidence: _evidence, NeedsField: _field, NeedsLink: _link, NeedsProfessions: _professions,
}  # fmt: skip
