"""The demonstration's year: some four hundred things that people do to networks and their roles, in order of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from services.cli.seed import words
from services.cli.seed.acts import Act, Edit, End, Join, Leave, Promote, Save, Take
from services.cli.seed.cast import HOME, HOME_BODY, LEAD, MEMBER, OFFICER, STAFF
from services.cli.seed.moments import moments_of_a_year
from services.cli.seed.posts import LEADS, Company, Post
from services.cli.seed.proofs import KINDS, recorded
from services.cli.seed.register import Entry, aims_of

EDITS, MOVES, TAKES, ENDS, JOINS, LEAVES = 250, 50, 90, 30, 90, 20


@dataclass
class _Network:
    """What the story knows of a network while it goes on."""

    entry: Entry
    stage: str
    aims: int = 1
    holders: dict[str, str] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    population: int = 0
    named: bool = False


class Story:
    """Goes through the year and remembers how things stand, so that nothing impossible is told."""

    def __init__(
        self, chance: Random, networks: Sequence[Entry], company: Company, held: Sequence[Post],
        hosts: dict[str, list[str]],
    ) -> None:  # fmt: skip
        """Begin as things stood: *held* are the posts, *hosts* the organisations that may host in each area."""
        self._chance, self._company, self._hosts = chance, company, hosts
        self.networks = {entry.name: _Network(entry, entry.stage) for entry in networks}
        for post in held:
            network = self.networks[post.network]
            if post.role == "member":
                network.members.append(post.person)
            elif post.until is None:
                network.holders[post.role] = post.person
        self._all = list(self.networks.values())
        self._prepared: list[Act] = []
        self._near = [network for network in self._all if HOME_BODY in network.entry.bodies]

    def year(self, now: datetime) -> list[Act]:
        """What is done in the year before *now*, the oldest first."""
        kinds: list[Callable[[datetime], Act | None]] = [self._edit] * EDITS
        kinds += (
            [self._move] * MOVES
            + [self._take] * TAKES
            + [self._end] * ENDS
            + [self._join] * JOINS
            + [self._leave] * LEAVES
        )
        self._chance.shuffle(kinds)
        acts: list[Act] = []
        for moment, tell in zip(moments_of_a_year(self._chance, now, len(kinds)), kinds, strict=False):
            acts += filter(None, [tell(moment)])
        acts += [*self._prepared, *self._at_home(now), *_searches(now)]
        return sorted(acts, key=lambda act: act.moment)

    def _at_home(self, now: datetime) -> list[Act]:
        """What the named network lives through lately, so that its people's pages are worth reading."""
        home = self.networks[HOME]
        aims = aims_of(home.entry.care_group)
        successor = self._company.somebody(home.entry, "lead_nurse", but=list(home.holders.values()))
        edits: list[tuple[timedelta, str, dict[str, Any], str]] = [
            (timedelta(days=31), STAFF, {"population": 3_180_000}, words.POPULATION_REASONS[0]),
            (timedelta(days=16, hours=3), LEAD, {"aims": " ".join(aims[:2])}, words.AIMS_REASONS[0]),
            (timedelta(hours=26), LEAD, {"aims": " ".join(aims)}, words.AIMS_REASONS[2]),
        ]
        told: list[Act] = [
            Edit(moment=now - ago, by=by, reason=reason, network=HOME, fields=fields)
            for ago, by, fields, reason in edits
        ]
        leaving = home.holders["lead_professional"]
        told.append(End(
            moment=now - timedelta(days=75), by=LEAD, reason=words.ENDED_REASONS[0], network=HOME, person=leaving,
            role="lead_professional",
        ))  # fmt: skip
        if successor:
            told.append(Take(
                moment=now - timedelta(hours=50), by=LEAD, reason=words.TAKEN_REASONS[0], network=HOME,
                person=successor, role="lead_nurse",
            ))  # fmt: skip
        return told

    def _any(self) -> _Network:
        """A network; one in five times one near home. Home itself has a story of its own."""
        chosen = self._chance.choice(self._near if self._chance.random() < 0.2 else self._all)
        return chosen if chosen.entry.name != HOME else self._any()

    def _editor(self, network: _Network) -> str:
        """Staff, or whoever manages the network."""
        return network.holders.get("lead_manager", STAFF) if self._chance.random() < 0.5 else STAFF

    def _edit(self, moment: datetime) -> Act | None:
        network = self._any()
        changes = (self._aims, self._host, self._population, self._web, self._email, self._alias)
        change = self._chance.choices(changes, weights=(30, 10, 20, 7, 7, 6))[0]
        fields, reasons, minor = change(network)
        if not fields:
            return self._edit(moment)
        return Edit(
            moment=moment, by=self._editor(network), reason=self._chance.choice(reasons),
            minor=minor and self._chance.random() < 0.5, network=network.entry.name, fields=fields,
        )  # fmt: skip

    def _aims(self, network: _Network) -> tuple[dict[str, Any], Sequence[str], bool]:
        sentences = aims_of(network.entry.care_group)
        network.aims = network.aims % len(sentences) + 1
        return {"aims": " ".join(sentences[: network.aims])}, words.AIMS_REASONS, False

    def _move(self, moment: datetime) -> Act | None:
        """A network grows, or begins to close; for what a managed one must have, others work in the weeks before."""
        network = self._any()
        following = {"informal": "emerging", "emerging": "managed"}.get(network.stage, "closing")
        if following == "closing" and self._chance.random() > 0.05:
            return self._move(moment)
        if following == "managed" and not self._prepare(network, moment):
            return self._move(moment)
        network.stage = following
        reason = self._chance.choice(words.STAGE_REASONS[following])
        return Promote(moment=moment, by=STAFF, reason=reason, network=network.entry.name, to=following)

    def _prepare(self, network: _Network, moment: datetime) -> bool:
        """Fill the posts and record the evidence that a managed network needs, in the hour before; False: cannot."""
        wanted = [role for role in (*LEADS, "patient_representative") if role not in network.holders]
        asked = list(network.holders.values())
        found = {role: self._company.somebody(network.entry, role, but=asked) for role in wanted}
        people = [person for person in found.values() if person]
        if len(set(people)) < len(wanted):
            return False
        name = network.entry.name
        for place, role in enumerate(wanted, start=1):
            network.holders[role] = str(found[role])
            reason = self._chance.choice(words.TAKEN_REASONS)
            self._prepared.append(Take(
                moment=moment - timedelta(minutes=9 * place), by=STAFF, reason=reason, network=name,
                person=str(found[role]), role=role,
            ))  # fmt: skip
        self._prepared.append(recorded(name, KINDS, moment - timedelta(minutes=2), STAFF))
        return True

    def _host(self, network: _Network) -> tuple[dict[str, Any], Sequence[str], bool]:
        return {"host": self._chance.choice(self._hosts[network.entry.bodies[0]])}, words.HOST_REASONS, False

    def _population(self, network: _Network) -> tuple[dict[str, Any], Sequence[str], bool]:
        size = {"local": 1_400_000, "regional": 5_200_000, "national": 53_000_000}[network.entry.level]
        grown = network.population * 1.01 if network.population else size * self._chance.uniform(0.6, 1.0)
        network.population = round(grown, -4 if grown > 1e6 else -3).__int__()
        return {"population": network.population}, words.POPULATION_REASONS, False

    def _web(self, network: _Network) -> tuple[dict[str, Any], Sequence[str], bool]:
        return {"web": f"https://www.{_short(network.entry.name)}-network.example"}, words.WEB_REASONS, True

    def _email(self, network: _Network) -> tuple[dict[str, Any], Sequence[str], bool]:
        return {"email": f"office@{_short(network.entry.name)}-network.example"}, words.EMAIL_REASONS, True

    def _alias(self, network: _Network) -> tuple[dict[str, Any], Sequence[str], bool]:
        if network.named:
            return {}, (), False
        network.named = True
        return {"aliases": [_short(network.entry.name).upper()]}, words.ALIAS_REASONS, True

    def _take(self, moment: datetime) -> Act | None:
        network = self._any()
        role = self._chance.choices((*LEADS, "chair", "patient_representative"), weights=(4, 4, 3, 4, 1, 2))[0]
        person = self._company.somebody(network.entry, role, but=list(network.holders.values()))
        if person is None:
            return self._take(moment)
        network.holders[role] = person
        by, reason = self._editor(network), self._chance.choice(words.TAKEN_REASONS)
        by = STAFF if by == person else by
        return Take(moment=moment, by=by, reason=reason, network=network.entry.name, person=person, role=role)

    def _end(self, moment: datetime) -> Act | None:
        network = self._any()
        held = [role for role in LEADS if role in network.holders]
        if not held:
            return self._end(moment)
        role = self._chance.choice(held)
        person = network.holders.pop(role)
        reason = self._chance.choice(words.ENDED_REASONS)
        return End(moment=moment, by=STAFF, reason=reason, network=network.entry.name, person=person, role=role)

    def _join(self, moment: datetime) -> Act | None:
        player = self._chance.choice(self._company.workers)
        near = [network for network in self._all if player.body in network.entry.bodies]
        network = self._chance.choice(near)
        if player.email in (*network.members, *network.holders.values()):
            return self._join(moment)
        network.members.append(player.email)
        return Join(moment=moment, by=player.email, network=network.entry.name)

    def _leave(self, moment: datetime) -> Act | None:
        network = self._any()
        leaving = [person for person in network.members if person not in (MEMBER, *network.holders.values())]
        if not leaving:
            return self._leave(moment)
        person = self._chance.choice(leaving)
        network.members.remove(person)
        return Leave(
            moment=moment, by=person, reason=self._chance.choice(words.LEFT_REASONS), network=network.entry.name
        )


def _searches(now: datetime) -> list[Act]:
    """What the named people look for, so that they are told of what comes to match."""
    saved: list[tuple[str, str, str, dict[str, str]]] = [
        (MEMBER, "Cancer in the North West", "cancer", {"sha": HOME_BODY}),
        (LEAD, "Heart and stroke", "cardiac stroke", {}),
        (OFFICER, "Managed networks of our area", "", {"stage": "managed", "sha": HOME_BODY}),
        (STAFF, "Closing", "", {"stage": "closing"}),
        (STAFF, "Managed, regional", "", {"stage": "managed", "level": "regional"}),
    ]
    moment = now - timedelta(days=120)
    return [Save(moment=moment, by=by, name=name, q=q, chosen=chosen) for by, name, q, chosen in saved]


def _short(name: str) -> str:
    """The initials of a name, in lower case."""
    return "".join(word[0] for word in name.replace("(", " ").split() if word[0].isalpha()).lower()[:20]
