"""The sentences about links, and whom they concern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.registry.tables import Link, Network
from shared.announcement import Announcement, Concerns, Significance

LONGEST_NAME = 110
PHRASES: Mapping[str, str] = {
    "works_with": "{a} works with {b}",
    "parent_of": "{a} is the parent of {b}",
    "scrutinises": "{a} scrutinises {b}",
    "succeeds": "{a} succeeds {b}",
    "shares_pathway_with": "{a} and {b} share a pathway for {group}",
}
ENDED: Mapping[str, str] = {
    "works_with": "{a} no longer works with {b}",
    "parent_of": "{a} is no longer the parent of {b}",
    "scrutinises": "{a} no longer scrutinises {b}",
    "succeeds": "{a} is no longer the successor of {b}",
    "shares_pathway_with": "{a} and {b} no longer share a pathway for {group}",
}


def phrase(link: Link, a: Network, b: Network, *, ended: bool = False) -> str:
    """What *link* says of its networks, *a* on its left and *b* on its right."""
    spoken = ENDED if ended else PHRASES
    return spoken[link.kind].format(a=_short(a.name), b=_short(b.name), group=_short(link.care_group))


def told_to_both(
    link: Link, a: Network, b: Network, headline: str, *, significance: Significance = "normal"
) -> Announcement:
    """To the people, bodies and care groups of both networks: one message, so that nobody hears it twice."""
    concerns = Concerns(
        networks=(a.id, b.id),
        bodies=tuple(dict.fromkeys((*a.bodies, *b.bodies))),
        care_groups=tuple(dict.fromkeys(filter(None, (a.care_group, b.care_group, link.care_group)))),
    )
    return _announced(link, headline, significance, concerns)


def told_to_editors(link: Link, headline: str, people: Sequence[str]) -> Announcement:
    """To those who may answer for a network; to the staff where nobody does."""
    concerns = Concerns(people=tuple(people), staff=not people)
    return _announced(link, headline, "minor", concerns)


def _announced(link: Link, headline: str, significance: Significance, concerns: Concerns) -> Announcement:
    return Announcement(
        headline=headline[:300], category="governance", significance=significance,
        path=f"/links/{link.id}", concerns=concerns,
    )  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"
