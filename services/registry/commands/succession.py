"""Telling that something goes over from one network to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from services.registry.tables import Network
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.contracts.registry import NETWORK_DIVIDED, NETWORK_MERGED, NETWORK_PARTED, SuccessionState
from shared.envelope import new_id
from shared.outbox import Change, change

SAID = {"merge": NETWORK_MERGED, "split": NETWORK_DIVIDED, "parting": NETWORK_PARTED}


def succession(
    kind: Literal["merge", "split", "parting"], source: Network, target: Network, *, headline: str, by: Principal,
    reason: str, minor: bool, roles: str = "", moved: Sequence[str] = (), copied: Sequence[str] = (),
) -> Change:  # fmt: skip
    """The message that something goes over from *source* to *target*, told to the people of both.

    It stands in the history of the network that went on under its own name. A parting takes a merge back: *source*
    is a network of its own again.
    """
    stays, other = (source, target) if kind == "split" else (target, source)
    seen_at = source if kind == "parting" else target
    concerns = Concerns(
        networks=(stays.id, other.id), bodies=tuple(dict.fromkeys([*stays.bodies, *other.bodies])),
        care_groups=tuple(dict.fromkeys([stays.care_group, other.care_group])),
    )  # fmt: skip
    announcement = Announcement(
        headline=headline[:300], category="governance", significance="major", path=f"/networks/{seen_at.slug}",
        concerns=concerns,
    )  # fmt: skip
    state = SuccessionState(
        id=new_id(), revision=1, kind=kind, source=source.id, target=target.id, roles=roles, moved=list(moved),
        copied=list(copied),
    )  # fmt: skip
    return change(
        SAID[kind], state, key=stays.id, announcement=announcement,
        actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip
