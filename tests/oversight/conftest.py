"""The oversight service running in this process, on SQLite and on PostgreSQL, with a log that tests write to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select

from services.oversight.app import service as oversight
from services.oversight.tables import FeedCounter
from shared.announcement import Announcement, Concerns
from shared.auth import GATEWAY, Principal, sign
from shared.config import Settings
from shared.contracts import TOPICS
from shared.db import Database
from shared.envelope import Envelope, encode, new_id
from shared.log import EventLog, NewRecord, Topic, open_log
from shared.service import Parts, Service, Shared, application, parts_of, running
from tests.databases import own_database, server_for

SECRET = "x" * 32
STAFF = Principal("staff-1", is_staff=True)
OFFICER = Principal("officer-1", bodies=frozenset({"Q31"}))
MEMBER = Principal("member-1")


@dataclass
class Heard:
    """A broadcast that keeps what was published."""

    wires: list[dict[str, Any]] = field(default_factory=list)

    async def publish(self, channel: str, payload: bytes) -> None:
        """Keep it."""
        assert channel == "feed"
        self.wires.append(orjson.loads(payload))


@dataclass
class Rig:
    """The running service, what it broadcast, and what a test does with it."""

    parts: Parts
    client: httpx.AsyncClient
    heard: Heard

    @property
    def database(self) -> Database:
        """The service's database."""
        return self.parts.database

    @property
    def log(self) -> EventLog:
        """The log it reads."""
        return self.parts.log

    async def get(self, path: str, by: Principal = STAFF, **query: Any) -> httpx.Response:
        """GET in somebody's name."""
        return await self.client.get(path, params=query, headers=sign_of(by))

    async def post(self, path: str, body: Any, by: Principal = STAFF) -> httpx.Response:
        """POST in somebody's name."""
        return await self.client.post(path, json=body, headers=sign_of(by))

    async def gateway(self, path: str, **query: Any) -> Any:
        """What the gateway is told."""
        return (await self.get(path, GATEWAY, **query)).json()

    async def say(self, *messages: Envelope) -> list[str]:
        """Put *messages* on the log and wait until they were taken; returns their ids."""
        await self.log.append([NewRecord(m.topic, m.key, *encode(m)) for m in messages])
        for message in messages:
            trace = await eventually(lambda: self._taken(message.id), message.id)  # noqa: B023 (awaited at once)
            assert trace["failure"] is None, trace
        return [message.id for message in messages]

    async def _taken(self, message_id: str) -> Any:
        trace = (await self.get(f"/trace/{message_id}")).json()
        return trace if trace["taken"] else None

    async def head(self) -> int:
        """The number of the newest line."""
        async with self.database.reading() as session:
            return (await session.execute(select(FeedCounter.offset))).scalar_one()


def sign_of(by: Principal) -> dict[str, str]:
    """The header that makes a request somebody's."""
    return {"authorization": f"Bearer {sign(by, SECRET)}"}


async def eventually(condition: Callable[[], Awaitable[Any]], what: str = "", seconds: float = 20) -> Any:
    """Wait until *condition* is true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := await condition()):
        assert asyncio.get_running_loop().time() < deadline, f"never true: {what}"
        await asyncio.sleep(0.01)
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.backends)])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """The service, empty but for its reference data."""
    settings = _settings(tmp_path, postgres=server_for(request))
    async with own_database(oversight, settings) as own, _running(settings, own) as found:
        yield found


def _settings(folder: Path, postgres: str = "") -> Settings:
    """Settings that take nothing from the environment that chooses a part."""
    return Settings(data=folder, secret=SECRET, postgres=postgres, kafka="", redis="", smtp="")


@asynccontextmanager
async def _running(settings: Settings, service: Service) -> AsyncIterator[Rig]:
    heard = Heard()
    common = Shared(settings, open_log(settings), heard, None, None)  # type: ignore[arg-type]
    await common.log.start()
    await common.log.create_topics([*TOPICS.values(), Topic("toy.things")])
    parts = parts_of(service, common)
    transport = httpx.ASGITransport(application(service, parts), raise_app_exceptions=False)
    try:
        async with running(service, parts), httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Rig(parts, client, heard)
    finally:
        await common.log.stop()


def thing(headline: str = "A thing happened", **told: Any) -> Envelope:
    """A message of a service and a type that no code knows. *told* is whom it concerns."""
    concerns = Concerns(**{"bodies": ("Q31",), "networks": ("n-1",), **told})
    announcement = Announcement(headline=headline, path="/things/1", concerns=concerns)
    return message("toy.things", "networks.toy.thing.made.v1", {"id": new_id(), "revision": 1}, announcement)


def network(name: str, *, revision: int = 1, **fields: Any) -> Envelope:
    """The message that a network is so; nothing is announced."""
    state = {
        "id": name, "revision": revision, "slug": name, "name": name, "type": "disease", "care_group": "stroke",
        "level": "local", "stage": "informal", "archived": False, "bodies": ["Q31"], **fields,
    }  # fmt: skip
    return message("registry.networks", "networks.registry.network.changed.v1", state)


def role(network_id: str, role: str, **fields: Any) -> Envelope:
    """The message that somebody holds a role."""
    state = {
        "id": f"{network_id}-{role}", "revision": 1, "network_id": network_id, "person_id": "p-1", "role": role,
        "since": "2010-01-01", "until": None, "status": "active", **fields,
    }  # fmt: skip
    return message("membership.memberships", "networks.membership.role.taken.v1", state)


def person(identity: str, name: str) -> Envelope:
    """The message that a person is called so."""
    state = {"id": identity, "revision": 1, "name": name}
    return message("membership.people", "networks.membership.person.added.v1", state)


def message(topic: str, type_: str, state: dict[str, Any], announcement: Announcement | None = None) -> Envelope:
    """A message as its service would say it."""
    told = announcement.model_dump(mode="json") if announcement else None
    data = {"state": state, "changes": {}, "announcement": told}
    return Envelope(
        topic, key=state["id"], type=type_, source="/toy", subject=state["id"], data=data, revision=state["revision"]
    )


def challenge(identity: str, provider: str, **fields: Any) -> Envelope:
    """The message that a network is challenged."""
    state = {
        "id": identity, "revision": 1, "challenger": "n-0", "provider": provider, "status": "open",
        "answer_by": "2010-05-01", "subject": "Waiting times", **fields,
    }  # fmt: skip
    return message("registry.challenges", "networks.registry.challenge.raised.v1", state)
