"""What `registry` says: networks, their links, challenges between them, and changes of their services."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import State, contract, topic


class NetworkState(State):
    """A network's record. `bodies` and `host` are ODS codes, `merged_into` and `split_from` the ids of networks."""

    slug: str
    name: str
    aliases: list[str]
    type: str
    care_group: str
    level: str
    purpose: str
    side: str
    bodies: list[str]
    host: str
    population: int | None
    web: str
    email: str
    aims: str
    started_on: date | None
    stage: str
    archived: bool
    merged_into: str = ""
    split_from: str = ""
    former_slugs: list[str] = Field(default_factory=list)


class SavedSearchState(State):
    """A network came to match saved searches. Whose they are, and what they look for, is their owners' alone."""

    network_id: str


NETWORKS = topic("registry.networks", compacted=True)
NETWORK_CREATED = contract(
    NETWORKS, "networks.registry.network.created.v1", NetworkState, "A network was put on the register."
)
NETWORK_CHANGED = contract(
    NETWORKS, "networks.registry.network.changed.v1", NetworkState, "A network's record was changed."
)
NETWORK_STAGE_CHANGED = contract(
    NETWORKS, "networks.registry.network.stage-changed.v1", NetworkState, "A network moved to another stage."
)
NETWORK_ARCHIVED = contract(
    NETWORKS, "networks.registry.network.archived.v1", NetworkState, "A network was taken off the register."
)
NETWORK_RESTORED = contract(
    NETWORKS, "networks.registry.network.restored.v1", NetworkState, "An archived network was put back on the register."
)
NETWORK_RENAMED = contract(
    NETWORKS,
    "networks.registry.network.renamed.v1",
    NetworkState,
    "A network has a new name, and perhaps a new address.",
)


class SuccessionState(State):
    """What goes over from one network (`source`) to another (`target`). `kind` is merge or split.

    Of a merge it is everything; `roles` says whether a leading role that somebody holds in the target already is
    held by both (`all`) or only where it was vacant (`vacant`). Of a split it is the roles named by id: `moved` ones
    end in the source, `copied` ones go on there too.
    """

    kind: str
    source: str
    target: str
    roles: str
    moved: list[str]
    copied: list[str]


SUCCESSIONS = topic("registry.successions", partitions=1)
NETWORK_MERGED = contract(
    SUCCESSIONS, "networks.registry.network.merged.v1", SuccessionState, "A network became part of another."
)
NETWORK_DIVIDED = contract(
    SUCCESSIONS, "networks.registry.network.divided.v1", SuccessionState, "A part of a network became one of its own."
)


class ChallengeState(State):
    """A challenge of a commissioner network to a provider network, without the texts of its thread.

    `status` is open (the provider is to answer), answered (the challenger is to accept or to ask again), closed or
    withdrawn; `outcome` says how it ended: accepted, not_agreed, withdrawn, else empty. `asked_until` is the later
    date that the provider asked for. The subject of a private one is empty: messages are read by more than may see it.
    """

    challenger: str
    provider: str
    private: bool
    subject: str
    status: str
    outcome: str
    answer_by: date
    asked_until: date | None
    posts: int
    raised_on: date
    answered_on: date | None
    ended_on: date | None
    escalated_on: date | None


CHALLENGES = topic("registry.challenges")
CHALLENGE_RAISED = contract(
    CHALLENGES, "networks.registry.challenge.raised.v1", ChallengeState, "A network challenged another."
)
CHALLENGE_COMMENTED = contract(
    CHALLENGES, "networks.registry.challenge.commented.v1", ChallengeState, "Somebody wrote into a challenge's thread."
)
CHALLENGE_ANSWERED = contract(
    CHALLENGES, "networks.registry.challenge.answered.v1", ChallengeState, "A challenge was answered."
)
CHALLENGE_REOPENED = contract(
    CHALLENGES, "networks.registry.challenge.reopened.v1", ChallengeState, "The challenger asked again."
)
CHALLENGE_EXTENDED = contract(
    CHALLENGES, "networks.registry.challenge.extended.v1", ChallengeState, "More time was asked for, given or refused."
)
CHALLENGE_REMINDED = contract(
    CHALLENGES, "networks.registry.challenge.reminded.v1", ChallengeState, "The provider was reminded of the date."
)
CHALLENGE_ESCALATED = contract(
    CHALLENGES, "networks.registry.challenge.escalated.v1", ChallengeState, "The date passed without an answer."
)
CHALLENGE_MOVED = contract(
    CHALLENGES, "networks.registry.challenge.moved.v1", ChallengeState, "A challenge passed to another network."
)
CHALLENGE_CLOSED = contract(
    CHALLENGES, "networks.registry.challenge.closed.v1", ChallengeState, "A challenge ended, withdrawn or not."
)


class LinkState(State):
    """A link: *network_id* works with, is the parent of, scrutinises, succeeds or shares a pathway with *other_id*.

    `care_group` is that of a shared pathway, else empty. `status` is proposed (by the network `proposed_by`),
    confirmed, declined, withdrawn or ended.
    """

    kind: str
    network_id: str
    other_id: str
    care_group: str
    since: date
    until: date | None
    note: str
    status: str
    proposed_by: str


LINKS = topic("registry.links")
LINK_PROPOSED = contract(LINKS, "networks.registry.link.proposed.v1", LinkState, "A network proposed a link.")
LINK_MADE = contract(LINKS, "networks.registry.link.made.v1", LinkState, "Two networks were linked.")
LINK_CHANGED = contract(LINKS, "networks.registry.link.changed.v1", LinkState, "A link's particulars were changed.")
LINK_MOVED = contract(LINKS, "networks.registry.link.moved.v1", LinkState, "A link passed to another network.")
LINK_ENDED = contract(LINKS, "networks.registry.link.ended.v1", LinkState, "A link ended.")
LINK_DROPPED = contract(
    LINKS, "networks.registry.link.dropped.v1", LinkState, "A proposed link was declined or withdrawn."
)


class OverlapState(State):
    """Two networks that may belong together: how many people, and which areas of one care group, they share."""

    network_id: str
    other_id: str
    people: int
    areas: list[str]
    status: str


OVERLAP_DISMISSED = contract(
    LINKS, "networks.registry.overlap.dismissed.v1", OverlapState, "Two networks were found not to need a link."
)


class ImpactState(BaseModel):
    """What a service change means for one staff group; `wte` has one decimal and may be negative."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    staff_group: str
    wte: float
    training: str
    people: int
    from_on: date


class ServiceChangeState(State):
    """A change of a service that a network proposes and approves, with its workforce impact.

    `status` is proposed, declined, approved, in_force or withdrawn; `approved_by` are the people whose approval stands.
    """

    network_id: str
    title: str
    description: str
    from_on: date
    status: str
    impacts: list[ImpactState]
    approved_by: list[str]


SERVICE_CHANGES = topic("registry.service-changes")
SERVICE_CHANGE_PROPOSED = contract(
    SERVICE_CHANGES,
    "networks.registry.service-change.proposed.v1",
    ServiceChangeState,
    "A change was proposed.",
)
SERVICE_CHANGE_CHANGED = contract(
    SERVICE_CHANGES, "networks.registry.service-change.changed.v1", ServiceChangeState, "A proposal was changed."
)
SERVICE_CHANGE_AGREED = contract(
    SERVICE_CHANGES,
    "networks.registry.service-change.agreed.v1",
    ServiceChangeState,
    "A lead approved a service change that needs another's approval too.",
)
SERVICE_CHANGE_APPROVED = contract(
    SERVICE_CHANGES,
    "networks.registry.service-change.approved.v1",
    ServiceChangeState,
    "A network approved a service change.",
)
SERVICE_CHANGE_DECLINED = contract(
    SERVICE_CHANGES, "networks.registry.service-change.declined.v1", ServiceChangeState, "A lead declined a proposal."
)
SERVICE_CHANGE_STARTED = contract(
    SERVICE_CHANGES, "networks.registry.service-change.started.v1", ServiceChangeState, "A service change is in force."
)
SERVICE_CHANGE_MOVED = contract(
    SERVICE_CHANGES, "networks.registry.service-change.moved.v1", ServiceChangeState, "Another network took it over."
)
SERVICE_CHANGE_DROPPED = contract(
    SERVICE_CHANGES,
    "networks.registry.service-change.dropped.v1",
    ServiceChangeState,
    "A change was withdrawn.",
)
SAVED_SEARCHES = topic("registry.saved-searches")
SAVED_SEARCH_MATCHED = contract(
    SAVED_SEARCHES,
    "networks.registry.saved-search.matched.v1",
    SavedSearchState,
    "A network came to match what people had saved a search for.",
)


class ImportState(State):
    """An import of a file into the register, as counts. `kept`: networks changed since, which an undo left alone."""

    file: str
    status: str
    new: int
    changed: int
    duplicate: int
    wrong: int
    kept: int
    bodies: list[str]


IMPORTS = topic("registry.imports")
IMPORT_JUDGED = contract(
    IMPORTS, "networks.registry.import.judged.v1", ImportState, "A file was read and is ready to be looked at."
)
IMPORT_APPLIED = contract(
    IMPORTS, "networks.registry.import.applied.v1", ImportState, "A file's rows were put on the register, all at once."
)
IMPORT_REVERTED = contract(
    IMPORTS, "networks.registry.import.reverted.v1", ImportState, "An import was undone, all at once."
)


class ExportState(State):
    """A list on its way out as a file."""

    of: str
    title: str
    status: str
    rows: int


EXPORTS = topic("registry.exports")
EXPORT_MADE = contract(EXPORTS, "networks.registry.export.made.v1", ExportState, "A long list is ready to be fetched.")


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


HEALTH = topic("registry.health", compacted=True)
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
