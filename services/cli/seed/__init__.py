"""The demonstration: the real register, an invented cast and a year of history, loaded at the first start.

Deterministic but for ids and dates: the same year ends today, whichever day that is.
"""

from __future__ import annotations

import secrets
import time

from sqlalchemy import func, select

from services.cli.composition import Composition
from services.cli.seed.cast import NAMED
from services.cli.seed.names import WORDS
from services.membership.commands import first_account_link
from services.registry.tables import Network
from shared import clock
from shared.config import Settings
from shared.migrations import migrate
from shared.service import until_there


async def once(settings: Settings, composition: Composition) -> None:
    """Load the demonstration where the register is empty, and say who can sign in."""
    async with composition.parts("registry").database.reading() as session:
        known = (await session.execute(select(func.count()).select_from(Network))).scalar_one()
    password = settings.demo_password
    if not known:
        password = password or made_up_password()
        await _load(composition, password)
    _say_sign_ins(password)


async def alone(settings: Settings) -> None:
    """Load the demonstration into the databases that *settings* name, whether or not the services run."""
    composition = Composition(settings)
    await composition.common.start()
    try:
        for service, parts in composition.services:
            await until_there(parts.database.create, f"{service.name} database")
            await migrate(parts.database, service.metadata, service.migrations)
            if service.reference:
                async with parts.database.transaction() as session:
                    await service.reference(session)
        await once(settings, composition)
    finally:
        for _, parts in composition.services:
            await parts.database.dispose()
        await composition.common.stop()


async def first_account(settings: Settings, composition: Composition) -> None:
    """Print the one-time link that makes the first account, until a member of staff can sign in."""
    async with composition.parts("membership").database.transaction() as session:
        link = await first_account_link(session)
    if link:
        print(f"Make the first account, within 7 days: {settings.public_url}/first-account/{link}", flush=True)


def made_up_password() -> str:
    """Three words and a number, easy to type in another window."""
    return "-".join([*(secrets.choice(WORDS) for _ in range(3)), str(secrets.randbelow(90) + 10)])


async def _load(composition: Composition, password: str) -> None:
    """Imported only here: a start that finds a register needs none of it."""
    from services.cli.seed.loading import load
    from services.cli.seed.plan import planned
    from services.cli.seed.writing import written_at_once

    began = time.perf_counter()
    print("Loading the demonstration register …", flush=True)
    plan = planned(clock.now())
    async with written_at_once(composition) as year:
        await load(year, plan, password)
    counts = f"{len(plan.networks)} networks, {len(plan.players)} people, {len(plan.acts)} things done in a year"
    print(f"  {counts}; {time.perf_counter() - began:.1f} s", flush=True)


def _say_sign_ins(password: str) -> None:
    print(f"Demonstration sign-ins, password {password or 'as the first start printed it'}:", flush=True)
    for email in NAMED:
        print(f"  {email}", flush=True)
