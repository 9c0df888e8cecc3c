"""Who puts summaries together and sends them is killed in the middle: no alert is lost, and none is told twice."""

from __future__ import annotations

import re
import signal
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, insert, select

from services.notifications.channels import DAILY, KINDS
from services.notifications.tables import audience_members, deliveries, people, preferences, summaries, summary_items
from shared.clock import now
from shared.config import Settings
from shared.db import Database
from shared.service import Service
from tests.notifications.conftest import NoMail, Town, eventually, own_database, town_of
from tests.notifications.mail import Sink, serving
from tests.notifications.test_killed import CONNECTIONS, sender, until_taken

READERS, ALERTS = 700, 3
"""More readers than fit into three batches of a worker."""


async def waiting_readers(town: Town) -> None:
    """READERS people who chose their day's summary and to whom ALERTS alerts are told, all due now."""
    past, ids = now() - timedelta(hours=1), [f"reader-{n}" for n in range(READERS)]
    belonging = {
        "audience": "network:stroke", "source": "test", "route": "member", "revision": 1, "active": True, "since": past
    }  # fmt: skip
    async with town.parts.database.transaction() as session:
        known = [{"id": i, "revision": 1, "name": i, "email": f"{i}@people.example", "known_since": past} for i in ids]
        await session.execute(insert(people), known)
        await session.execute(insert(audience_members), [{**belonging, "person_id": i} for i in ids])
        chose = {"interests_chosen": False, "forms": DAILY * len(KINDS), "zone": "UTC"}
        await session.execute(insert(preferences), [{**chose, "person_id": i} for i in ids])
    for number in range(ALERTS):
        await town.tell(f"Told {number}", networks=["stroke"])
    async with town.parts.database.transaction() as session:
        due = {"due_at": past, "daily_due": past, "after": 0}
        await session.execute(insert(summaries), [{**due, "person_id": i} for i in ids])


async def all_taken(settings: Settings, mine: Service) -> tuple[int, set[str]]:
    """How many alerts stand in summaries, and the readers whose summary may have gone twice, once all were taken."""
    database = Database(settings, mine.name)

    async def is_done() -> bool:
        async with database.reading() as session:
            taken = select(func.count()).where(deliveries.c.kind == "summary", deliveries.c.state == "sent")
            return (await session.execute(taken)).scalar_one() == READERS

    try:
        await eventually(is_done, 60)
        async with database.reading() as session:
            told = select(func.count()).select_from(summary_items).where(summary_items.c.thing != "")
            twice = select(deliveries.c.reader_id).where(deliveries.c.repeated)
            return (await session.execute(told)).scalar_one(), set((await session.execute(twice)).scalars())
    finally:
        await database.dispose()


async def test_killed_among_batches_and_mails_every_alert_is_told_to_everybody_once(settings: Settings) -> None:
    async with own_database(settings) as mine, serving(Sink(pause=0.01)) as sink:
        async with town_of(settings, replace(mine, workers=[]), NoMail()) as town:
            await waiting_readers(town)
        for mails in (1, READERS // 2):
            async with sender(settings, mine, sink) as process:
                await until_taken(sink, mails)
                process.send_signal(signal.SIGKILL)
                await process.wait()
        async with sender(settings, mine, sink):
            in_summaries, named = await all_taken(settings, mine)

    twice = {mail_id for mail_id, times in sink.taken.items() if times > 1}
    readers = Counter(mail_id.partition(".")[0] for mail_id in sink.taken)
    assert len(readers) == READERS and set(readers.values()) == {1}  # one Message-ID for each reader
    assert in_summaries == READERS * ALERTS and len(twice) <= len(named) <= 2 * CONNECTIONS
    for copies in sink.contents.values():
        assert [len(re.findall(rb"Told \d", copy)) for copy in copies] == [2 * ALERTS] * len(copies)
