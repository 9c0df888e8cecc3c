"""What is foreseen is what happens: whoever is counted before something is said is told, in that form, when it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import select

from services.notifications.audience import Crowd, crowds
from services.notifications.delivery.fanning import order_copies_of_some
from services.notifications.tables import (
    audience_members,
    choices,
    deliveries,
    fanouts,
    issue_items,
    mutes,
    people,
    preferences,
    subscription_keys,
    subscriptions,
    suppressions,
    webhook_deliveries,
)
from shared.announcement import CHANNELS, KINDS, Announcement, Concerns
from shared.auth import GATEWAY
from shared.config import Settings
from shared.envelope import Envelope
from tests.notifications.conftest import NoMail, Town, own_database, town_of

EMPTIED = (
    people, audience_members, preferences, choices, mutes, subscriptions, subscription_keys, suppressions, deliveries,
    fanouts,
)  # fmt: skip
PEOPLE = tuple(f"p{number}" for number in range(6))
NETWORKS = ("a", "b")
URL = "https://receiver.example/hook"

_person, _network, _kind = st.sampled_from(PEOPLE), st.sampled_from(NETWORKS), st.sampled_from(KINDS)
_kinds = st.dictionaries(_kind, st.sampled_from(CHANNELS), min_size=1)
_some = {"max_size": 2, "unique": True}
_act = st.one_of(
    st.tuples(st.just("role"), _person, _network, st.sampled_from(["member", "member", "chair", "lead_nurse"])),
    st.tuples(st.just("leave"), _person, _network),
    st.tuples(st.sampled_from(["follow", "mute"]), _person, _network),
    st.tuples(st.just("choose"), _person, _kinds),
    st.tuples(st.just("choose_for"), _person, _network, _kinds),
    st.tuples(st.just("preset"), _person, st.sampled_from(["everything", "important", "nothing"])),
    st.tuples(st.just("refused"), _person),
    st.tuples(st.just("hook"), _person, st.lists(_network, max_size=1), st.lists(_kind, max_size=1)),
)
_said = st.fixed_dictionaries(
    {
        "networks": st.lists(_network, **_some), "bodies": st.sampled_from([[], ["Q31"]]),  # type: ignore[arg-type]
        "care_groups": st.sampled_from([[], ["stroke"]]), "people": st.lists(_person, **_some),  # type: ignore[arg-type]
        "staff": st.booleans(), "everyone": st.booleans(), "category": _kind,
        "significance": st.sampled_from(["minor", "normal", "major"]), "is_minor": st.booleans(),
    }
)  # fmt: skip
NOBODY = {
    "networks": [], "bodies": [], "care_groups": [], "people": [], "staff": False, "everyone": False,
    "category": "governance", "significance": "normal", "is_minor": False,
}  # fmt: skip


class World:
    """A town that is emptied, with six people of every standing and two networks."""

    def __init__(self, town: Town) -> None:
        self.town = town

    async def begin(self) -> None:
        async with self.town.parts.database.transaction() as session:
            for table in EMPTIED:
                await session.execute(table.delete())
        said = [
            self.message("membership.people", person, name=person, email=f"{person}@people.example",
                         is_staff=person == "p0", bodies=["Q31"] * (person in ("p0", "p1")),
                         interests=["stroke"] * (person in ("p1", "p2", "p3")))
            for person in PEOPLE
        ]  # fmt: skip
        said += [self.message("registry.networks", n, name=n, slug=n, care_group="stroke") for n in NETWORKS]
        await self.town.append(*said)

    def message(self, topic: str, subject: str, **state: Any) -> Envelope:
        return self.town._message(topic, subject, state, subject, None)

    async def act(self, name: str, person: str, *given: Any) -> None:
        await getattr(self, f"_{name}")(person, *given)

    async def _role(self, person: str, network: str, role: str) -> None:
        await self.town.role(person, network, role)

    async def _leave(self, person: str, network: str) -> None:
        await self.town.role(person, network, status="ended")

    async def _follow(self, person: str, network: str) -> None:
        await self.town.post(f"/networks/{network}/follow", person)

    async def _mute(self, person: str, network: str) -> None:
        await self.town.post(f"/networks/{network}/mute", person)

    async def _choose(self, person: str, kinds: dict[str, Any]) -> None:
        await self.town.post("/preferences", person, "PATCH", kinds=kinds)

    async def _choose_for(self, person: str, network: str, kinds: dict[str, Any]) -> None:
        await self.town.post("/preferences", person, "PATCH", networks={network: kinds})

    async def _preset(self, person: str, preset: str) -> None:
        await self.town.post("/preferences", person, "PATCH", preset=preset)

    async def _refused(self, person: str) -> None:
        async with self.town.parts.database.transaction() as session:
            row = {"address": f"{person}@people.example", "reason": "no", "since": self.town.news("x").time}
            await session.execute(suppressions.delete().where(suppressions.c.address == row["address"]))
            await session.execute(suppressions.insert(), [row])

    async def _hook(self, person: str, networks: list[str], categories: list[str]) -> None:
        hook = {"name": "A hook", "url": URL, "networks": networks, "categories": categories}
        await self.town.post("/subscriptions", person, **hook)

    def said(self, wanted: dict[str, Any], actor: str) -> Envelope:
        """The message; a minor change announces nothing."""
        fields = dict(wanted)
        is_minor = fields.pop("is_minor")
        message = replace(self.town.news("Something", topic="toy.things", **fields), actor=actor)
        if is_minor:
            message.data["announcement"] = None  # type: ignore[index]
        return message

    async def foreseen(self, messages: list[Envelope]) -> dict[str, int]:
        headers = self.town.as_(GATEWAY) | {"content-type": "application/json"}
        answer = await self.town.client.post("/internal/reach", content=orjson.dumps(messages), headers=headers)
        assert answer.status_code == 200, answer.text
        return {item["way"]: item["count"] for item in answer.json()}

    async def happened(self, messages: list[Envelope]) -> dict[str, int]:
        """What came of *messages*, as people, the sender and programs find it."""
        ids, actor = [message.id for message in messages], messages[0].actor
        await self.town.append(*messages)
        found = Counter(dict.fromkeys(("live", "mail", "daily", "weekly"), 0))
        for person in set(PEOPLE) - {actor}:
            items = (await self.town.get("/alerts", person, limit=100))["items"]
            told = [item["channel"] for item in items if item["id"] in ids]
            if told:
                found[max(told, key=CHANNELS.index)] += 1
        async with self.town.parts.database.transaction() as session:
            await order_copies_of_some(session)
            copies = select(deliveries.c.reader_id).distinct().where(deliveries.c.thing.in_(ids))
            mailed = len((await session.execute(copies)).all())
            hooks = select(webhook_deliveries.c.subscription_id).distinct()
            found["webhooks"] = len(
                (await session.execute(hooks.where(webhook_deliveries.c.message_id.in_(ids)))).all()
            )
            news = select(issue_items.c.id).where(issue_items.c.message_id.in_(ids))
            found["newsletter"] = int((await session.execute(news)).first() is not None)
        found["unreachable"] = found["mail"] - mailed
        found["mail"] = mailed
        return {way: count for way, count in found.items() if count}


@pytest.fixture
async def idle(settings: Settings) -> AsyncIterator[Town]:
    """A town in which nothing is sent."""
    async with own_database(settings) as mine, town_of(settings, replace(mine, workers=[]), NoMail()) as town:
        yield town


async def test_what_is_foreseen_happens(idle: Town) -> None:
    loop = asyncio.get_running_loop()

    async def happen(acts: list[tuple[Any, ...]], said: list[dict[str, Any]], actor: str) -> None:
        world = World(idle)
        await world.begin()
        for act in acts:
            await world.act(*act)
        messages = [world.said(each, actor) for each in said]
        foreseen = await world.foreseen(messages)
        told = {way: count for way, count in foreseen.items() if way not in ("muted", "off")}
        assert told == await world.happened(messages)

    @trying(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(_act, max_size=10), st.lists(_said, min_size=1, max_size=2), _person)
    @example([], [{**NOBODY, "networks": ["a"], "is_minor": True}], "p0")
    @example(
        [("role", "p4", "a", "member"), ("choose", "p4", {"governance": "mail"}), ("refused", "p4")],
        [{**NOBODY, "networks": ["a"]}], "p0",
    )  # fmt: skip
    @example(
        [("role", "p5", "a", "member"), ("role", "p5", "b", "chair"), ("mute", "p5", "a")],
        [{**NOBODY, "networks": ["a", "b"], "everyone": True}], "p0",
    )  # fmt: skip
    def holds(acts: list[tuple[Any, ...]], said: list[dict[str, Any]], actor: str) -> None:
        asyncio.run_coroutine_threadsafe(happen(acts, said, actor), loop).result(60)

    await asyncio.to_thread(holds)


async def test_why_is_counted_too_and_who_muted_it_is_told_apart(idle: Town) -> None:
    world = World(idle)
    await world.begin()
    for act in (("role", "p4", "a", "member"), ("role", "p5", "a", "member"), ("role", "p5", "a", "chair"),
                ("follow", "p3", "a"), ("mute", "p4", "a"), ("preset", "p3", "nothing")):  # fmt: skip
        await world.act(*act)
    said = Announcement(
        headline="New aims",
        category="governance",
        path="/x",
        concerns=Concerns(networks=("a",), care_groups=("stroke",)),
    )
    async with idle.parts.database.reading() as session:
        found = await crowds(session, [said], actor="p2")

    assert found == [
        Crowd("live", "role", 1), Crowd("weekly", "interest", 1), Crowd("off", "member", 1, muted=True),
        Crowd("off", "follow", 1),
    ]  # fmt: skip


async def test_what_nobody_is_told_of_reaches_nobody(idle: Town) -> None:
    async with idle.parts.database.reading() as session:
        assert await crowds(session, []) == []
        assert await crowds(session, [Announcement(headline="To nobody", path="/x")]) == []
