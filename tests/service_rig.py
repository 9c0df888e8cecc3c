"""A service running in this process on the embedded parts, for the tests of that service alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from shared.auth import Principal, sign
from shared.config import Settings
from shared.envelope import Envelope, decode
from shared.log import Record, Subscription
from shared.relay import outbox_rows
from shared.service import Parts, Service, application, parts_of, running, shared_parts
from tests.databases import own_database

SECRET = "x" * 32
STAFF = Principal("staff-1", is_staff=True)
EMBEDDED = {"kafka": "", "postgres": "", "redis": "", "smtp": ""}
"""Said outright, because the environment may name real backends."""


@dataclass
class Rig:
    """A running service: its parts, and a client that speaks to its HTTP side."""

    parts: Parts
    transport: httpx.AsyncBaseTransport
    client: httpx.AsyncClient

    def as_(self, principal: Principal) -> dict[str, str]:
        """The header that makes a request *principal*'s."""
        return {"authorization": f"Bearer {sign(principal, SECRET)}"}


@asynccontextmanager
async def rig(service: Service, folder: Path, postgres: str = "") -> AsyncIterator[Rig]:
    """Run *service* with its data in *folder*, on PostgreSQL in a database of its own where an address is given."""
    chosen = {**EMBEDDED, "postgres": postgres}
    settings = Settings(data=folder, secret=SECRET, **chosen)  # type: ignore[arg-type]
    async with own_database(service, settings) as own:
        common = shared_parts(settings)
        await common.start()
        parts = parts_of(own, common)
        try:
            async with running(own, parts):
                transport = httpx.ASGITransport(application(own, parts), raise_app_exceptions=False)
                async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                    yield Rig(parts, transport, client)
        finally:
            await common.stop()


async def said(running: Rig, *topics: str) -> list[Envelope]:
    """Every message of *topics*, oldest first, once the relay is through."""
    async with asyncio.timeout(20):
        while await outbox_rows(running.parts.database):
            await asyncio.sleep(0.01)
    subscription = await running.parts.log.subscribe(group=f"reader-{uuid4().hex}", topics=topics)
    try:
        records = await _all(subscription)
    finally:
        await subscription.close()
    ordered = sorted(records, key=lambda r: (r.time, r.partition, r.offset))
    return [decode(r.topic, r.key, r.headers, r.value) for r in ordered]


async def _all(subscription: Subscription) -> list[Record]:
    records: list[Record] = []
    async with asyncio.timeout(20):
        while (batch := await subscription.fetch(limit=500, timeout=0.05)) or any((await subscription.lag()).values()):
            records += batch
            await subscription.commit({(record.topic, record.partition): record.offset + 1 for record in batch})
    return records
