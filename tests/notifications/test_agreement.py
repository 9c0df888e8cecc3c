"""Snapshot plus stream equals a fresh fetch: whatever happens, in whichever order, with connections that break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from services.gateway.app import Gateway
from shared import clock
from shared.announcement import CHANNELS
from shared.broadcast.memory import LocalBroadcast
from shared.config import Settings
from tests.notifications.conftest import NoMail, Town, own_database, town_of
from tests.notifications.following import Tab, edge_of

Run = Callable[[Coroutine[Any, Any, None]], None]
NETWORKS = ("a", "b", "c")
_worlds = count()
_network, _tab = st.sampled_from(NETWORKS), st.integers(0, 1)
_kind = st.sampled_from(("governance", "discussion", "workforce"))
_kinds = st.dictionaries(_kind, st.sampled_from([*CHANNELS, None]), min_size=2)
_concerns = st.fixed_dictionaries(
    {
        "networks": st.lists(_network, max_size=2, unique=True), "bodies": st.sampled_from([[], ["Q31"]]),
        "care_groups": st.sampled_from([[], ["renal"]]), "staff": st.booleans(), "everyone": st.booleans(),
        "to_her": st.booleans(),
    }
)  # fmt: skip
_minutes = st.sampled_from([0, 0, 0, -60, 1])
_tell = st.tuples(st.just("tell"), _concerns, _kind, st.booleans(), _minutes)
_act = st.one_of(
    _tell,
    _tell,
    _tell,
    st.tuples(st.sampled_from(["join", "leave", "lead", "follow", "unfollow", "mute", "unmute"]), _network),
    st.tuples(st.just("choose"), _kinds),
    st.tuples(st.just("choose_for"), _network, _kinds),
    st.tuples(st.just("preset"), st.sampled_from(["suggested", "everything", "important", "nothing"])),
    st.tuples(st.sampled_from(["read", "unread"]), st.lists(st.integers(0, 9), min_size=1, max_size=3)),
    st.tuples(st.just("read_all"), st.integers(0, 9)),
    st.tuples(st.just("take_back")),
    st.tuples(st.sampled_from(["disconnect", "connect", "fetch"]), _tab),
)


def told(*, minutes: int = 0, **concerns: Any) -> tuple[Any, ...]:
    """Something is told to *concerns* alone."""
    nobody = {"networks": [], "bodies": [], "care_groups": [], "staff": False, "everyone": False, "to_her": False}
    return "tell", {**nobody, **concerns}, "governance", False, minutes


class World:
    """A reader with two tabs, and networks, that no other example knows."""

    def __init__(self, town: Town, app: Gateway) -> None:
        self.town = town
        self.prefix = f"w{next(_worlds)}-"
        self.person = f"{self.prefix}ann"
        self.tabs = [Tab(town, app, self.person) for _ in range(2)]
        self.hub = app.edge.alerts

    async def begin(self) -> None:
        for network in NETWORKS:
            await self.town.network(self.prefix + network)
        await self.town.person(self.person, bodies=["Q31"], interests=["renal"], is_staff=True)
        await self.town.role(self.person, f"{self.prefix}a")
        for tab in self.tabs:
            await tab.fetch()
            await tab.connect()

    async def act(self, name: str, *given: Any) -> None:
        await getattr(self, f"_{name}", self._change)(*given, **({} if hasattr(self, f"_{name}") else {"name": name}))

    async def _tell(self, concerns: dict[str, Any], kind: str, by_her: bool, minutes: int) -> None:
        said = dict(concerns)
        people = [self.person] if said.pop("to_her") else []
        networks = [self.prefix + network for network in said.pop("networks")]
        said |= {"networks": networks, "people": people, "time": clock.now() + timedelta(minutes=minutes)}
        message = self.town.news("Something", topic="toy.things", category=kind, **said)
        await self.town.append(replace(message, actor=self.person) if by_her else message)

    async def _join(self, network: str) -> None:
        await self.town.role(self.person, self.prefix + network)

    async def _leave(self, network: str) -> None:
        await self.town.role(self.person, self.prefix + network, status="ended")

    async def _lead(self, network: str) -> None:
        await self.town.role(self.person, self.prefix + network, "chair")

    async def _change(self, network: str, *, name: str) -> None:
        await self.town.post(f"/networks/{self.prefix}{network}/{name}", self.person)

    async def _choose(self, kinds: dict[str, Any]) -> None:
        await self.town.post("/preferences", self.person, "PATCH", kinds=kinds)

    async def _choose_for(self, network: str, kinds: dict[str, Any]) -> None:
        await self.town.post("/preferences", self.person, "PATCH", networks={self.prefix + network: kinds})

    async def _preset(self, preset: str) -> None:
        await self.town.post("/preferences", self.person, "PATCH", preset=preset)

    async def _read(self, places: list[int]) -> None:
        await self._mark("read", places)

    async def _unread(self, places: list[int]) -> None:
        await self._mark("unread", places)

    async def _mark(self, how: str, places: list[int]) -> None:
        items = (await self.town.get("/alerts", self.person))["items"]
        if ids := [items[place]["id"] for place in places if place < len(items)]:
            await self.town.post(f"/alerts/{how}", self.person, ids=ids)

    async def _read_all(self, place: int) -> None:
        items = (await self.town.get("/alerts", self.person))["items"]
        if place < len(items):
            await self.town.post("/alerts/read", self.person, up_to=items[place]["position"])

    async def _take_back(self) -> None:
        headers = self.town.as_(self.person)
        answer = await self.town.client.post("/alerts/read/undo", headers=headers, json={})
        assert answer.status_code in (204, 409)

    async def _disconnect(self, tab: int) -> None:
        await self.tabs[tab].disconnect()

    async def _connect(self, tab: int) -> None:
        if not self.tabs[tab].is_connected:
            await self.tabs[tab].connect()

    async def _fetch(self, tab: int) -> None:
        await self.tabs[tab].fetch()

    async def agrees(self) -> None:
        """Every connected tab, once it has heard all there is, shows what a fetch gives."""
        for tab in self.tabs:
            if tab.is_connected:
                fresh = await self._heard_all(tab)
                if tab.is_stale:
                    await tab.fetch()
                assert tab.shown() == {name: fresh[name] for name in ("items", "unread", "total")}

    async def _heard_all(self, tab: Tab) -> dict[str, Any]:
        async with asyncio.timeout(5):
            while True:
                fresh = await tab.fetched()
                head = int(fresh["position"].rpartition("-")[2])
                if self.hub.position >= head and tab.revision == fresh["revision"]:
                    return fresh
                await asyncio.sleep(0.002)

    async def end(self) -> None:
        for tab in self.tabs:
            await tab.disconnect()


@pytest.fixture
async def both(settings: Settings) -> AsyncIterator[tuple[Town, Gateway]]:
    broadcast = LocalBroadcast()
    async with (
        own_database(settings) as mine,
        town_of(settings, replace(mine, workers=[]), NoMail(), broadcast) as town,
        edge_of(town, broadcast) as app,
    ):
        yield town, app


async def test_snapshot_plus_stream_equals_a_fresh_fetch(both: tuple[Town, Gateway]) -> None:
    loop = asyncio.get_running_loop()

    async def happen(acts: list[tuple[Any, ...]]) -> None:
        world = World(*both)
        await world.begin()
        try:
            for act in acts:
                await world.act(*act)
                await world.agrees()
        finally:
            await world.end()

    @trying(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(_act, min_size=1, max_size=20))
    @example([told(networks=["a"], minutes=-60)])
    @example([("choose_for", "b", {"governance": "off"}), told(networks=["b"], bodies=["Q31"])])
    @example([told(everyone=True), ("read", [0]), told(everyone=True), ("read_all", 0), ("take_back",)])
    @example([("mute", "b"), told(networks=["b", "a"], bodies=["Q31"], to_her=True)])
    def holds(acts: list[tuple[Any, ...]]) -> None:
        asyncio.run_coroutine_threadsafe(happen(acts), loop).result(60)

    await asyncio.to_thread(holds)
