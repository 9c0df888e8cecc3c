"""The people of the demonstration: whom they work for, and what they can be asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from typing import Any

from services.cli.seed.names import address_of, invented_names

STAFF = "staff@tidings.example"
SECOND_STAFF = "second.staff@tidings.example"
OFFICER = "officer@tidings.example"
LEAD = "lead@tidings.example"
MEMBER = "member@tidings.example"
ASSOCIATE = "associate@tidings.example"
NAMED = (STAFF, SECOND_STAFF, OFFICER, LEAD, MEMBER, ASSOCIATE)
HOME = "Greater Manchester and Cheshire Cardiac and Stroke Network"
"""The network of the lead and of the member."""
HOME_BODY = "Q31"
HOME_CARE_GROUP = "cardiovascular"

PROFESSIONS = {
    "doctor": ("consultant physician", "general practitioner", "consultant surgeon", "consultant radiologist"),
    "nurse": ("specialist nurse", "nurse consultant", "community matron", "ward manager"),
    "professional": ("physiotherapist", "occupational therapist", "pharmacist", "dietitian", "speech therapist"),
    "manager": ("network manager", "service manager", "commissioning manager", "project manager"),
    "patient": ("service user", "carer"),
}
SHARES = ("doctor", "nurse", "manager", "professional", "doctor", "patient", "nurse", "manager", "doctor", "nurse")
"""The kinds in about the shares that networks need."""
PLACES = {
    "Q30": "north-east", "Q31": "north-west", "Q32": "yorkshire", "Q33": "east-midlands", "Q34": "west-midlands",
    "Q35": "east", "Q36": "london", "Q37": "south-east", "Q38": "south-central", "Q39": "south-west",
}  # fmt: skip


@dataclass(frozen=True)
class Player:
    """A demonstration person, known by their e-mail address. `body` is the oversight body of the area they work in."""

    email: str
    name: str
    kind: str
    body: str
    professions: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    organisation: str = ""
    is_staff: bool = False
    is_associate: bool = False
    bodies: tuple[str, ...] = field(default=())

    def fields(self) -> dict[str, Any]:
        """What membership keeps of a person."""
        return {
            "name": self.name, "email": self.email, "professions": list(self.professions),
            "interests": list(self.interests), "organisation": self.organisation, "is_staff": self.is_staff,
            "is_associate": self.is_associate, "bodies": list(self.bodies),
        }  # fmt: skip


def cast(
    chance: Random, *, trusts: Mapping[str, Sequence[str]], care_groups: Sequence[str], size: int = 350
) -> list[Player]:
    """About *size* people: the named ones first, an officer for each body, associates, and those who do the work.

    *trusts* are the ODS codes of the trusts of each oversight body; *care_groups* what people may care about.
    """
    names = invented_names(chance)
    players = [
        Player(STAFF, next(names), "manager", "", is_staff=True),
        Player(SECOND_STAFF, next(names), "manager", "", is_staff=True),
        Player(OFFICER, next(names), "manager", HOME_BODY, organisation=HOME_BODY, bodies=(HOME_BODY,)),
        _worker(chance, next(names), "manager", HOME_BODY, trusts, [HOME_CARE_GROUP], email=LEAD),
        _worker(chance, next(names), "nurse", HOME_BODY, trusts, [HOME_CARE_GROUP], email=MEMBER),
        _associate(chance, next(names), HOME_BODY, care_groups, email=ASSOCIATE),
    ]
    players += [_officer(next(names), body) for body in PLACES if body != HOME_BODY]
    players += [_associate(chance, next(names), body, care_groups) for body in (*PLACES, *PLACES)]
    kinds = cycle([(body, kind) for kind in SHARES for body in PLACES])
    while len(players) < size:
        body, kind = next(kinds)
        players.append(_worker(chance, next(names), kind, body, trusts, care_groups))
    return players


def _worker(
    chance: Random, name: str, kind: str, body: str, trusts: Mapping[str, Sequence[str]],
    care_groups: Sequence[str], *, email: str = "",
) -> Player:  # fmt: skip
    organisation = "" if kind == "patient" else chance.choice(trusts[body])
    interests = tuple(sorted(set(chance.choices(care_groups, k=2))))
    profession = chance.choice(PROFESSIONS[kind])
    return Player(email or address_of(name, PLACES[body]), name, kind, body, (profession,), interests, organisation)


def _officer(name: str, body: str) -> Player:
    email = f"officer.{body.lower()}@tidings.example"
    return Player(email, name, "manager", body, organisation=body, bodies=(body,))


def _associate(chance: Random, name: str, body: str, care_groups: Sequence[str], *, email: str = "") -> Player:
    interests = tuple(sorted(set(chance.choices(care_groups, k=3))))
    return Player(
        email or address_of(name, "associates"), name, "manager", body, ("improvement adviser",), interests,
        is_associate=True,
    )  # fmt: skip
