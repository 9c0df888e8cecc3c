"""Playing the demonstration: what is watched, what is refused, and a system that does not run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx
import orjson
import pytest

from services.cli import play
from services.cli.play.scenes import ACTORS, Refused, Scenes
from services.cli.play.watching import Done, Watch, seen_by
from services.cli.seed.cast import STAFF
from shared.config import Settings

pytestmark = pytest.mark.fast
NETWORK = {"id": "n1", "slug": "a-network", "name": "A network", "care_group": "cardiovascular", "stage": "informal"}


def client(answer: httpx.Response | None = None, **stream: str) -> httpx.AsyncClient:
    """A client of a gateway that gives one answer."""
    given = answer or httpx.Response(200, **stream)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda _: given), base_url="http://gateway/api")


async def test_a_watch_says_how_long_a_change_took() -> None:
    item = {"path": "/networks/a-network", "time": datetime.now(UTC).isoformat()}
    watch = Watch("the feed", client(text=f": hello\n\nid: e-1\ndata: {orjson.dumps(item).decode()}\n\n"))
    async with watch.reading("/feed/stream"):
        seen = await seen_by([watch], Done("something", "/networks/a-network"))
    assert 0 <= seen["the feed"] < 1 and len(watch.times) == 1


async def test_a_minor_change_is_not_waited_for() -> None:
    watch = Watch("the feed", client(text=""))
    async with asyncio.timeout(0.2):
        assert await seen_by([watch], Done("a slip", "/networks/a-network", minor=True)) == {}


async def test_every_scene_sends_what_a_person_would() -> None:
    sent: list[tuple[str, str]] = []

    def gateway(request: httpx.Request) -> httpx.Response:
        sent.append((request.method, request.url.path))
        items = [NETWORK] if request.url.path == "/api/networks" else [{"id": "p1"}]
        thing = {**NETWORK, "title": "A gathering", "starts_at": "2026-12-01T10:00:00+00:00", "networks": []}
        return httpx.Response(200, json={**thing, "items": items})

    shared = httpx.AsyncClient(transport=httpx.MockTransport(gateway), base_url="http://gateway/api")
    scenes = Scenes(Random(1), dict.fromkeys(ACTORS, shared))
    await scenes.look_around()
    for _ in range(200):
        assert (await scenes.next()).sentence
    patterns = {path.replace("n1", "{id}") for method, path in sent if method != "GET"}
    assert {"/api/networks/{id}/roles", "/api/networks/{id}/join", "/api/events/{id}/bookings"} <= patterns
    assert {"/api/networks/{id}/stage", "/api/networks/{id}/evidence"} <= patterns
    assert {"/api/events", "/api/events/{id}/cancel", "/api/events/{id}/bookings/mine"} <= patterns


async def test_a_refusal_is_told_in_the_words_of_the_problem_document() -> None:
    problem = httpx.Response(409, json={"detail": "This person holds this role already."}, request=None)
    problem.headers["content-type"] = "application/problem+json"
    scenes = Scenes(Random(1), {STAFF: client(problem)})
    with pytest.raises(Refused, match="holds this role already"):
        await scenes.look_around()


async def test_a_system_that_does_not_run_is_named(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, base_url="http://127.0.0.1:9")
    with pytest.raises(play.DoesNotRun, match=r"Nothing answers on http://127\.0\.0\.1:9"):
        await play.demo(settings, seed_only=False, speed=1, minutes=1)
