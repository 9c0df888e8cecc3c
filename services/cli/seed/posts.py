"""Who holds which role, and who is a member, when the demonstration's year begins; earlier holders too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from services.cli.seed.cast import HOME, LEAD, MEMBER, Player
from services.cli.seed.register import Entry

KIND_OF = {
    "lead_doctor": "doctor", "lead_nurse": "nurse", "lead_professional": "professional", "lead_manager": "manager",
    "co_ordinator": "manager", "chair": "doctor", "patient_representative": "patient", "sha_lead": "officer",
}  # fmt: skip
LEADS = ("lead_doctor", "lead_nurse", "lead_professional", "lead_manager")
LIKELY = {
    "managed": {
        "lead_doctor": 0.92, "lead_nurse": 0.85, "lead_professional": 0.6, "lead_manager": 0.92, "co_ordinator": 0.3,
        "chair": 0.4, "patient_representative": 0.5, "sha_lead": 0.3,
    },
    "emerging": {
        "lead_doctor": 0.6, "lead_nurse": 0.25, "lead_manager": 0.65, "co_ordinator": 0.25, "chair": 0.1,
        "patient_representative": 0.1,
    },
    "informal": {"lead_doctor": 0.12, "co_ordinator": 0.2, "chair": 0.15},
}  # fmt: skip
"""Stage → role → how likely somebody holds it."""
MEMBERSHIPS = 1_000


@dataclass(frozen=True)
class Post:
    """One role of one person in one network; `until` is its last day."""

    network: str
    person: str
    role: str
    since: date
    until: date | None = None


class Company:
    """The people, ready to be asked: who is near a network, of the kind that a role needs."""

    def __init__(self, chance: Random, players: Sequence[Player]) -> None:
        """Everybody but staff and associates may be asked."""
        self._chance = chance
        self._by_place: dict[tuple[str, str], list[str]] = {}
        self.workers: list[Player] = []
        for player in players:
            if player.is_staff or player.is_associate:
                continue
            kind = "officer" if player.bodies else player.kind
            self._by_place.setdefault((kind, player.body), []).append(player.email)
            if kind != "officer":
                self.workers.append(player)

    def somebody(self, network: Entry, role: str, *, but: Sequence[str | None] = ()) -> str | None:
        """One of the people for *role* in the area of *network*, none of *but*."""
        body = self._chance.choice(network.bodies)
        fit = [email for email in self._by_place.get((KIND_OF[role], body), ()) if email not in (*but, LEAD, MEMBER)]
        return self._chance.choice(fit) if fit else None


def posts(chance: Random, networks: Sequence[Entry], company: Company, start: date) -> list[Post]:
    """Everybody's roles as they stand on *start*, with the ended ones before them."""
    found = [post for network in networks for post in _of_network(chance, network, company, start)]
    return found + list(_members(chance, networks, company, start, found))


def _of_network(chance: Random, network: Entry, company: Company, start: date) -> Iterator[Post]:
    asked: list[str | None] = []
    for role, likely in LIKELY[network.stage].items():
        held = (network.name == HOME and role in LEADS) or chance.random() < likely
        mine = LEAD if network.name == HOME and role == "lead_manager" else None
        since = start - timedelta(days=chance.randint(30, 1400))
        if held and (person := mine or company.somebody(network, role, but=asked)):
            asked.append(person)
            yield Post(network.name, person, role, since)
        if role in LEADS and chance.random() < (0.25 if held else 0.45):
            earlier = company.somebody(network, role, but=asked)
            if earlier:
                asked.append(earlier)
                yield Post(network.name, earlier, role, since - timedelta(days=700), since - timedelta(days=1))


def _members(
    chance: Random, networks: Sequence[Entry], company: Company, start: date, held: Sequence[Post]
) -> Iterator[Post]:
    taken = {(post.network, post.person) for post in held}
    near: dict[str, list[Entry]] = {}
    for network in networks:
        for body in network.bodies:
            near.setdefault(body, []).append(network)
    home = next((network for network in networks if network.name == HOME), networks[0])
    wanted = [(MEMBER, home), *((MEMBER, network) for network in near[home.bodies[0]][10:13])]
    wanted += [(player.email, home) for player in company.workers if player.body == home.bodies[0]]
    while len(wanted) < 2 * MEMBERSHIPS:
        player = chance.choice(company.workers)
        wanted.append((player.email, chance.choice(near[player.body])))
    count = 0
    for person, network in wanted:
        if count < MEMBERSHIPS and (network.name, person) not in taken:
            taken.add((network.name, person))
            count += 1
            yield Post(network.name, person, "member", start - timedelta(days=chance.randint(1, 1800)))
