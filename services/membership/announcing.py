"""The sentences about roles, and whom they concern. A person is named by reference, never by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from services.membership.tables import Network, Role, RoleBatch
from shared import clock
from shared.announcement import Announcement, Concerns, Significance

LEAD_ROLES = ("lead_doctor", "lead_nurse", "lead_professional", "lead_manager")
TITLES = {
    "lead_doctor": "lead doctor", "lead_nurse": "lead nurse", "lead_professional": "lead professional",
    "lead_manager": "lead manager", "co_ordinator": "co-ordinator", "chair": "chair",
    "patient_representative": "patient representative", "sha_lead": "oversight lead", "member": "member",
}  # fmt: skip
SHARED_ROLES = frozenset({"patient_representative", "sha_lead", "member"})
"""Roles that several people hold side by side: a new holder is not *the* holder."""


def role_taken(network: Network, role: Role, *, replaced: Sequence[str], leads: Sequence[str]) -> Announcement:
    """Somebody took a role. *replaced* held it before, *leads* lead the network: ids of people."""
    who = f"{{person:{role.person_id}}}"
    if role.role == "member":
        return _told_to_leads(network, role, f"{who} joined {_name(network)}", leads)
    article = "a" if role.role in SHARED_ROLES else "the"
    headline = f"{who} is {article} new {TITLES[role.role]} of {_name(network)}"
    return _told_to_network(network, role, headline, replaced)


def role_ended(network: Network, role: Role, *, vacant: bool, leads: Sequence[str]) -> Announcement:
    """A role ended without a successor; *vacant* when nobody else holds it."""
    who = f"{{person:{role.person_id}}}"
    if role.role == "member":
        return _told_to_leads(network, role, f"{who} left {_name(network)}", leads)
    headline = f"{who} is no longer {TITLES[role.role]} of {_name(network)}"
    if vacant:
        headline = f"{_name(network)} has no {TITLES[role.role]} since {_day(_vacant_since(role))}"
    return _told_to_network(network, role, headline, ())


def roles_together(
    batch: RoleBatch, networks: Sequence[Network], *, others: Sequence[str], is_back: bool
) -> Announcement:
    """One person took a role in *networks*, or gave it up, or (*is_back*) that was undone; *others* held it before."""
    first = _name(networks[0])[:110]
    more = "1 more network" if len(networks) == 2 else f"{len(networks) - 1:,} more networks"
    which = first if len(networks) == 1 else f"{first} and {more}"
    article = "a" if batch.role in SHARED_ROLES else "the"
    holds = batch.ends == is_back
    as_ = (
        f"{'again' if is_back else f'{article} new'} {TITLES[batch.role]}"
        if holds
        else f"no longer {TITLES[batch.role]}"
    )
    concerns = Concerns(
        networks=tuple(network.id for network in networks), people=tuple(dict.fromkeys((batch.person_id, *others))),
        bodies=tuple(dict.fromkeys(body for network in networks for body in network.bodies)),
    )  # fmt: skip
    return Announcement(
        headline=f"{{person:{batch.person_id}}} is {as_} of {which}"[:300], category="governance", concerns=concerns,
        significance="major" if batch.role in LEAD_ROLES else "normal", path=f"/networks/together/roles/{batch.id}",
    )  # fmt: skip


def _told_to_network(network: Network, role: Role, headline: str, others: Sequence[str]) -> Announcement:
    weight: Significance = "major" if role.role in LEAD_ROLES else "normal"
    concerns = Concerns(
        networks=(network.id,), bodies=tuple(network.bodies),
        care_groups=(network.care_group,) if network.care_group else (), people=(role.person_id, *others),
    )  # fmt: skip
    return Announcement(
        headline=headline, category="governance", significance=weight, path=_path(network), concerns=concerns
    )


def _told_to_leads(network: Network, role: Role, headline: str, leads: Sequence[str]) -> Announcement:
    concerns = Concerns(people=tuple(dict.fromkeys((role.person_id, *leads))))
    return Announcement(
        headline=headline, category="governance", significance="minor", path=_path(network), concerns=concerns
    )


def _vacant_since(role: Role) -> date:
    last = role.until or clock.today()
    return min(last + timedelta(days=1), clock.today())


def _day(day: date) -> str:
    year = "" if day.year == clock.today().year else f" {day.year}"
    return f"{day.day} {day:%B}{year}"


def _name(network: Network) -> str:
    return network.name[:200] or "a network"


def _path(network: Network) -> str:
    return f"/networks/{network.slug or network.id}"
