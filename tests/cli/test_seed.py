"""The demonstration, loaded for real into databases of its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.cli import seed
from services.cli.composition import Composition
from services.cli.data import transaction
from services.cli.seed.cast import HOME, MEMBER, NAMED, OFFICER
from services.cli.seed.joining import PART
from services.cli.seed.moments import YEAR
from services.membership import passwords
from services.membership.queries import account_by_email, principal_by_email
from services.membership.tables import Role
from services.notifications.tables import alerts, issue_items, issues
from services.oversight.tables import FeedItem
from services.registry.queries import Asked, led_networks, network_standards
from services.registry.tables import Merge, Network, Standing
from services.registry.turning import turn
from shared import clock
from shared.config import SERVICES, Settings
from shared.history import history
from shared.inbox import inbox
from shared.outbox import outbox

PARTED = 1
"""Networks of which the demonstration tells that they became part of another."""
PASSWORD = "three words and a number 7"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Databases with the demonstration in them; the tests here only read."""
    settings = Settings(data=tmp_path_factory.mktemp("demonstration"), demo=True, demo_password=PASSWORD)
    asyncio.run(seed.alone(settings))
    return settings


async def count(session: AsyncSession, thing: object) -> int:
    return (await session.execute(select(func.count()).select_from(thing))).scalar_one()  # type: ignore[arg-type]


@pytest.mark.parametrize("email", NAMED)
async def test_each_named_person_can_sign_in(loaded: Settings, email: str) -> None:
    async with transaction(loaded, "membership") as session:
        person, stored = await account_by_email(session, email)
    assert person is not None
    assert await passwords.matches(PASSWORD, stored)
    assert PASSWORD not in (stored or "")


async def test_the_officer_belongs_to_the_body_that_the_surface_names(loaded: Settings) -> None:
    async with transaction(loaded, "membership") as session:
        assert (await principal_by_email(session, OFFICER)).bodies == {"Q31"}


async def test_the_register_is_there_with_its_history(loaded: Settings) -> None:
    async with transaction(loaded, "registry") as session:
        assert await count(session, Network) == 420 + PARTED
        told = select(func.count()).where(history.c.headline != "", history.c.reason != "")
        assert (await session.execute(told)).scalar_one() > 250


async def test_a_network_that_became_part_of_another_can_still_be_parted_from_it(loaded: Settings) -> None:
    async with transaction(loaded, "registry") as session:
        merge = (await session.execute(select(Merge))).scalar_one()
        part, whole = [await session.get_one(Network, each) for each in (merge.source_id, merge.target_id)]
    assert part.archived and part.name == PART and PART in whole.aliases
    assert merge.undone_at is None and merge.links and clock.now() - merge.merged_at < timedelta(days=20)
    async with transaction(loaded, "membership") as session:
        came = select(func.count()).where(Role.network_id == whole.id, Role.since >= (clock.now() - YEAR).date())
        assert (await session.execute(came)).scalar_one() >= 3


async def test_who_leads_is_answered_and_somewhere_nobody_does_any_more(loaded: Settings) -> None:
    async with transaction(loaded, "registry") as session:
        found, _ = await led_networks(session, Asked(chosen={"care_group": "cardiovascular", "sha": "Q31"}))
        everywhere, _ = await led_networks(session, Asked(chosen={"care_group": "cancer"}))
    home = next(led for led in found if led.network["name"] == HOME)
    assert {"lead_doctor", "lead_nurse", "lead_manager"} == {lead.role for lead in home.leads}
    assert any(led.nobody_since for led in everywhere)


async def test_alerts_and_the_feed_stand_in_the_order_of_time(loaded: Settings) -> None:
    async with transaction(loaded, "notifications") as session:
        times = list((await session.execute(select(alerts.c.time).order_by(alerts.c.offset))).scalars())
    async with transaction(loaded, "oversight") as session:
        lines = list((await session.execute(select(FeedItem.time).order_by(FeedItem.offset))).scalars())
    assert len(times) > 400 and times == sorted(times)
    assert len(lines) > 300 and lines == sorted(lines)


async def test_the_draft_holds_the_week_and_earlier_issues_went_out(loaded: Settings) -> None:
    query = select(issues.c.status, func.count(issue_items.c.id)).outerjoin_from(
        issues, issue_items, issue_items.c.issue_id == issues.c.id
    )
    async with transaction(loaded, "notifications") as session:
        rows = (await session.execute(query.group_by(issues.c.id).order_by(issues.c.number))).all()
    assert [status for status, _ in rows] == ["sent"] * (len(rows) - 1) + ["draft"]
    assert 20 <= rows[-1][1] <= 100


async def test_nobody_is_mailed_what_happened_before_the_start(loaded: Settings) -> None:
    async with transaction(loaded, "notifications") as session:
        assert (await session.execute(text("SELECT count(*) FROM deliveries"))).scalar_one() == 0


async def test_nothing_waits_and_every_message_stands_where_the_inbox_says(loaded: Settings) -> None:
    for name in SERVICES:
        async with transaction(loaded, name) as session:
            assert await count(session, outbox) == 0
    composition = Composition(loaded, ["oversight"])
    await composition.common.start()
    subscription = await composition.common.log.subscribe(group="checking", topics=["events.events"])
    records = await subscription.fetch(limit=500, timeout=1)
    await composition.common.stop()
    async with transaction(loaded, "notifications") as session:
        noted = (await session.execute(select(inbox).where(inbox.c.topic == "events.events"))).all()
    assert {(r.partition, r.offset) for r in records} == {(n.partition, n.offset) for n in noted}
    assert len(noted) >= 50


async def test_a_second_start_changes_nothing(loaded: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    composition = Composition(loaded)
    await seed.once(loaded, composition)
    async with composition.parts("registry").database.reading() as session:
        assert await count(session, Network) == 420 + PARTED
    for name in SERVICES:
        await composition.parts(name).database.dispose()
    assert MEMBER in capsys.readouterr().out


async def test_without_a_demonstration_a_link_makes_the_first_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data=tmp_path, base_url="https://networks.example")
    composition = Composition(settings, ["membership"])
    async with composition.running():
        await seed.first_account(settings, composition)
    assert "https://networks.example/first-account/" in capsys.readouterr().out


async def test_networks_of_every_health_are_there_and_each_red_has_its_reason_and_its_cause(loaded: Settings) -> None:
    async with transaction(loaded, "registry") as session:
        counted = dict((await session.execute(select(Network.health, func.count()).group_by(Network.health))).all())
        unmet = select(func.count()).where(Standing.met.is_(False), Standing.cause == "")
        assert (await session.execute(unmet)).scalar_one() == 0
        home = (await session.execute(select(Network).where(Network.name == HOME))).scalar_one()
        stands = await network_standards(session, home)
    assert min(counted[health] for health in ("green", "amber", "red", "not assessed")) >= 10
    assert [stand.name for stand in stands.items if not stand.met] == ["Other lead professional"]
    assert home.health == "red" and stands.vacancies[0].escalated == 60


async def test_what_the_loaded_year_did_by_the_clock_is_not_done_again_at_the_start(loaded: Settings) -> None:
    async with transaction(loaded, "registry") as session:
        assert await turn(session) == 0
