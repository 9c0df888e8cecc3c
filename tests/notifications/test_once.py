"""Nobody is told twice: whatever leads to somebody, each message has one form for them, and arrives once in it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import select

from services.notifications.delivery.fanning import order_copies_of_some
from services.notifications.delivery.summarising import put_together
from services.notifications.tables import alerts, deliveries, fanouts, summary_items
from shared import clock
from shared.announcement import CHANNELS
from shared.config import Settings
from tests.notifications.conftest import NoMail, Town, own_database, town_of

_worlds = count()
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
_network = st.sampled_from("ab")
_kinds = st.dictionaries(st.sampled_from(("news", "governance")), st.sampled_from(CHANNELS), max_size=2)
_reader = st.fixed_dictionaries(
    {
        "member": st.lists(_network, max_size=2, unique=True), "leads": st.lists(_network, max_size=2, unique=True),
        "follows": st.lists(_network, max_size=2, unique=True), "officer": st.booleans(), "staff": st.booleans(),
        "interested": st.booleans(), "kinds": _kinds, "of_a": _kinds, "quiet": st.booleans(),
    }
)  # fmt: skip
_said = st.fixed_dictionaries(
    {
        "networks": st.lists(_network, max_size=2, unique=True), "body": st.booleans(), "group": st.booleans(),
        "staff": st.booleans(), "everyone": st.booleans(), "named": st.booleans(),
        "category": st.sampled_from(("news", "governance")),
    }
)  # fmt: skip


@pytest.fixture
async def still(settings: Settings) -> AsyncIterator[Town]:
    async with own_database(settings) as mine, town_of(settings, replace(mine, workers=[]), NoMail()) as running_town:
        yield running_town


class World:
    """Readers, networks and messages that no other example knows."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.prefix = f"w{next(_worlds)}-"
        self.readers: list[str] = []
        self.messages: list[str] = []

    async def people(self, readers: list[dict[str, Any]]) -> None:
        for network in "ab":
            await self.town.network(self.prefix + network)
        for number, reader in enumerate(readers):
            person = f"{self.prefix}reader-{number}"
            self.readers.append(person)
            bodies = [f"{self.prefix}Q31"] * reader["officer"]
            interests = [f"{self.prefix}renal"] * reader["interested"]
            await self.town.person(person, bodies=bodies, interests=interests, is_staff=reader["staff"])
            await self._roles(person, reader)
            await self._choices(person, reader)

    async def _roles(self, person: str, reader: dict[str, Any]) -> None:
        for network in reader["member"]:
            await self.town.role(person, self.prefix + network)
        for network in reader["leads"]:
            await self.town.role(person, self.prefix + network, "lead_manager")
        for network in reader["follows"]:
            await self.town.post(f"/networks/{self.prefix}{network}/follow", person)

    async def _choices(self, person: str, reader: dict[str, Any]) -> None:
        quiet = {"begins": "11:00", "ends": "14:00"} if reader["quiet"] else None
        networks = {f"{self.prefix}a": reader["of_a"]}
        fields = {"kinds": reader["kinds"], "networks": networks, "zone": "UTC", "daily_at": "18:00", "quiet": quiet}
        await self.town.post("/preferences", person, "PATCH", **fields)

    async def tell(self, said: dict[str, Any]) -> None:
        self.messages.append(
            await self.town.tell(
                "Something", networks=[self.prefix + network for network in said["networks"]],
                bodies=[f"{self.prefix}Q31"] * said["body"], care_groups=[f"{self.prefix}renal"] * said["group"],
                staff=said["staff"], everyone=said["everyone"], people=self.readers[:1] * said["named"],
                category=said["category"],
            )
        )  # fmt: skip

    async def work(self, moment: datetime) -> None:
        """Everything that is due, twice: a worker may look again at what another has done."""
        with clock.at(moment):
            for _ in range(2):
                await self._fan_out()
                async with self.town.parts.database.transaction() as session:
                    await put_together(session)

    async def _fan_out(self) -> None:
        while True:
            async with self.town.parts.database.transaction() as session:
                await order_copies_of_some(session, batch=2)
                if (await session.execute(select(fanouts.c.offset).limit(1))).first() is None:
                    return

    async def told(self, person: str) -> Counter[str]:
        """Message → in how many mails, alone or in a summary, a person is told of it."""
        found: Counter[str] = Counter()
        async with self.town.parts.database.reading() as session:
            single = select(deliveries.c.thing).where(deliveries.c.reader_id == person, deliveries.c.kind == "alert")
            found.update((await session.execute(single)).scalars())
            items = (
                select(alerts.c.message_id)
                .join(summary_items, summary_items.c.offset == alerts.c.offset)
                .join(deliveries, deliveries.c.thing == summary_items.c.thing)
                .where(summary_items.c.person_id == person, deliveries.c.reader_id == person)
            )
            found.update((await session.execute(items)).scalars())
        return found


async def test_who_is_reached_by_several_ways_is_told_once(still: Town) -> None:
    loop = asyncio.get_running_loop()

    async def happen(readers: list[dict[str, Any]], saids: list[dict[str, Any]]) -> None:
        world = World(still)
        with clock.at(NOON):
            await world.people(readers)
            for said in saids:
                await world.tell(said)
        await world.work(NOON)
        for hours in (3, 7, 31):
            await world.work(NOON + timedelta(hours=hours))
        for person in world.readers:
            items = [i for i in (await still.get("/alerts", person, limit=100))["items"] if i["id"] in world.messages]
            channels = {item["id"]: item["channel"] for item in items}
            assert len(channels) == len(items)
            by_mail = {message for message, channel in channels.items() if channel in ("mail", "daily")}
            told = {m: n for m, n in (await world.told(person)).items() if m in world.messages}
            assert told == dict.fromkeys(by_mail, 1)

    @trying(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(_reader, min_size=1, max_size=3), st.lists(_said, min_size=1, max_size=4))
    def holds(readers: list[dict[str, Any]], saids: list[dict[str, Any]]) -> None:
        asyncio.run_coroutine_threadsafe(happen(readers, saids), loop).result(120)

    await asyncio.to_thread(holds)
