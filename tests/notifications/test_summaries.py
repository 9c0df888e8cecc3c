"""Summaries: what is told daily or falls into quiet hours comes in one mail, once, whatever happens to who sends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.notifications.delivery import rows
from services.notifications.delivery.fanning import order_copies_of_some
from services.notifications.delivery.summarising import put_together
from services.notifications.letters.stationery import Recipient, Stationery
from services.notifications.letters.summary import summary_letter
from services.notifications.tables import deliveries, fanouts, summary_items
from shared import clock
from shared.away import DatabaseAway
from shared.config import Settings
from tests.notifications.conftest import NoMail, Town, own_database, town_of
from tests.notifications.test_mail import read

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
async def still(settings: Settings) -> AsyncIterator[Town]:
    """A town whose workers the tests move by hand, by a clock of their own."""
    async with (
        own_database(settings) as mine,
        town_of(settings, replace(mine, workers=[]), NoMail()) as running_town,
    ):
        yield running_town


@contextmanager
def _at(moment: datetime) -> Iterator[None]:
    with clock.at(moment):
        yield


async def member(town: Town, person: str, *networks: str, **chosen: Any) -> str:
    await town.person(person)
    for network in networks:
        await town.network(network, f"{network.title()} network")
        await town.role(person, network)
    if chosen:
        await town.post("/preferences", person, "PATCH", **{"zone": "UTC", **chosen})
    return person


async def work(town: Town, *, at: datetime, batch: int = 100) -> None:
    """Let the workers do all there is at a moment."""
    with _at(at):
        while await _waits(town):
            async with town.parts.database.transaction() as session:
                await order_copies_of_some(session, batch=batch)
        put = 1
        while put:
            async with town.parts.database.transaction() as session:
                put = await put_together(session, batch=batch)


async def _waits(town: Town) -> bool:
    async with town.parts.database.reading() as session:
        return (await session.execute(select(fanouts.c.offset).limit(1))).first() is not None


async def ordered(town: Town, kind: str) -> list[tuple[str, str]]:
    """(person, state) of the copies of a kind."""
    async with town.parts.database.reading() as session:
        query = select(deliveries.c.reader_id, deliveries.c.state).where(deliveries.c.kind == kind)
        return [(row[0], row[1]) for row in await session.execute(query.order_by(deliveries.c.number))]


async def mails(town: Town, person: str) -> list[str]:
    """The texts of a person's summaries, oldest first."""
    async with town.parts.database.reading() as session:
        mine = deliveries.c.kind == "summary", deliveries.c.reader_id == person, deliveries.c.state != "refused"
        things = (
            await session.execute(select(deliveries.c.thing).where(*mine).order_by(deliveries.c.number))
        ).scalars()
        letters = [await summary_letter(session, Stationery(town.parts.settings), thing) for thing in things]
    made = [letter.mail(Recipient(person, person.title(), f"{person}@people.example")) for letter in letters]
    return [read(mail)["subject"] + "\n" + read(mail).get_body(("plain",)).get_content() for mail in made]


async def test_what_is_told_daily_comes_in_one_mail_at_the_reader_s_hour(still: Town) -> None:
    with _at(NOON):
        await member(still, "ann", "stroke", "renal", kinds={"news": "daily"}, daily_at="18:30")
        await member(still, "ben", "stroke")
        for headline, network in (("First", "stroke"), ("Second", "renal"), ("Third", "stroke")):
            await still.tell(headline, networks=[network])
        await still.tell("An event", networks=["stroke"], category="events")

    await work(still, at=NOON + timedelta(hours=6, minutes=29))
    assert await ordered(still, "summary") == []
    await work(still, at=NOON + timedelta(hours=6, minutes=30))

    assert await ordered(still, "summary") == [("ann", "pending")]
    [mail] = await mails(still, "ann")
    assert mail.startswith("Your day: 3 changes in Stroke network and 1 more")
    assert all(headline in mail for headline in ("First", "Second", "Third")) and "An event" not in mail
    assert "because you are a member of Stroke network" in mail and "/preferences/ann." in mail


async def test_a_day_without_news_sends_nothing_and_the_next_tells_only_what_is_new(still: Town) -> None:
    with _at(NOON):
        await member(still, "ann", "stroke", kinds={"news": "daily"}, daily_at="18:00")
        await still.tell("Monday", networks=["stroke"])
    for days in (0, 1):
        await work(still, at=NOON + timedelta(days=days, hours=6))
    assert len(await mails(still, "ann")) == 1
    with _at(NOON + timedelta(days=1, hours=7)):
        await still.tell("Tuesday", networks=["stroke"])
    await work(still, at=NOON + timedelta(days=2, hours=6))

    monday, tuesday = await mails(still, "ann")
    assert "Monday" in monday and "Tuesday" not in monday
    assert "Tuesday" in tuesday and "Monday" not in tuesday


async def test_quiet_hours_hold_mails_back_and_one_summary_tells_them_after(still: Town) -> None:
    night = NOON + timedelta(hours=11)
    with _at(night):
        await member(still, "ann", "stroke", immediate=True, quiet={"begins": "22:00", "ends": "07:00"})
        await member(still, "ben", "stroke", immediate=True)
        for headline in ("First", "Second"):
            await still.tell(headline, networks=["stroke"])
    await work(still, at=night)
    assert {person for person, _ in await ordered(still, "alert")} == {"ben"}
    await work(still, at=NOON + timedelta(hours=18, minutes=59))
    assert await ordered(still, "summary") == []

    await work(still, at=NOON + timedelta(hours=19))
    [mail] = await mails(still, "ann")
    assert mail.startswith("While it was quiet: 2 changes in Stroke network")
    with _at(NOON + timedelta(hours=20)):
        await still.tell("Third", networks=["stroke"])
    await work(still, at=NOON + timedelta(hours=20))
    assert [person for person, _ in await ordered(still, "alert")].count("ann") == 1


async def test_what_was_seen_live_is_not_told_again_when_news_become_daily(still: Town) -> None:
    with _at(NOON):
        await member(still, "ann", "stroke", kinds={"events": "daily"}, daily_at="18:00")
        await still.tell("Seen live", networks=["stroke"])
        await still.tell("A date", networks=["stroke"], category="events")
        await still.post("/preferences", "ann", "PATCH", kinds={"news": "daily"})
        await still.tell("Later", networks=["stroke"])
    await work(still, at=NOON + timedelta(hours=6))

    [mail] = await mails(still, "ann")
    assert "A date" in mail and "Later" in mail and "Seen live" not in mail


async def test_a_choice_reaches_a_summary_that_has_not_been_sent(still: Town) -> None:
    with _at(NOON):
        await member(still, "ann", "stroke", "renal", kinds={"news": "daily"}, daily_at="18:00")
        for network in ("stroke", "renal"):
            await still.tell(f"Of {network}", networks=[network])
    await work(still, at=NOON + timedelta(hours=6))
    await still.post("/networks/stroke/mute", "ann")

    [mail] = await mails(still, "ann")
    assert "Of renal" in mail and "Of stroke" not in mail
    await still.post("/preferences", "ann", "PATCH", preset="nothing")
    assert await ordered(still, "summary") == [("ann", "refused")]


async def test_the_link_in_a_summary_stops_all_of_them(still: Town) -> None:
    with _at(NOON):
        await member(still, "ann", "stroke", kinds={"news": "daily"}, networks={"stroke": {"events": "mail"}})
    stop = Stationery(still.parts.settings).token("summary", "ann")
    answer = await still.client.post(f"/unsubscribe/{stop}")
    shown = await still.get("/preferences", "ann")

    assert answer.json()["stopped"] and "summary" in answer.json()["sentence"]
    assert set(shown["kinds"].values()) == {None} and shown["networks"][0]["kinds"]["events"] is None


async def test_batches_are_bounded_and_nobody_is_forgotten_or_told_twice(still: Town) -> None:
    with _at(NOON):
        people = [await member(still, f"reader-{n}", "stroke", kinds={"news": "daily"}) for n in range(5)]
        await still.tell("News", networks=["stroke"])
    morning = NOON + timedelta(hours=19)
    with _at(morning):
        for expected in (2, 4, 5, 5):
            async with still.parts.database.transaction() as session:
                await put_together(session, batch=2)
            assert len(await ordered(still, "summary")) == expected
    assert sorted(person for person, _ in await ordered(still, "summary")) == people


async def test_two_workers_share_what_is_due_and_one_that_fails_loses_nothing(still: Town) -> None:
    with _at(NOON):
        people = [await member(still, f"reader-{n}", "stroke", kinds={"news": "daily"}) for n in range(6)]
        await still.tell("News", networks=["stroke"])

    async def once(*, fails: bool = False) -> None:
        async with still.parts.database.transaction() as session:
            await put_together(session, batch=3)
            if fails:
                raise DatabaseAway

    with _at(NOON + timedelta(hours=19)):
        with pytest.raises(DatabaseAway):
            await once(fails=True)
        assert await ordered(still, "summary") == []
        await asyncio.gather(once(), once())
        await once()
    assert sorted(person for person, _ in await ordered(still, "summary")) == people


async def test_a_summary_goes_out_with_the_other_mails(still: Town) -> None:
    with _at(NOON):
        await member(still, "ann", "stroke", kinds={"news": "daily"})
        await still.tell("News", networks=["stroke"])
    await work(still, at=NOON + timedelta(hours=19))
    with _at(NOON + timedelta(hours=19)):
        async with still.parts.database.transaction() as session:
            held = await rows.held(session, await rows.claim(session, "somebody", limit=10))
    assert [(copy.kind, copy.address) for copy in held] == [("summary", "ann@people.example")]


async def test_an_erased_person_leaves_no_summary(still: Town) -> None:
    with _at(NOON):
        await member(still, "ann", "stroke", kinds={"news": "daily"})
        await still.tell("News", networks=["stroke"])
    await work(still, at=NOON + timedelta(hours=19))
    await still.erased("ann")
    async with still.parts.database.reading() as session:
        assert (await session.execute(select(summary_items))).all() == []
    assert await ordered(still, "summary") == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"zone": "Mars/Olympus"}, "zone"), ({"daily_at": "25:00"}, "daily_at"),
        ({"quiet": {"begins": "22:00", "ends": "22:00"}}, "quiet"),
        ({"quiet": {"begins": "late", "ends": "7:00"}}, "quiet"),
    ],
)  # fmt: skip
async def test_wrong_hours_are_refused_with_what_to_enter(still: Town, fields: dict[str, Any], named: str) -> None:
    await still.person("ann")
    answer = await still.client.patch("/preferences", headers=still.as_("ann"), json=fields)
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"].startswith(named)
