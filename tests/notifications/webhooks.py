"""A town whose webhooks may call this machine, and what a stranger does with what arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from standardwebhooks import Webhook

from shared.auth import Principal
from shared.config import Settings
from tests.notifications.conftest import STAFF, NoMail, Town, eventually, own_database, town_of
from tests.outside.receivers import Asked, Receiver

HERE = "127.0.0.0/8"


@asynccontextmanager
async def calling_town(settings: Settings, mailer: Any = None) -> AsyncIterator[Town]:
    """A town that may call this machine."""
    open_ = settings.model_copy(update={"webhook_allow": HERE})
    async with own_database(open_) as mine, town_of(open_, mine, mailer or NoMail()) as running:
        yield running


async def subscribe(town: Town, receiver: Receiver, by: Principal | str = STAFF, **fields: Any) -> dict[str, Any]:
    """Add a webhook to *receiver*; the answer holds its secret."""
    body = {"name": "A hook", "url": receiver.url, "form": "full", **fields}
    found: dict[str, Any] = await town.post("/subscriptions", by, **body)
    return found


async def arrived(receiver: Receiver, count: int = 1, seconds: float = 20) -> list[Asked]:
    """The first *count* requests, once they are there."""
    async with asyncio.timeout(seconds):
        while len(receiver.asked) < count:
            await asyncio.sleep(0.01)
    return receiver.asked[:count]


def verified(asked: Asked, secret: str) -> dict[str, Any]:
    """The body, verified by the library of Standard Webhooks as a stranger would. Raises its error."""
    found: dict[str, Any] = Webhook(secret).verify(asked.body, asked.headers)
    return found


async def log_of(town: Town, hook: dict[str, Any], by: Principal | str = STAFF, **query: Any) -> list[dict[str, Any]]:
    """The log, newest first."""
    found: list[dict[str, Any]] = (await town.get(f"/subscriptions/{hook['id']}/deliveries", by, **query))["items"]
    return found


async def settled(town: Town, hook: dict[str, Any], *states: str, by: Principal | str = STAFF) -> list[dict[str, Any]]:
    """The log, once its newest entries are in these states (the newest first)."""

    async def so() -> bool:
        return [entry["state"] for entry in await log_of(town, hook, by)][: len(states)] == list(states)

    await eventually(so)
    return await log_of(town, hook, by)
