"""What one network's judging came to, and the sentence that tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from services.registry.facts import Required
from services.registry.rules import AMBER, GRAVITY, GREEN, NOT_ASSESSED, RED, Finding, health_of
from services.registry.schemas.rules import subjects_of
from services.registry.tables import Assessment
from shared.announcement import Announcement, Concerns, Significance
from shared.contracts.registry import HEALTH_CHANGED, HealthState, Unmet
from shared.logging import causation, correlation
from shared.outbox import Change, change

Weight = Literal["told", "minor", "silent"]
LONGEST = 280


@dataclass(frozen=True, slots=True)
class Cause:
    """The message because of which networks are judged anew.

    `about` are the subjects that it touches, as `schemas/rules.py` names them. What comes of a *minor* message is told
    only where it makes things worse; of a *silent* one, nothing is.
    """

    id: str
    time: datetime
    about: frozenset[str] = frozenset()
    weight: Weight = "told"
    correlation: str = ""


@contextmanager
def because_of(cause: Cause) -> Iterator[None]:
    """Let the messages made inside the block say that *cause* brought them about."""
    tokens = causation.set(cause.id), correlation.set(cause.correlation or correlation.get())
    try:
        yield
    finally:
        causation.reset(tokens[0])
        correlation.reset(tokens[1])


@dataclass
class Judgement:
    """A network, what was found, and how it stood `before` (standard → its standing) and was `known`."""

    network: Any
    causes: Sequence[Cause]
    edition: int
    found: list[tuple[Required, Finding]]
    before: dict[str, Any] = field(default_factory=dict)
    known: Assessment | None = None

    @cached_property
    def health(self) -> str:
        """Green, amber, red or not assessed."""
        return health_of((standard.severity, finding.met) for standard, finding in self.found)

    @property
    def first(self) -> bool:
        """Whether it was never judged before; a row of edition 0 only says that there is such a network."""
        return self.known is None or self.known.edition == 0

    @property
    def was(self) -> str:
        """The health before."""
        return self.known.health if self.known else NOT_ASSESSED

    @cached_property
    def unmet(self) -> list[Unmet]:
        """What is missing."""
        return [
            Unmet(standard=s.id, name=s.name, severity=s.severity, sentence=s.sentence, why=f.why)
            for s, f in self.found
            if not f.met
        ]

    @cached_property
    def turned(self) -> list[tuple[Required, Finding]]:
        """What is met or unmet only now."""
        return [(s, f) for s, f in self.found if s.id not in self.before or self.before[s.id].met != f.met]

    @property
    def tells(self) -> bool:
        """Whether there is anything to say."""
        before = self.known.unmet if self.known else []
        return self.health != self.was or [one.model_dump() for one in self.unmet] != before

    @property
    def differs(self) -> bool:
        """Whether its row must be written."""
        return self.tells or self.known is None or self.known.edition != self.edition

    @property
    def moves_vacancies(self) -> bool:
        """Whether a vacancy may begin or end, or its clock have other days."""
        return bool(self.turned) or self.known is None or self.known.edition != self.edition or bool(self.gone)

    def cause_of(self, standard: Required) -> Cause:
        """The last of the causes that touches what *standard* looks at, else the last of all."""
        touching = [cause for cause in self.causes if cause.about & subjects_of(standard.rule)]
        return (touching or self.causes)[-1]

    @cached_property
    def cause(self) -> Cause:
        """The message that decided the health: that of the gravest that is newly missing, else of what is newly met."""
        worse = [s for s, f in self.turned if not f.met]
        gravest = [s for s in worse if s.severity == self.health] or worse
        deciding = gravest[:1] or [s for s, f in self.turned if f.met][-1:]
        return self.cause_of(deciding[0]) if deciding else self.causes[-1]

    def standings(self) -> Iterator[dict[str, Any]]:
        """The rows of standings that are new or changed."""
        for standard, finding in self.found:
            row = self.before.get(standard.id)
            if row is not None and row.met == finding.met and row.why == finding.why:
                continue
            cause = self.cause_of(standard)
            since, by = (row.since, row.cause) if row and row.met == finding.met else (cause.time, cause.id)
            yield {
                "network_id": self.network.id, "standard_id": standard.id, "met": finding.met, "why": finding.why,
                "since": since, "cause": by,
            }  # fmt: skip

    @cached_property
    def gone(self) -> set[str]:
        """The standards that a network of this stage is not held to."""
        return set(self.before) - {standard.id for standard, _ in self.found}

    @cached_property
    def state(self) -> HealthState:
        """The public state after it."""
        stays = self.known is not None and self.known.health == self.health
        return HealthState(
            id=self.network.id, revision=(self.known.revision if self.known else 0) + self.tells, health=self.health,
            since=self.known.since if self.known and stays else self.cause.time, unmet=self.unmet,
        )  # fmt: skip

    def assessment(self) -> dict[str, Any]:
        """The row of the assessment."""
        stays = self.known is not None and not self.tells
        return {
            "network_id": self.network.id, "revision": self.state.revision, "health": self.health,
            "since": self.state.since, "unmet": [one.model_dump() for one in self.unmet],
            "cause": self.known.cause if self.known and stays else self.cause.id, "edition": self.edition,
        }  # fmt: skip


def health_changed(judgement: Judgement) -> Change:
    """The message that tells of it; announced where people must know."""
    known = judgement.known
    before = None
    if known is not None:
        state = HealthState(
            id=known.network_id, revision=known.revision, health=known.health, since=known.since,
            unmet=[Unmet.model_validate(one) for one in known.unmet],
        )  # fmt: skip
        before = state.model_dump(mode="json")
    told = _announcement(judgement)
    with because_of(judgement.cause):
        return change(
            HEALTH_CHANGED, judgement.state, key=judgement.network.id, before=before, announcement=told,
            minor=told is None,
        )  # fmt: skip


def _announcement(judgement: Judgement) -> Announcement | None:
    said = _said(judgement)
    if said is None or judgement.cause.weight == "silent":
        return None
    headline, significance, worse = said
    if judgement.cause.weight == "minor" and (judgement.first or not worse):
        return None
    network = judgement.network
    concerns = Concerns(networks=(network.id,), bodies=tuple(network.bodies), staff=judgement.health == RED)
    return Announcement(
        headline=headline, category="governance", significance=significance,
        path=f"/networks/{network.slug}/standards", concerns=concerns,
    )  # fmt: skip


def _said(judgement: Judgement) -> tuple[str, Significance, bool] | None:
    """(the headline, its weight, whether it is bad news), or None where there is nothing to tell anybody."""
    name, now, was = judgement.network.name[:120], judgement.health, judgement.was
    missing = _clauses([(s, f) for s, f in judgement.turned if not f.met and s.severity == now])
    mended = [f.why or s.name for s, f in judgement.turned if f.met and s.id in judgement.before]
    if now == RED and was != RED:
        return _sentence(f"{name} is red", missing), "major", True
    if now == RED and missing:
        return _sentence(f"{name} is red for another reason", missing), "normal", True
    if now == AMBER and was in (GREEN, NOT_ASSESSED):
        return _sentence(f"{name} is amber", missing), "normal", True
    if now == AMBER and was == RED:
        return _sentence(f"{name} is amber, no longer red", mended), "normal", False
    if now == GREEN and GRAVITY[was]:
        return _sentence(f"{name} is green{' again' if mended else ''}", mended), "normal", False
    return None


def _clauses(missing: Sequence[tuple[Required, Finding]]) -> list[str]:
    """What is missing, in the standards' own words; a single one with its particulars."""
    said = [f"{s.sentence[:1].lower()}{s.sentence[1:]}".rstrip(".") for s, _ in missing]
    if len(missing) == 1 and (why := missing[0][1].why):
        return [f"{said[0]} ({why})"]
    return said


def _sentence(opening: str, clauses: Sequence[str]) -> str:
    """The opening and as many of the clauses as fit; the others are counted."""
    said = opening
    for place, clause in enumerate(clauses):
        longer = f"{said}{'; ' if place else ': '}{clause}"
        if len(longer) > LONGEST:
            return f"{said} and {len(clauses) - place} more" if place else opening
        said = longer
    return said
