"""A page for whoever is signed in while nobody can say who that is: it says so, and what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from services.gateway.app import Gateway, gateway
from services.gateway.clients import Upstream
from shared.broadcast.memory import LocalBroadcast
from shared.config import Settings
from tests.gateway.conftest import Mortal, left_while_sending

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


async def test_an_accident_while_finding_out_who_comes_is_a_page_too(
    alone: Gateway, store: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await alone.edge.sessions.begin("anna", "Anna")

    async def broken(_key: str) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(store, "get", broken)
    answered = await _asked(alone, "/networks", session.id)
    assert answered.status_code == 500
    assert answered.headers["content-type"].startswith("text/html")
    assert "<h1" in answered.text and "Reference:" in answered.text


async def test_who_leaves_while_sending_a_form_is_no_accident(alone: Gateway) -> None:
    with capture_logs() as logged:
        status = await left_while_sending(alone, "/sign-in", ("content-type", "application/x-www-form-urlencoded"))
    assert status == 499
    assert not [line for line in logged if line["log_level"] == "error"]
