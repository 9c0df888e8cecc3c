"""Membership in this process, with two networks that the register told it of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.membership.app import service
from services.membership.tables import Network, metadata
from shared.auth import GATEWAY, Principal
from shared.contracts.registry import NETWORK_CREATED
from shared.db import kernel
from shared.envelope import Envelope, encode
from shared.log import NewRecord
from tests.databases import server_for
from tests.service_rig import STAFF, Rig, rig, said


class Membership:
    """The service, and short words for what the tests do with it."""

    def __init__(self, running: Rig) -> None:
        """Speak to *running*."""
        self.rig = running

    async def ask(self, method: str, path: str, body: Any = None, *, by: Principal = STAFF, **headers: str) -> Any:
        """The answer to one request of *by*; headers are spelt with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()} | self.rig.as_(by)
        return await self.rig.client.request(method, path, json=body, headers=named)

    async def person(self, name: str = "Ann Example", **fields: Any) -> Principal:
        """A new person, as somebody who can ask."""
        email = fields.pop("email", f"{name.lower().replace(' ', '.')}@people.example")
        answer = await self.ask("POST", "/people", {"name": name, "email": email, **fields})
        assert answer.status_code == 201, answer.text
        return Principal(answer.json()["id"], fields.get("is_staff", False))

    async def give(self, network: str, who: Principal, role: str, *, by: Principal = STAFF, **fields: Any) -> Any:
        """The answer to giving *who* a role."""
        return await self.ask(
            "POST", f"/networks/{network}/roles", {"person_id": who.person_id, "role": role, **fields}, by=by
        )

    async def gateway(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request of the gateway itself."""
        return await self.ask(method, path, body, by=GATEWAY)

    async def said(self, topic: str) -> list[Envelope]:
        """What the outbox or the log has of *topic*, oldest first, once the relay is through."""
        return await said(self.rig, topic)


def network(identity: str, name: str) -> NewRecord:
    """The register's message of a new network."""
    state = {
        "id": identity, "revision": 1, "slug": name.lower().replace(" ", "-"), "name": name, "care_group": "stroke",
        "bodies": ["Q31"], "archived": identity == "archived",
    }  # fmt: skip
    envelope = Envelope(
        topic=NETWORK_CREATED.topic, key=identity, type=NETWORK_CREATED.type, source="/registry",
        subject=identity, revision=1, data={"state": state, "changes": {}, "announcement": None},
    )  # fmt: skip
    headers, value = encode(envelope)
    return NewRecord(envelope.topic, envelope.key, headers, value)


BOTH = pytest.mark.parametrize(
    "membership", ["sqlite", pytest.param("postgresql", marks=pytest.mark.backends)], indirect=True
)
"""For what the databases do differently: locks, and types that the other does not have."""


@pytest.fixture
async def membership(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Membership]:
    """The running service, which knows the networks `stroke`, `cancer` and `archived`; on SQLite unless told."""
    async with rig(service, tmp_path, server_for(request)) as running:
        yield await with_networks(running)


async def with_networks(running: Rig) -> Membership:
    """*running*, once it has heard of the networks."""
    known = [network("stroke", "Stroke Network"), network("cancer", "Cancer Network"), network("archived", "Old")]
    await running.parts.log.append(known)
    for _ in range(500):
        async with running.parts.database.reading() as session:
            if len((await session.execute(select(Network.id))).all()) == len(known):
                return Membership(running)
        await asyncio.sleep(0.01)
    raise AssertionError("the register's messages were not taken")


async def everything(membership: Membership) -> str:
    """Every value of every table."""
    seen = []
    async with membership.rig.parts.database.reading() as session:
        for table in [*kernel.sorted_tables, *metadata.sorted_tables]:
            seen += [str(tuple(row)) for row in await session.execute(select(table))]
    return "\n".join(seen)
