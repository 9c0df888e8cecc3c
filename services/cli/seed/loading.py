"""Writing the plan: how things stood, then act after act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select

from services.cli.seed.acting import Stage, do, evidence_row
from services.cli.seed.acts import Act, Mail, Promote
from services.cli.seed.cast import STAFF, Player
from services.cli.seed.moments import YEAR
from services.cli.seed.plan import SEED, Plan
from services.cli.seed.posts import Post
from services.cli.seed.programs import programs
from services.cli.seed.reading import add_readers, date_draft
from services.cli.seed.register import Entry, as_csv
from services.cli.seed.writing import Writing
from services.membership import passwords
from services.membership.commands import add_people, add_roles
from services.membership.tables import Account
from services.registry.commands import add_evidence
from services.registry.commands.import_at_once import import_networks
from services.registry.tables import Network
from services.registry.turning import turn
from shared import clock
from shared.auth import ANYBODY, Principal


async def load(year: Writing, plan: Plan, password: str) -> None:
    """Write everything in the open sessions; *password* becomes that of everybody."""
    start = clock.now() - YEAR
    with clock.at(start - timedelta(days=2)):
        people = await _people(year, plan.players, password)
        networks = await _networks(year, plan.networks, people[STAFF])
    await year.deliver()
    with clock.at(start):
        await _posts(year, plan.posts, networks, people)
        await year.deliver()
        rows = [evidence_row(proof, networks) for proof in plan.proofs]
        await add_evidence(year.session("registry"), rows=rows, by=people[STAFF])
        await year.deliver()
        await add_readers(year.session("notifications"), Random(SEED), people, plan.follows, networks)
    await _act(year, plan.acts, Stage(year, networks, people))
    await date_draft(year.session("notifications"))
    await programs(year.session("notifications"), year.settings, people, networks)


async def _act(year: Writing, acts: Sequence[Act], stage: Stage) -> None:
    """Do all acts; a week is delivered when its newsletter goes out, lately a day at its end, at last each act."""
    now = clock.now()
    day = (now - YEAR).date()
    for act in acts:
        is_new_day = act.moment.date() != day
        if _waits_for_delivery(act) or (is_new_day and act.moment > now - timedelta(days=14)):
            await year.deliver()
            await _turn(year, act.moment.replace(hour=0, minute=0, second=1) if is_new_day else act.moment)
        await do(stage, act)
        day = act.moment.date()
        if act.moment > now - timedelta(days=8):
            await year.deliver()
    await year.deliver()


def _waits_for_delivery(act: Act) -> bool:
    """Whether what others did before must have reached everybody: a newsletter's week, a promotion's gates."""
    return isinstance(act, Mail) or (isinstance(act, Promote) and act.to == "managed")


async def _turn(year: Writing, moment: datetime) -> None:
    """Let what fell due by *moment* happen then."""
    with clock.at(moment):
        while await turn(year.session("registry")):
            pass


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
    await import_networks(session, content=as_csv(networks), by=by, as_it_stands=True)
    return dict((await session.execute(select(Network.name, Network.id))).all())


async def _posts(
    year: Writing, held: Sequence[Post], networks: Mapping[str, str], people: Mapping[str, Principal]
) -> None:
    rows = [
        {
            "network_id": networks[post.network], "person_id": people[post.person].person_id,
            "role": post.role, "since": post.since, "until": post.until,
        }
        for post in held
    ]  # fmt: skip
    await add_roles(year.session("membership"), rows=rows, by=people[STAFF])
