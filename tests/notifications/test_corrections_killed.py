"""A correction while copies are going out, and a sender killed just then: everybody knows what is right, told once."""

from __future__ import annotations

import signal
from typing import Any

from sqlalchemy import func, select

from services.notifications.commands.corrections import Outcome, correct, see_to, unsettled
from services.notifications.tables import deliveries, issue_items
from shared.auth import Principal
from shared.config import Settings
from shared.db import Database
from shared.service import Service
from tests.notifications.conftest import eventually, own_database
from tests.notifications.mail import Sink, serving
from tests.notifications.test_killed import CONNECTIONS, READERS, finished, pressed, sender, until_taken

STAFF = Principal("staff-1", is_staff=True)


async def corrected(settings: Settings, mine: Service, issue_id: str, **said: Any) -> Outcome:
    """Correct the one item of the issue, beside whatever is sending it."""
    database = Database(settings, mine.name)
    try:
        async with database.transaction() as session:
            item = (await session.execute(select(issue_items.c.id))).scalar_one()
            return await correct(session, issue_id=issue_id, item_id=item, by=STAFF, **said)
    finally:
        await database.dispose()


async def corrections_taken(settings: Settings, mine: Service) -> int:
    """How many corrections were taken, once nothing is on its way any more and everybody was seen to."""
    database = Database(settings, mine.name)

    async def is_done() -> bool:
        async with database.transaction() as session:
            for one in await unsettled(session):  # as the worker does, without its pause
                await see_to(session, one)
            on_their_way = deliveries.c.state.in_(("pending", "sending", "deferred"))
            return (await session.execute(select(func.count()).where(on_their_way))).scalar_one() == 0

    try:
        await eventually(is_done, 40)
        async with database.reading() as session:
            taken = deliveries.c.kind == "correction", deliveries.c.state == "sent"
            return (await session.execute(select(func.count()).where(*taken))).scalar_one()
    finally:
        await database.dispose()


async def test_copies_that_have_not_begun_hold_what_is_right_and_nobody_is_told_of_a_correction(
    settings: Settings,
) -> None:
    async with own_database(settings) as mine, serving(Sink()) as sink:
        issue_id = await pressed(settings, mine)
        first = await corrected(settings, mine, issue_id, text="It is so.", headline="Put right")
        await corrected(settings, mine, issue_id, text="Bring a pen.")
        async with sender(settings, mine, sink):
            await until_taken(sink, READERS)
            await finished(settings, mine, issue_id)
            assert await corrections_taken(settings, mine) == 0

    assert first == Outcome(readers=0, to_come=READERS) and len(sink.contents) == READERS
    for [content] in sink.contents.values():
        assert b"* Put right" in content and b"Correction: Bring a pen." in content and b"* News" not in content


async def test_killed_in_the_middle_each_reader_is_told_what_was_wrong_and_right_or_only_what_is_right(
    settings: Settings,
) -> None:
    async with own_database(settings) as mine, serving(Sink(pause=0.02)) as sink:
        issue_id = await pressed(settings, mine)
        async with sender(settings, mine, sink) as process:
            await until_taken(sink, READERS // 3)
            outcome = await corrected(settings, mine, issue_id, text="It is so.", headline="Put right")
            taken_by_then = len(sink.contents)
            await until_taken(sink, READERS // 2)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        async with sender(settings, mine, sink):
            await until_taken(sink, READERS)
            await finished(settings, mine, issue_id)
            taken = await corrections_taken(settings, mine)

    copies = {mail_id: found for mail_id, found in sink.contents.items() if mail_id.startswith(issue_id)}
    told_again = [mail_id.partition(".")[2] for mail_id in sink.contents if not mail_id.startswith(issue_id)]
    wrong = {mail_id.partition(".")[2] for mail_id, found in copies.items() if b"* News" in found[0]}
    assert len(copies) == READERS and all(
        (b"* News" in c) == (b"* News" in found[0]) for found in copies.values() for c in found
    )
    assert all((b"* News" in content) != (b"* Put right" in content) for found in copies.values() for content in found)
    assert READERS // 3 <= len(wrong) < READERS and sorted(told_again) == sorted(wrong) and taken == len(wrong)
    assert outcome.readers <= len(wrong) <= taken_by_then + 2 * CONNECTIONS
