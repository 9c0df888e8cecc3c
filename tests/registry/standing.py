"""The register in this process, and what the other services would say to it."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.registry.app import service
from services.registry.commands.import_at_once import import_networks
from services.registry.growth import FIRST
from services.registry.tables import Network
from services.registry.turning import turn
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.contracts.membership import PERSON_CHANGED, ROLE_ENDED, ROLE_TAKEN
from shared.envelope import Envelope, encode, new_id
from shared.history import history
from shared.inbox import inbox
from shared.log import NewRecord, Topic
from tests import service_rig
from tests.databases import server_for
from tests.service_rig import STAFF, Rig, rig

LEADS = ("lead_doctor", "lead_nurse", "lead_professional", "lead_manager")
KINDS = ("evidence_base", "outcome_measures", "annual_plan", "audit", "public_report")
TOY = "toy.checks"


@dataclass
class Networks:
    """The running service, and short words for what the tests do with it."""

    rig: Rig

    async def ask(self, method: str, path: str, body: Any = None, *, by: Principal = STAFF, **headers: str) -> Any:
        """The answer to one request of *by*; headers are spelt with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()} | self.rig.as_(by)
        return await self.rig.client.request(method, path, json=body, headers=named)

    async def got(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What a request that must succeed answers."""
        answer = await self.ask(method, path, body, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def network(self, stage: str = "managed", **fields: Any) -> str:
        """A new network, judged; returns its id. At a later stage than the first it was taken over as it stood."""
        base = {"name": f"Network {new_id()[-12:]}", "type": "disease", "care_group": "stroke", "bodies": ["Q31"]}
        if stage == FIRST:
            made = str((await self.got("POST", "/networks", {**base, **fields}))["id"])
        else:
            made = await taken_over(self.rig, {**base, "stage": stage, **fields})
        await self.settled()
        return made

    async def standards(self, network: str) -> Any:
        """How a network stands."""
        return await self.got("GET", f"/networks/{network}/standards")

    async def standard(self, code: str) -> str:
        """The id of a standard."""
        return str((await self.got("GET", f"/standards/{code}"))["id"])

    async def health(self, network: str) -> str:
        """The health that the directory shows of a network."""
        return str((await self.got("GET", f"/networks/{network}"))["health"])

    async def unmet(self, network: str) -> set[str]:
        """The codes of the standards that a network does not meet."""
        return {item["code"] for item in (await self.standards(network))["items"] if not item["met"]}

    async def evidence(self, network: str, kind: str, **fields: Any) -> Any:
        """Record evidence of today."""
        body = {"kind": kind, "title": kind.title(), "link": "https://x.example", "dated": str(clock.today()), **fields}
        return await self.got("POST", f"/networks/{network}/evidence", body)

    async def green(self, **fields: Any) -> str:
        """A managed network that meets every standard; returns its id."""
        network = await self.network(**fields)
        for role in (*LEADS, "patient_representative"):
            await self.role(network, role)
        for kind in KINDS:
            await self.evidence(network, kind)
        assert await self.health(network) == "green", await self.unmet(network)
        return network

    def role_message(
        self, network: str, role: str, person: str = "", *, status: str = "active", revision: int = 1,
        since: date = date(2020, 1, 1), until: date | None = None, headline: str = "Something happened",
    ) -> Envelope:  # fmt: skip
        """What membership says when somebody takes a role, or when it ended."""
        person = person or f"{role}-person"
        last = until or (clock.today() if status == "ended" else None)
        state = {
            "id": f"{network}:{person}:{role}", "revision": revision, "network_id": network, "person_id": person,
            "role": role, "since": str(since), "until": str(last) if last else None, "status": status,
        }  # fmt: skip
        contract = ROLE_ENDED if status == "ended" else ROLE_TAKEN
        return _message(contract.topic, contract.type, network, state, headline)

    async def role(self, network: str, role: str, person: str = "", *, wait: bool = True, **more: Any) -> str:
        """Membership says it; returns the message's id, when it and what it causes are handled unless *wait* is off."""
        return await self._say(self.role_message(network, role, person, **more), wait)

    async def person(self, person: str, professions: list[str], *, revision: int = 1) -> str:
        """Membership says what somebody is; returns the message's id."""
        state = {"id": person, "revision": revision, "name": person.title(), "professions": professions}
        return await self.say(PERSON_CHANGED.topic, PERSON_CHANGED.type, key=person, state=state, headline="")

    async def erased(self, person: str) -> None:
        """Membership says that somebody was erased."""
        await self.say(PERSON_CHANGED.topic, PERSON_CHANGED.type, key=person, state=None)

    async def say(
        self, topic: str, type_: str, *, key: str, state: dict[str, Any] | None, headline: str = "Something happened"
    ) -> str:
        """Put a message on the log and wait until it and what it causes are handled; returns its id."""
        return await self._say(_message(topic, type_, key, state, headline), True)

    async def _say(self, message: Envelope, wait: bool) -> str:
        headers, value = encode(message)
        await self.rig.parts.log.append([NewRecord(message.topic, message.key, headers, value)])
        if wait:
            await self.handled(message.id)
        return message.id

    async def handled(self, message_id: str) -> None:
        """Wait until the service has taken a message."""
        async with asyncio.timeout(20):
            while True:
                async with self.rig.parts.database.reading() as session:
                    query = select(func.count()).select_from(inbox).where(inbox.c.message_id == message_id)
                    if (await session.execute(query)).scalar_one():
                        return
                await asyncio.sleep(0.01)

    async def settled(self) -> None:
        """Wait until the service has heard all that it said itself."""
        await settled(self.rig)

    async def turn(self, days: int = 0) -> int:
        """Let the clock stand *days* from now, do what is due then, and say how much it was."""
        done, more = 0, 1
        with clock.at(clock.now() + timedelta(days=days)):
            while more:
                async with self.rig.parts.database.transaction() as session:
                    more = await turn(session)
                done += more
        return done

    async def said(self, topic: str, key: str = "") -> list[Envelope]:
        """Every message of *topic* (about one key), oldest first, once the outbox is empty."""
        messages = await service_rig.said(self.rig, topic)
        return [message for message in messages if key in ("", message.key)]

    async def told(self, topic: str, key: str) -> list[str]:
        """The headlines of what was announced."""
        return [m.announcement.headline for m in await self.said(topic, key) if m.announcement]


async def taken_over(running: Rig, fields: Mapping[str, Any]) -> str:
    """A network as a register that is taken over has it, at any stage; returns its id."""
    cells = {name: "; ".join(value) if isinstance(value, list) else value for name, value in fields.items()}
    content = io.StringIO()
    csv.writer(content).writerows([cells, cells.values()])
    async with running.parts.database.transaction() as session:
        result = await import_networks(session, content=content.getvalue().encode(), by=STAFF, as_it_stands=True)
        assert result.new == 1, result
        named = select(Network.id).where(Network.name == fields["name"])
        return str((await session.execute(named)).scalar_one())


async def settled(running: Rig) -> None:
    """Wait until the register has heard all that it said of networks, links and standards, and judged by it."""
    own = history.c.type.like("networks.registry.%")
    async with asyncio.timeout(20):
        while True:
            async with running.parts.database.reading() as session:
                waiting = select(history.c.id).where(own, history.c.id.not_in(select(inbox.c.message_id)))
                if (await session.execute(waiting.limit(1))).first() is None:
                    return
            await asyncio.sleep(0.01)


def _message(topic: str, type_: str, key: str, state: dict[str, Any] | None, headline: str) -> Envelope:
    told = Announcement(headline=headline, path="/somewhere", concerns=Concerns(staff=True)) if headline else None
    announced = told.model_dump(mode="json") if told else None
    data = None if state is None else {"state": state, "changes": {}, "announcement": announced}
    known = state or {}
    return Envelope(
        topic=topic, key=key, type=type_, source="/toy", subject=str(known.get("id", key)), data=data,
        revision=int(known.get("revision", 1)), correlationid=new_id(),
    )  # fmt: skip


BOTH = pytest.mark.parametrize(
    "networks", ["sqlite", pytest.param("postgresql", marks=pytest.mark.backends)], indirect=True
)
"""For what the databases do differently: locks, and types that the other does not have."""


@pytest.fixture
async def networks(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Networks]:
    """The running service, its register empty; on SQLite unless told."""
    async with rig(service, tmp_path, server_for(request)) as running:
        yield await _listening(running)


async def _listening(running: Rig) -> Networks:
    await running.parts.log.create_topics([Topic(TOY)])
    return Networks(running)
