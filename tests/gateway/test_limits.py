"""Limits at the gateway's own door: who sends too much is told how long to wait, and waiting so long is enough."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Response

from services.gateway.app import gateway
from services.gateway.clients import clients_for
from services.gateway.signing_in.throttle import TRIES_HERE
from shared.broadcast.memory import LocalBroadcast
from shared.config import Settings
from shared.store.memory import LocalStore
from tests.security.visiting import FORM_TOKEN

PERSON = {"person_id": "anna", "name": "Anna", "is_staff": False, "bodies": [], "scopes": ["read", "write"]}
RATE = 5
Asking = Callable[[], Awaitable[httpx.Response]]


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        """Begin now."""
        self.now = 1000.0

    def __call__(self) -> float:
        """The seconds."""
        return self.now


def _membership() -> FastAPI:
    app = FastAPI()

    @app.get("/people")
    async def people() -> dict[str, Any]:
        return {"items": [], "next": None, "total": 0}

    @app.post("/internal/tokens/resolve")
    async def resolve() -> dict[str, Any]:
        return PERSON

    @app.get("/internal/principals/{person_id}")
    async def standing(person_id: str) -> dict[str, Any]:
        return {**PERSON, "person_id": person_id}

    @app.post("/internal/sign-in")
    async def sign_in(body: dict[str, str], response: Response) -> dict[str, Any]:
        is_right = body["password"] == "right"
        response.status_code = 200 if is_right else 401
        return {**PERSON, "email": body["email"], "has_second_factor": False} if is_right else {"title": "Wrong"}

    return app


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def visitor(clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A browser before a gateway that takes five requests a minute of the API."""
    settings = Settings(secret="s" * 32, base_url="http://gateway", api_rate=RATE, form_rate=0)
    clients = clients_for(settings, {"membership": _membership()})
    app = gateway(settings, broadcast=LocalBroadcast(), store=LocalStore(now=clock), clients=clients)
    await app.routes.load()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as made:
        yield made
    await app.edge.clients.close()


async def refused_and_let_in_again(ask: Asking, clock: Clock, longest: int) -> httpx.Response:
    """The refusal that *ask* came to; it is one until the moment that it said, and none from then on."""
    answered = [await ask() for _ in range(3 * TRIES_HERE)]
    refusals = [answer for answer in answered if answer.status_code == 429]
    assert refusals and answered[-1].status_code == 429
    wait = int(refusals[0].headers["retry-after"])
    assert 0 < wait <= longest
    clock.now += wait - 1
    assert (await ask()).status_code == 429, "it would have been let in sooner than it was told"
    clock.now += 1.5
    assert (await ask()).status_code != 429, "it waited as long as it was told"
    return refusals[0]


async def test_a_program_that_asks_too_often_is_told_when_to_ask_again(
    visitor: httpx.AsyncClient, clock: Clock
) -> None:
    token = {"authorization": "Bearer a-token"}
    refusal = await refused_and_let_in_again(lambda: visitor.get("/api/people", headers=token), clock, 60)
    assert refusal.headers["content-type"] == "application/problem+json"
    assert refusal.json()["retry_after"] == int(refusal.headers["retry-after"]) and "Wait" in refusal.json()["detail"]


async def test_whoever_asks_too_often_holds_nobody_else_up(visitor: httpx.AsyncClient) -> None:
    strangers = [(await visitor.get("/api/people")).status_code for _ in range(2 * RATE)]
    assert strangers[-1] == 429
    assert (await visitor.get("/api/people", headers={"authorization": "Bearer a-token"})).status_code == 200


async def test_wrong_passwords_are_told_when_to_try_again(visitor: httpx.AsyncClient, clock: Clock) -> None:
    async def try_one() -> httpx.Response:
        form = FORM_TOKEN.search((await visitor.get("/sign-in")).text)
        assert form
        fields = {"form_token": form[1], "email": "anna@tidings.example", "password": "wrong"}
        return await visitor.post("/sign-in", data=fields)

    refusal = await refused_and_let_in_again(try_one, clock, 15 * 60)
    assert "Too many tries to sign in" in refusal.text and "Wait" in refusal.text
