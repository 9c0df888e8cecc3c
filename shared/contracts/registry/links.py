"""What the register says of links between networks, and of what overlaps."""

from __future__ import annotations

from datetime import date

from shared.contracts import State, contract, topic


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
LINK_REOPENED = contract(
    LINKS, "networks.registry.link.reopened.v1", LinkState, "A link that ended with an archived network holds again."
)
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
