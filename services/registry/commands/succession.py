"""Telling that something goes over from one network to another."""

from __future__ import annotations

from collections.abc import Sequence

from services.registry.tables import Network
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.registry import SuccessionState
from shared.envelope import new_id
from shared.outbox import Change, change


def succession(
    contract: Contract, source: Network, target: Network, *, headline: str, stays: Network, page: Network,
    by: Principal, reason: str, minor: bool, roles: str = "", moved: Sequence[str] = (), copied: Sequence[str] = (),
) -> Change:  # fmt: skip
    """The message that something goes over from *source* to *target*, told to the people of both.

    It stands in the history of the network that *stays*, and shows the page of *page*.
    """
    other = source if stays is target else target
    concerns = Concerns(
        networks=(stays.id, other.id), bodies=tuple(dict.fromkeys([*stays.bodies, *other.bodies])),
        care_groups=tuple(dict.fromkeys([stays.care_group, other.care_group])),
    )  # fmt: skip
    announcement = Announcement(
        headline=headline[:300], category="governance", significance="major", path=f"/networks/{page.slug}",
        concerns=concerns,
    )  # fmt: skip
    state = SuccessionState(
        id=new_id(), revision=1, source=source.id, target=target.id, roles=roles, moved=list(moved),
        copied=list(copied),
    )  # fmt: skip
    return change(
        contract, state, key=stays.id, announcement=announcement, actor=by.person_id, reason=reason, minor=minor
    )
