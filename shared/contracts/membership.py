"""What `membership` says: people (the one topic with personal data), and who belongs to which network as what."""

from __future__ import annotations

from datetime import date, datetime

from shared.contracts import SHARED, State, contract, topic


class PersonState(State):
    """A person. `bodies` are the oversight bodies that the person is an officer of. Erasure is a tombstone."""

    name: str
    email: str
    professions: list[str]
    interests: list[str]
    organisation: str
    is_staff: bool
    is_associate: bool
    bodies: list[str]


class MembershipState(State):
    """One role of one person in one network, from a date, perhaps to a date, both days included.

    `status` is planned (it begins later), active or ended. Where networks are merged or split, `continues` is the id
    of the role in the old network that this one goes on from, and what was said of this one since `told_since` is
    told to the person; `continued_in` is the network that the whole old one became part of.
    """

    network_id: str
    person_id: str
    role: str
    since: date
    until: date | None
    status: str
    continues: str = ""
    continued_in: str = ""
    told_since: datetime | None = None


class OrganisationState(State):
    """An organisation. `code` is its ODS code or None; `body` the ODS code of the oversight body of its area."""

    code: str | None
    kind: str
    name: str
    body: str
    town: str
    postcode: str


class RoleBatchState(State):
    """One role that one person took in many networks together, or (`ends`) gave up.

    `kept`: networks changed since, which an undo left alone.
    """

    status: str
    person_id: str
    role: str
    ends: bool
    networks: list[str]
    bodies: list[str]
    kept: int


PEOPLE = topic("membership.people", partitions=SHARED, compacted=True)
PERSON_ADDED = contract(PEOPLE, "networks.membership.person.added.v1", PersonState, "A person became known.")
PERSON_CHANGED = contract(PEOPLE, "networks.membership.person.changed.v1", PersonState, "A person's record changed.")
PERSON_ERASED = contract(
    PEOPLE, "networks.membership.person.erased.v1", PersonState, "A person was erased (a tombstone)."
)

MEMBERSHIPS = topic("membership.memberships", partitions=SHARED)
ROLE_TAKEN = contract(MEMBERSHIPS, "networks.membership.role.taken.v1", MembershipState, "A person took a role.")
ROLE_ENDED = contract(MEMBERSHIPS, "networks.membership.role.ended.v1", MembershipState, "A person's role ended.")
ROLE_PLANNED = contract(
    MEMBERSHIPS, "networks.membership.role.planned.v1", MembershipState, "A person will take a role on a later day."
)
ROLE_CHANGED = contract(
    MEMBERSHIPS, "networks.membership.role.changed.v1", MembershipState, "A role was given a last day to come."
)

ROLE_BATCHES = topic("membership.role-batches")
ROLES_GIVEN = contract(
    ROLE_BATCHES, "networks.membership.role-batch.applied.v1", RoleBatchState,
    "A person took a role in many networks, or gave it up, together.",
)  # fmt: skip
ROLES_TAKEN_BACK = contract(
    ROLE_BATCHES, "networks.membership.role-batch.reverted.v1", RoleBatchState,
    "What a person took or gave up in many networks together was undone.",
)  # fmt: skip

ORGANISATIONS = topic("membership.organisations", compacted=True)
ORGANISATION_ADDED = contract(
    ORGANISATIONS, "networks.membership.organisation.added.v1", OrganisationState, "An organisation became known."
)
ORGANISATION_CHANGED = contract(
    ORGANISATIONS, "networks.membership.organisation.changed.v1", OrganisationState, "An organisation's record changed."
)
