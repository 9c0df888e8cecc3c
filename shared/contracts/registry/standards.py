"""What the register says of standards and evidence, of health and vacancies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.contracts import SHARED, State, contract, topic


class StandardState(State):
    """A standard: a rule on the stages of networks. `rule` is data; its `needs` says of which kind it is."""

    code: str
    name: str
    sentence: str
    severity: str
    stages: list[str]
    rule: dict[str, Any]
    mend: str
    retired: bool


STANDARDS = topic("registry.standards", compacted=True)
STANDARD_ADDED = contract(
    STANDARDS, "networks.registry.standard.added.v1", StandardState, "A standard was added to those of its stages."
)
STANDARD_CHANGED = contract(
    STANDARDS, "networks.registry.standard.changed.v1", StandardState, "A standard was changed or retired."
)


class EvidenceState(State):
    """A document or result that shows a network meets a standard; `status` is current, lapsed or retracted."""

    network_id: str
    kind: str
    title: str
    link: str
    dated: date
    review_by: date | None
    status: str


EVIDENCE = topic("registry.evidence")
EVIDENCE_RECORDED = contract(
    EVIDENCE, "networks.registry.evidence.recorded.v1", EvidenceState, "A network recorded evidence."
)
EVIDENCE_CHANGED = contract(
    EVIDENCE, "networks.registry.evidence.changed.v1", EvidenceState, "Evidence of a network was changed."
)
EVIDENCE_RETRACTED = contract(
    EVIDENCE, "networks.registry.evidence.retracted.v1", EvidenceState, "Evidence of a network no longer counts."
)
EVIDENCE_LAPSED = contract(
    EVIDENCE, "networks.registry.evidence.lapsed.v1", EvidenceState, "Evidence of a network went out of date."
)


class Unmet(BaseModel):
    """A standard that a network does not meet, and why."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    standard: str
    name: str
    severity: str
    sentence: str
    why: str


class HealthState(State):
    """How a network stands against the standards of its stage: green, amber, red or "not assessed". Its id is `id`."""

    health: str
    since: datetime
    unmet: list[Unmet]


HEALTH = topic("registry.health", partitions=SHARED, compacted=True)
HEALTH_CHANGED = contract(
    HEALTH, "networks.registry.health.changed.v1", HealthState, "A network began or ceased to meet standards."
)


class VacancyState(State):
    """A role that a standard requires and nobody holds since a day; `days` are those of the last escalation, or 0.

    `status` is open, filled or no longer required.
    """

    network_id: str
    standard: str
    name: str
    roles: list[str]
    since: date
    until: date | None
    days: int
    status: str


VACANCIES = topic("registry.vacancies")
VACANCY_OPENED = contract(
    VACANCIES, "networks.registry.vacancy.opened.v1", VacancyState, "A required role of a network is vacant."
)
VACANCY_ESCALATED = contract(
    VACANCIES, "networks.registry.vacancy.escalated.v1", VacancyState, "A required role is vacant for too long."
)
VACANCY_ENDED = contract(
    VACANCIES, "networks.registry.vacancy.ended.v1", VacancyState, "A vacant role was filled or is no longer required."
)
