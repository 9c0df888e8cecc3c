"""The demonstration: the real register, an invented cast and a year of history, loaded at the first start.

Deterministic but for ids and the date: the same year ends today, whichever day that is.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import func, select

from services.cli.composition import Composition
from services.cli.seed.acting import Stage, do
from services.cli.seed.acts import Act
from services.cli.seed.cast import NAMED, STAFF, Player, cast
from services.cli.seed.gatherings import gatherings
from services.cli.seed.moments import YEAR
from services.cli.seed.names import WORDS
from services.cli.seed.posts import Company, Post, posts
from services.cli.seed.register import Entry, as_csv, entries
from services.cli.seed.story import Story
from services.cli.seed.writing import Writing, writing
from services.membership import passwords
from services.membership.commands.people import add_people
from services.membership.commands.roles import add_roles
from services.membership.reference import organisations
from services.membership.tables import Account
from services.registry.imports import import_networks
from services.registry.reference import rows
from services.registry.tables import Network
from shared import clock
from shared.auth import ANYBODY, Principal
from shared.config import Settings

SEED = 2010
BATCH = 25
"""Acts between two deliveries; of the last week each is delivered by itself, at its own time."""


@dataclass(frozen=True)
class Plan:
    """All that will be written, made up before anything is."""

    players: Sequence[Player]
    networks: Sequence[Entry]
    posts: Sequence[Post]
    acts: Sequence[Act]


async def once(settings: Settings, composition: Composition) -> None:
    """Load the demonstration where the register is empty, and say who can sign in."""
    async with composition.parts("registry").database.reading() as session:
        if (await session.execute(select(func.count()).select_from(Network))).scalar_one():
            _say_sign_ins(settings.demo_password and "the one in TIDINGS_DEMO_PASSWORD at the first start")
            return
    password = settings.demo_password or made_up_password()
    began = time.perf_counter()
    print("Loading the demonstration register …", flush=True)
    plan = planned(clock.now())
    async with writing(composition) as year:
        await _write(year, plan, password)
    count = f"{len(plan.networks)} networks, {len(plan.players)} people, {len(plan.acts)} changes of a year"
    print(f"  {count}, in {time.perf_counter() - began:.1f} s", flush=True)
    _say_sign_ins(password)


async def first_account(settings: Settings, composition: Composition) -> None:
    """Print the one-time link that makes the first account, until a member of staff can sign in."""
    from services.membership.commands.accounts import first_account_link

    async with composition.parts("membership").database.transaction() as session:
        link = await first_account_link(session)
    if link:
        print(f"Make the first account, within 7 days: {settings.public_url}/first-account/{link}", flush=True)


def planned(now: datetime) -> Plan:
    """The whole demonstration as it looks at *now*."""
    chance = Random(SEED)
    trusts = _trusts()
    networks = entries(chance, rows("networks"), trusts)
    groups = sorted({network.care_group for network in networks})
    players = cast(chance, trusts=trusts, care_groups=groups)
    company = Company(chance, players)
    held = posts(chance, networks, company, (now - YEAR).date())
    acts = Story(chance, networks, company, held, trusts).year(now)
    acts += gatherings(chance, networks, _belonging(held), now)
    return Plan(players, networks, held, sorted(acts, key=lambda act: act.moment))


def _belonging(held: Sequence[Post]) -> dict[str, list[str]]:
    """The people of each network, when the year begins."""
    found: dict[str, list[str]] = {}
    for post in held:
        if post.until is None:
            found.setdefault(post.network, []).append(post.person)
    return found


def made_up_password() -> str:
    """Three words and a number, easy to type from another window."""
    return "-".join([*(secrets.choice(WORDS) for _ in range(3)), str(secrets.randbelow(90) + 10)])


def _trusts() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for organisation in organisations():
        if organisation["kind"] == "trust":
            found.setdefault(organisation["body"], []).append(organisation["code"])
    return found


async def _write(year: Writing, plan: Plan, password: str) -> None:
    start = clock.now() - YEAR
    with clock.at(start - timedelta(days=2)):
        people = await _people(year, plan.players, password)
        networks = await _networks(year, plan.networks, people[STAFF])
    await year.deliver()
    with clock.at(start):
        await _posts(year, plan.posts, networks, people)
    await year.deliver()
    stage = Stage(year, networks, people)
    last_week = clock.now() - timedelta(days=7)
    for number, act in enumerate(plan.acts, start=1):
        await do(stage, act)
        if number % BATCH == 0 or act.moment > last_week:
            await year.deliver()


async def _people(year: Writing, players: Sequence[Player], password: str) -> dict[str, Principal]:
    """Everybody, with an account: one password, hashed once, because it is the same for all."""
    session = year.session("membership")
    people = await add_people(session, rows=[player.fields() for player in players], by=ANYBODY, minor=True)
    stored = await passwords.hash_of(password)
    session.add_all(Account(person_id=person.id, password=stored, changed_at=clock.now()) for person in people)
    await session.flush()
    return {person.email: Principal(person.id, person.is_staff, frozenset(person.bodies)) for person in people}


async def _networks(year: Writing, networks: Sequence[Entry], by: Principal) -> dict[str, str]:
    session = year.session("registry")
    await import_networks(session, content=as_csv(networks), by=by)
    return dict((await session.execute(select(Network.name, Network.id))).all())


async def _posts(year: Writing, held: Sequence[Post], networks: dict[str, str], people: dict[str, Principal]) -> None:
    rows_ = [
        {
            "network_id": networks[post.network], "person_id": people[post.person].person_id,
            "role": post.role, "since": post.since, "until": post.until,
        }
        for post in held
    ]  # fmt: skip
    await add_roles(year.session("membership"), rows=rows_, by=people[STAFF])


def _say_sign_ins(password: str) -> None:
    print(f"Demonstration sign-ins, password {password or 'as printed at the first start'}:", flush=True)
    for email in NAMED:
        print(f"  {email}", flush=True)
