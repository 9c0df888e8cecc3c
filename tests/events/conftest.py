"""The events service running in this process, on SQLite and on PostgreSQL, with a log that tests write to and read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.events.app import service as events
from shared import clock
from shared.auth import Principal
from shared.envelope import Envelope, decode, encode, new_id
from shared.log import NewRecord
from tests.databases import server_for
from tests.service_rig import STAFF, Rig, rig

LEAD = Principal("lead-1")
MEMBER = Principal("member-1")
GUEST = Principal("guest-1")
SECONDS = 20


@dataclass
class Hall:
    """The running service and what a test does with it. Networks n-1 and n-2 are known; LEAD leads n-1 alone."""

    rig: Rig

    async def ask(
        self, method: str, path: str, by: Principal | None = STAFF, json: Any = None, **headers: str
    ) -> httpx.Response:
        """A request in somebody's name."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | (self.rig.as_(by) if by else {})
        return await self.rig.client.request(method, path, json=json, headers=sent)

    async def scheduled(self, by: Principal = STAFF, **fields: Any) -> dict[str, Any]:
        """A gathering, scheduled."""
        answer = await self.ask("POST", "/events", by, gathering(**fields))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def book(self, event_id: str, by: Principal, **fields: Any) -> httpx.Response:
        """Ask for a place."""
        return await self.ask("POST", f"/events/{event_id}/bookings", by, fields)

    async def statuses(self, event_id: str) -> dict[str, str]:
        """Person → booked or waiting, in the order in which they asked."""
        listed = (await self.ask("GET", f"/events/{event_id}/bookings")).json()["items"]
        return {booking["person_id"]: booking["status"] for booking in listed}

    async def told(self, count: int) -> list[Envelope]:
        """The first *count* messages that the service says, in the order of the log's partitions."""
        subscription = await self.rig.parts.log.subscribe(group=new_id(), topics=["events.events", "events.bookings"])
        found: list[Envelope] = []
        async with asyncio.timeout(SECONDS):
            while len(found) < count:
                records = await subscription.fetch(limit=100, timeout=1)
                found += [decode(r.topic, r.key, r.headers, r.value) for r in records]
        await subscription.close()
        return sorted(found, key=lambda message: message.id)

    async def hear(self, *messages: Envelope) -> None:
        """Put other services' messages on the log and wait until they were taken."""
        await self.rig.parts.log.append([NewRecord(m.topic, m.key, *encode(m)) for m in messages])
        async with asyncio.timeout(SECONDS):
            for message in messages:
                while not (trace := (await self.rig.client.get(f"/trace/{message.id}")).json())["taken"]:
                    await asyncio.sleep(0.01)
                assert trace["failure"] is None, trace


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.backends)])
async def hall(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hall]:
    """The service with its networks and people."""
    async with rig(events, tmp_path, server_for(request)) as running:
        hall = Hall(running)
        await hall.hear(network("n-1"), network("n-2", bodies=["Q32"], care_group="renal"))
        await hall.hear(role("n-1", "lead-1", "lead_nurse"), role("n-1", "member-1", "member"))
        await hall.hear(person("member-1", "Mia Example"))
        yield hall


def in_days(days: float, hours: float = 0) -> str:
    """A time that many days from now."""
    return (clock.now() + timedelta(days=days, hours=hours)).isoformat()


def gathering(**fields: Any) -> dict[str, Any]:
    """The body that schedules a gathering."""
    usual = {"title": "Stroke day", "networks": ["n-1"], "starts_at": in_days(10), "ends_at": in_days(10, 2)}
    return {**usual, **fields}


def network(name: str, **fields: Any) -> Envelope:
    """The message that a network is so."""
    state = {
        "id": name, "revision": 1, "slug": name, "name": name, "care_group": "stroke", "bodies": ["Q31"],
        "archived": False, **fields,
    }  # fmt: skip
    return _message("registry.networks", "networks.registry.network.changed.v1", state)


def role(network_id: str, person_id: str, role: str, **fields: Any) -> Envelope:
    """The message that somebody holds a role."""
    state = {
        "id": f"{network_id}-{person_id}", "revision": 1, "network_id": network_id, "person_id": person_id,
        "role": role, "since": "2010-01-01", "until": None, "status": "active", **fields,
    }  # fmt: skip
    return _message("membership.memberships", "networks.membership.role.taken.v1", state)


def person(identity: str, name: str) -> Envelope:
    """The message that a person is called so."""
    return _message(
        "membership.people", "networks.membership.person.added.v1", {"id": identity, "revision": 1, "name": name}
    )


def erased(identity: str) -> Envelope:
    """The tombstone of a person."""
    return Envelope(
        "membership.people", identity, "networks.membership.person.erased.v1", "/membership", identity, None, 2
    )


def _message(topic: str, type_: str, state: dict[str, Any]) -> Envelope:
    data = {"state": state, "changes": {}, "announcement": None}
    return Envelope(topic, state["id"], type_, "/other", state["id"], data, state["revision"])
