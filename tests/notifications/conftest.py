"""The notifications service running in this process, and a town's worth of others to speak to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from services.notifications.app import service
from shared import clock
from shared.auth import GATEWAY, Principal, sign
from shared.config import Settings
from shared.contracts import registry  # noqa: F401 (declares its topics)
from shared.envelope import Envelope, encode
from shared.log import NewRecord, Topic
from shared.log.sqlite import SqliteLog
from shared.service import Parts, Service, Shared, application, parts_of, running
from shared.store.memory import LocalStore
from tests import databases

SECRET = "x" * 32
STAFF = Principal("staff-1", is_staff=True)


class Heard:
    """A broadcast that remembers what was said on it."""

    away = None

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def publish(self, channel: str, payload: bytes) -> None:
        self.said.append((channel, orjson.loads(payload)))

    def on(self, channel: str) -> list[dict[str, Any]]:
        return [payload for said, payload in self.said if said == channel]


class NoMail:
    """A mailer for tests that send nothing."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass
class Town:
    """The service, and what other services say."""

    parts: Parts
    client: httpx.AsyncClient
    heard: Heard
    service: Service
    revisions: dict[str, int] = field(default_factory=dict)

    def as_(self, principal: Principal | str) -> dict[str, str]:
        """The header that makes a request *principal*'s; a string is a person's id."""
        who = Principal(principal) if isinstance(principal, str) else principal
        return {"authorization": f"Bearer {sign(who, SECRET)}"}

    async def get(self, path: str, by: Principal | str = STAFF, **query: Any) -> Any:
        answer = await self.client.get(path, headers=self.as_(by), params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, by: Principal | str = STAFF, method: str = "POST", **body: Any) -> Any:
        answer = await self.client.request(method, path, headers=self.as_(by), json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def ask_as_gateway(self, path: str, **query: Any) -> Any:
        return await self.get(path, GATEWAY, **query)

    def _message(
        self, topic: str, subject: str, state: dict[str, Any], key: str, said: dict[str, Any] | None, **more: Any
    ) -> Envelope:
        revision = self.revisions[subject] = self.revisions.get(subject, 0) + 1
        full = {"id": subject, "revision": revision, **state}
        return Envelope(
            topic=topic, key=key, type=f"networks.{topic}.changed.v1", source="/" + topic.split(".")[0],
            subject=subject, revision=revision, data={"state": full, "changes": {}, "announcement": said}, **more,
        )  # fmt: skip

    async def append(self, *messages: Envelope) -> None:
        """Put *messages* on the log and wait until they are handled."""
        await self.parts.log.append([NewRecord(m.topic, m.key, *encode(m)) for m in messages])
        await self.handled(*(m.id for m in messages))

    async def handled(self, *ids: str) -> None:
        """Wait until the service has handled the messages with these ids."""
        from sqlalchemy import func, select

        from shared.inbox import inbox

        async with asyncio.timeout(20):
            while True:
                async with self.parts.database.reading() as session:
                    query = select(func.count()).select_from(inbox)
                    query = query.where(inbox.c.message_id.in_(ids), inbox.c.outcome != "begun")
                    if (await session.execute(query)).scalar_one() == len(set(ids)):
                        return
                await asyncio.sleep(0.01)

    async def network(self, id_: str, name: str = "", care_group: str = "stroke") -> str:
        state = {"name": name or id_.title(), "slug": id_, "care_group": care_group}
        await self.append(self._message("registry.networks", id_, state, id_, None))
        return id_

    async def person(self, id_: str, name: str = "", **more: Any) -> str:
        standing = {"is_staff": False, "bodies": [], "interests": []}
        state = {"name": name or id_.title(), "email": f"{id_}@people.example", **standing, **more}
        await self.append(self._message("membership.people", id_, state, id_, None))
        return id_

    async def erased(self, id_: str) -> None:
        tombstone = Envelope(
            topic="membership.people", key=id_, type="networks.membership.person.erased.v1", source="/membership",
            subject=id_, data=None, revision=99,
        )  # fmt: skip
        await self.append(tombstone)

    async def role(self, person: str, network: str, role: str = "member", status: str = "active") -> str:
        state = {"network_id": network, "person_id": person, "role": role, "status": status}
        await self.append(self._message("membership.memberships", f"{person}-{role}-{network}", state, network, None))
        return person

    def news(
        self, headline: str, *, topic: str = "registry.networks", time: datetime | None = None, **said: Any
    ) -> Envelope:
        """A message that announces *headline*; keywords go into the announcement, lists of whom into `concerns`."""
        whom = {"networks", "bodies", "care_groups", "people", "staff", "everyone"}
        concerns = {name: said.pop(name) for name in list(said) if name in whom}
        key = (concerns.get("networks") or ["nobody"])[0]
        announcement = {"headline": headline, "path": "/somewhere", **said, "concerns": concerns}
        return Envelope(
            topic=topic, key=key, type="networks.toy.thing.happened.v1", source="/toy", subject=str(uuid4()),
            revision=1, data={"state": {}, "changes": {}, "announcement": announcement},
            time=time or clock.now(), actor="somebody",
        )  # fmt: skip

    async def tell(self, headline: str, **said: Any) -> str:
        """Announce, and wait until it was told; returns the message's id."""
        message = self.news(headline, topic="toy.things", **said)
        await self.append(message)
        return message.id

    async def inbox(self, person: str, **query: Any) -> list[str]:
        """The headlines of a person's inbox, newest first."""
        return [item["headline"] for item in (await self.get("/alerts", person, limit=100, **query))["items"]]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.backends)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Both databases in turn; every test has an empty one."""
    postgres = databases.server_for(request)
    return Settings(
        data=tmp_path, secret=SECRET, postgres=postgres, kafka="", redis="", smtp="", base_url="http://t.example"
    )


def own_database(settings: Settings) -> AbstractAsyncContextManager[Service]:
    """The service with a database of its own."""
    return databases.own_database(service, settings)


@asynccontextmanager
async def town_of(settings: Settings, mine: Service, mailer: Any, broadcast: Any = None) -> AsyncIterator[Town]:
    """Run the service *mine* and speak to it; what is broadcast is remembered, or goes out on *broadcast*."""
    heard, log = broadcast or Heard(), SqliteLog(settings.data / "log.sqlite")
    common = Shared(settings, log, heard, LocalStore(), mailer)  # type: ignore[arg-type]
    await common.start()
    await log.create_topics([Topic("toy.things")])
    parts = parts_of(mine, common)
    try:
        async with running(mine, parts):
            transport = httpx.ASGITransport(application(mine, parts))
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                yield Town(parts, client, heard, mine)
    finally:
        await common.stop()


@pytest.fixture
async def town(settings: Settings) -> AsyncIterator[Town]:
    """A town without mail."""
    async with own_database(settings) as mine, town_of(settings, mine, NoMail()) as running_town:
        yield running_town


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until *condition* holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)
