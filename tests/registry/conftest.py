"""The register in this process, on SQLite and, for what the databases do differently, on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.registry.app import service
from services.registry.tables import Person, Role
from shared.auth import Principal
from shared.envelope import Envelope
from tests.databases import server_for
from tests.registry.linking import Linking, with_networks
from tests.registry.service_changing import Scene, with_leads
from tests.registry.standing import networks, settled
from tests.service_rig import STAFF, Rig, rig, said

__all__ = ["networks"]

BOTH = pytest.mark.parametrize(
    "register", ["sqlite", pytest.param("postgresql", marks=pytest.mark.backends)], indirect=True
)
REAL_NETWORKS = Path("services/registry/reference/networks.csv").read_bytes()
NEW = {"type": "disease", "care_group": "stroke", "bodies": ["Q31"]}


class Register:
    """The service, and short words for what the tests do with it."""

    def __init__(self, running: Rig) -> None:
        """Speak to *running*."""
        self.rig = running
        self.database = running.parts.database

    async def ask(self, method: str, path: str, body: Any = None, *, by: Principal = STAFF, **headers: str) -> Any:
        """The answer to one request of *by*; headers are spelt with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if by.signed_in:
            named |= self.rig.as_(by)
        return await self.rig.client.request(method, path, json=body, headers=named)

    async def get(self, path: str, *, by: Principal = STAFF) -> Any:
        """The JSON of a GET that succeeds."""
        answer = await self.ask("GET", path, by=by)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, *, by: Principal = STAFF) -> Any:
        """The JSON of a POST that succeeds."""
        answer = await self.ask("POST", path, body or {}, by=by)
        assert answer.is_success, answer.text
        return answer.json()

    async def network(self, name: str, **fields: Any) -> str:
        """A new network's id."""
        return str((await self.post("/networks", {**NEW, "name": name, **fields}))["id"])

    async def person(self, name: str, **roles: str) -> Principal:
        """Somebody with roles: role → network's id."""
        identity = f"person-{name.lower()}"
        async with self.database.transaction() as session:
            session.add(Person(id=identity, revision=1, name=name))
            for role, network in roles.items():
                session.add(Role(
                    id=f"{identity}-{role}", revision=1, network_id=network, person_id=identity, role=role,
                    since=date(2026, 1, 1), until=None, status="active",
                ))  # fmt: skip
        return Principal(identity)

    async def said(self, topic: str) -> list[Envelope]:
        """Every message of *topic*, oldest first, once the service has heard what it said itself."""
        await settled(self.rig)
        return await said(self.rig, topic)


@pytest.fixture
async def register(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Register]:
    """The running service; on SQLite unless told."""
    async with rig(service, tmp_path, server_for(request)) as running:
        yield Register(running)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.backends)])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """The service on each database in turn, asked by staff."""
    async with rig(service, tmp_path, server_for(request)) as running:
        running.client.headers.update(running.as_(STAFF))
        yield running


@pytest.fixture
async def real(either: Rig) -> Rig:
    """The same with the 420 real networks."""
    answer = await either.client.post("/networks/imports", content=REAL_NETWORKS)
    assert answer.json()["new"] == 420
    return either


@pytest.fixture
async def linking(register: Register) -> Linking:
    """The register with four networks, A to D, to be linked; Ann manages A, and Ben chairs B."""
    return await with_networks(Linking(register))


@pytest.fixture
async def scene(register: Register) -> Scene:
    """A network with its leads, who decide on changes of its services, and somebody of another."""
    return await with_leads(register)
