"""Networks to be linked, and those who link them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from shared.auth import Principal
from shared.envelope import Envelope, encode
from shared.log import NewRecord
from tests.service_rig import STAFF

if TYPE_CHECKING:
    from tests.registry.conftest import Register

ANN, BEN, EVE = Principal("ann"), Principal("ben"), Principal("eve")
"""Ann manages the first network and Ben the second; Eve is a stranger to both."""
SECONDS = 20


@dataclass
class Linking:
    """The register; networks are named by a letter."""

    register: Register
    ids: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, method: str, path: str, by: Principal = STAFF, json: Any = None, **headers: str
    ) -> httpx.Response:
        """A request in somebody's name."""
        answer: httpx.Response = await self.register.ask(method, path, json, by=by, **headers)
        return answer

    async def network(self, name: str, **fields: Any) -> str:
        """A new network; returns its id."""
        self.ids[name] = await self.register.network(f"Network {name}", **fields)
        return self.ids[name]

    async def link(self, one: str, kind: str, other: str, by: Principal = STAFF, **fields: Any) -> httpx.Response:
        """The answer to linking two networks."""
        body = {"kind": kind, "other_id": self.ids.get(other, other), **fields}
        return await self.ask("POST", f"/networks/{self.ids[one]}/links", by, body)

    async def linked(self, one: str, kind: str, other: str, by: Principal = STAFF, **fields: Any) -> dict[str, Any]:
        """The link that was made or proposed."""
        answer = await self.link(one, kind, other, by, **fields)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def links(self, name: str, by: Principal = STAFF, **asked: Any) -> list[dict[str, Any]]:
        """The links of a network."""
        answer = await self.ask("GET", f"/networks/{self.ids[name]}/links?{httpx.QueryParams(asked)}", by)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def hear(self, *messages: Envelope) -> None:
        """Put messages on the log and wait until they were taken."""
        await self.register.rig.parts.log.append([NewRecord(m.topic, m.key, *encode(m)) for m in messages])
        for message in messages:
            await self.taken(message.id)

    async def said(self, topic: str) -> list[Envelope]:
        """Every message of a topic, oldest first."""
        return await self.register.said(topic)

    async def taken(self, message_id: str) -> None:
        """Wait until the registry has taken a message."""
        async with asyncio.timeout(SECONDS):
            while not (trace := (await self.register.rig.client.get(f"/trace/{message_id}")).json())["taken"]:
                await asyncio.sleep(0.01)
        assert trace["failure"] is None, trace


def role(network_id: str, person_id: str, role: str = "member", **fields: Any) -> Envelope:
    """The message that somebody holds a role."""
    state = {
        "id": f"{network_id}-{person_id}-{role}", "revision": 1, "network_id": network_id, "person_id": person_id,
        "role": role, "since": "2010-01-01", "until": None, "status": "active", **fields,
    }  # fmt: skip
    return Envelope(
        topic="membership.memberships", key=network_id, type="networks.membership.role.taken.v1", source="/membership",
        subject=state["id"], revision=state["revision"], data={"state": state, "changes": {}, "announcement": None},
    )  # fmt: skip


async def with_networks(linking: Linking, names: Sequence[str] = "ABCD") -> Linking:
    """Networks called by these letters; Ann manages the first and Ben the second."""
    for name in names:
        await linking.network(name)
    await linking.hear(
        role(linking.ids[names[0]], ANN.person_id, "lead_manager"), role(linking.ids[names[1]], BEN.person_id, "chair")
    )
    return linking
