"""How the networks of the demonstration are linked: most since before the year, some during it, two await an answer.

With chances of its own: what else happens in the year stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from random import Random

from services.cli.seed.acts import Act, Tie
from services.cli.seed.cast import HOME, LEAD, STAFF
from services.cli.seed.moments import YEAR, moments_of_a_year
from services.cli.seed.posts import LEADS, Post
from services.cli.seed.register import Entry

PATHWAYS = (
    ("stroke", "cardiovascular"), ("renal", "diabetes"), ("diabetes", "vascular"), ("critical care", "major trauma"),
    ("neonatal", "children"), ("cancer", "pathology"), ("cardiovascular", "renal"),
)  # fmt: skip
AT_HOME = (
    ("works_with", "Greater Manchester Integrated Stroke Delivery Network"),
    ("works_with", "Cheshire and Merseyside Cardiac and Stroke Network"),
    ("part_of", "North of England Cardiovascular Network"),
    ("scrutinised_by", "North West Specialised Commissioning Group"),
    ("shares_pathway_with", "Greater Manchester and East Cheshire Renal Network"),
)
PROPOSED_BY_HOME = "North West Diabetes Local Research Network"
PROPOSED_TO_HOME = "Greater Manchester Critical Care Network"
TOLD = 24
"""How many of the links are made during the year, and told."""
NOTES = {
    "works_with": "A joint meeting every quarter.", "parent_of": "", "scrutinises": "Reviews the service every year.",
    "succeeds": "Took over its members and its work.", "shares_pathway_with": "One referral form, one agreed handover.",
}  # fmt: skip
Named = tuple[str, str, str, str]
"""(network, kind, other, care group of the pathway)."""


def ties(chance: Random, networks: Sequence[Entry], held: Sequence[Post], now: datetime) -> list[Act]:
    """The links, each made at its moment; *held* are the posts of which one proposes a link to home."""
    home = [(HOME, kind, other, "renal" if kind == "shares_pathway_with" else "") for kind, other in AT_HOME]
    known = {frozenset((one, other)) for one, _, other, _ in home}
    found = [tie for tie in _found(chance, networks) if _is_new(known, tie)]
    moments = moments_of_a_year(chance, now, TOLD)
    told = set(chance.sample(range(len(found)), min(TOLD, len(found))))
    acts: list[Act] = [_tie(now - YEAR + timedelta(hours=2), tie, minor=True) for tie in home]
    for number, tie in enumerate(found):
        acts.append(
            _tie(moments.pop(), tie, minor=False)
            if number in told
            else _tie(now - YEAR + timedelta(hours=3), tie, minor=True)
        )
    acts.append(_tie(now - timedelta(hours=20), (HOME, "works_with", PROPOSED_BY_HOME, ""), by=LEAD))
    leads = [p.person for p in held if p.network == PROPOSED_TO_HOME and p.role in LEADS and p.until is None]
    acts += [_tie(now - timedelta(days=2), (PROPOSED_TO_HOME, "works_with", HOME, ""), by=lead) for lead in leads[:1]]
    return acts


def _tie(moment: datetime, tie: Named, *, by: str = STAFF, minor: bool = False) -> Tie:
    one, kind, other, group = tie
    return Tie(
        moment=moment, by=by, minor=minor, network=one, kind=kind, other=other, care_group=group,
        note=NOTES.get(kind, ""), reason="From the old list of links" if minor else "",
    )  # fmt: skip


def _is_new(known: set[frozenset[str]], tie: Named) -> bool:
    pair = frozenset((tie[0], tie[2]))
    is_new = pair not in known and len(pair) == 2
    known.add(pair)
    return is_new


def _found(chance: Random, networks: Sequence[Entry]) -> Iterator[Named]:
    """What networks of one area do together, by their care groups and levels."""
    by_body: dict[str, list[Entry]] = {}
    for network in networks:
        if len(network.bodies) == 1:
            by_body.setdefault(network.bodies[0], []).append(network)
    for _, near in sorted(by_body.items()):
        yield from _of_one_group(chance, near)
        yield from _across_groups(chance, near)


def _of_one_group(chance: Random, near: Sequence[Entry]) -> Iterator[Named]:
    for group in sorted({network.care_group for network in near}):
        alike = [network for network in near if network.care_group == group]
        regional = [network for network in alike if network.level == "regional" and network.purpose == "clinical"]
        for local in (network for network in alike if network.level == "local"):
            if regional and chance.random() < 0.7:
                yield regional[0].name, "parent_of", local.name, ""
        for one, other in combinations(alike, 2):
            if one.name.endswith("Alliance") and one.name.split()[:3] == other.name.split()[:3]:
                yield one.name, "succeeds", other.name, ""
            elif one.level == other.level and chance.random() < 0.12:
                yield one.name, "works_with", other.name, ""


def _across_groups(chance: Random, near: Sequence[Entry]) -> Iterator[Named]:
    for first, second in PATHWAYS:
        firsts, seconds = ([n for n in near if n.care_group == group] for group in (first, second))
        if firsts and seconds and chance.random() < 0.6:
            yield chance.choice(firsts).name, "shares_pathway_with", chance.choice(seconds).name, second
    for commissioner in (network for network in near if network.purpose == "commissioning"):
        clinical = [network for network in near if network.purpose == "clinical"]
        for provider in chance.sample(clinical, min(2, len(clinical))):
            yield commissioner.name, "scrutinises", provider.name, ""
