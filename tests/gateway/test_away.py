"""A page for whoever is signed in while nobody can say who that is: it says so, and what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.gateway.app import Gateway, gateway
from services.gateway.clients import Upstream
from shared.broadcast.memory import LocalBroadcast
from shared.config import Settings
from tests.gateway.conftest import Mortal

PAGES = ("/", "/networks", "/alerts", "/staff")


@pytest.fixture
def store() -> Mortal:
    return Mortal()


@pytest_asyncio.fixture
async def alone(store: Mortal) -> AsyncIterator[Gateway]:
    """A gateway of which every service is away."""
    away = {name: Upstream(httpx.AsyncHTTPTransport(), "http://127.0.0.1:9") for name in ("registry", "membership")}
    settings = Settings(secret="s" * 32, base_url="http://gateway")
    app = gateway(settings, broadcast=LocalBroadcast(), store=store, clients=away)
    yield app
    await app.edge.clients.close()


async def _asked(app: Gateway, path: str, cookie: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as client:
        return await client.get(path, headers={"accept": "text/html", "cookie": f"tidings={cookie}"})


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("dies", "sentence"), [(True, "Redis does not answer"), (False, "try again in a minute")])
async def test_who_is_signed_in_is_told_what_is_away(
    alone: Gateway, store: Mortal, path: str, dies: bool, sentence: str
) -> None:
    session = await alone.edge.sessions.begin("anna", "Anna")
    store.is_gone = dies  # else membership alone is away
    answered = await _asked(alone, path, session.id)
    assert answered.status_code == 503
    assert answered.headers["content-type"].startswith("text/html")
    assert "<h1" in answered.text and sentence in answered.text
