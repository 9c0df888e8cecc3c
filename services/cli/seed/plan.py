"""The whole demonstration, made up before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from services.cli.seed.acts import Act, Proof, one_at_a_time
from services.cli.seed.cast import Player, cast
from services.cli.seed.challenges import challenges, speakers
from services.cli.seed.gatherings import gatherings
from services.cli.seed.joining import joining
from services.cli.seed.linking import ties
from services.cli.seed.moments import YEAR
from services.cli.seed.posts import Company, Post, posts
from services.cli.seed.proofs import proofs, renewals
from services.cli.seed.reading import WITHOUT_ACCOUNT, follows, mails
from services.cli.seed.register import Entry, entries
from services.cli.seed.service_changes import service_changes
from services.cli.seed.story import Story
from services.membership.reference import organisations
from services.registry.reference import rows

SEED = 2010


@dataclass(frozen=True)
class Plan:
    """Who there is, how things stood a year ago, and what was done since, in order of time."""

    players: Sequence[Player]
    networks: Sequence[Entry]
    posts: Sequence[Post]
    proofs: Sequence[Proof]
    follows: Mapping[str, Sequence[str]]
    acts: Sequence[Act]


def planned(now: datetime) -> Plan:
    """The demonstration as it looks at *now*: the same but for the dates, whenever it is planned."""
    chance = Random(SEED)
    trusts = _trusts()
    networks = entries(chance, rows("networks"), trusts)
    players = cast(chance, trusts=trusts, care_groups=sorted({network.care_group for network in networks}))
    company = Company(chance, players)
    held = posts(chance, networks, company, (now - YEAR).date())
    acts = Story(chance, networks, company, held, trusts).year(now)
    held += speakers(networks, Company(Random(SEED), players), held, (now - YEAR).date())
    acts += challenges(held, now)
    acts += service_changes(held, now)
    acts += gatherings(chance, networks, _belonging(held), now)
    kept = proofs(chance, networks, (now - YEAR).date())
    acts += renewals(chance, kept, now)
    acts += mails(now, len(players) + WITHOUT_ACCOUNT)
    acts += joining(held, now)
    acts += ties(Random(SEED + 1), networks, held, now)
    following = follows(chance, players, networks)
    return Plan(players, networks, held, kept, following, one_at_a_time(acts))


def _trusts() -> dict[str, list[str]]:
    """The ODS codes of the trusts in the area of each oversight body."""
    found: dict[str, list[str]] = {}
    for organisation in organisations():
        if organisation["kind"] == "trust":
            found.setdefault(organisation["body"], []).append(organisation["code"])
    return found


def _belonging(held: Sequence[Post]) -> dict[str, list[str]]:
    """The people of each network, when the year begins."""
    found: dict[str, list[str]] = {}
    for post in held:
        if post.until is None:
            found.setdefault(post.network, []).append(post.person)
    return found
