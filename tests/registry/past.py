"""The register running on either database, with a clock that tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.registry.app import service
from shared import clock
from shared.auth import Principal
from tests.service_rig import STAFF, Rig, rig

NEW = {"type": "disease", "care_group": "stroke", "bodies": ["Q31"]}


def on(day: str) -> datetime:
    """Noon of a day."""
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


@dataclass
class Register:
    """The running service, and short words for what the tests do with it."""

    rig: Rig

    async def ask(self, method: str, path: str, by: Principal = STAFF, json: Any = None, **query: Any) -> Any:
        """The answer to a request."""
        params = {name.rstrip("_"): value for name, value in query.items()}
        return await self.rig.client.request(method, path, json=json, params=params, headers=self.rig.as_(by))

    async def get(self, path: str, **query: Any) -> Any:
        """What is at *path*."""
        answer = await self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def do(self, path: str, *, day: str = "", method: str = "POST", **body: Any) -> dict[str, Any]:
        """Change something, on a day where one is named."""
        with clock.at(on(day)) if day else nullcontext():
            answer = await self.ask(method, path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def add(self, name: str, *, day: str = "", **fields: Any) -> dict[str, Any]:
        """A new network."""
        return await self.do("/networks", day=day, name=name, **{**NEW, **fields})

    async def change(self, network: dict[str, Any], *, day: str = "", **fields: Any) -> dict[str, Any]:
        """Change fields of a network; its stage moves on the way that it has."""
        there, stage = f"/networks/{network['id']}", fields.pop("stage", "")
        changed = await self.do(there, day=day, method="PATCH", **fields) if fields else network
        return await self.do(f"{there}/stage", day=day, to=stage) if stage else changed

    async def names(self, **query: Any) -> list[str]:
        """The names of the networks that are found."""
        return [network["name"] for network in (await self.get("/networks", **query))["items"]]


@asynccontextmanager
async def register(folder: Path, address: str = "") -> AsyncIterator[Register]:
    """The register, on PostgreSQL where *address* names one, in a database of its own."""
    async with rig(service, folder, address) as running:
        yield Register(running)
