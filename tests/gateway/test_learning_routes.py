"""Which service answers a path: learnt from their documents, which are not read for everybody who asks for nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.gateway import api, openapi
from services.gateway.clients import Clients, ServiceAway
from services.gateway.openapi import Routes
from shared.config import Settings

pytestmark = pytest.mark.fast


class Services(Clients):
    """Two services, of which one may be away."""

    asked = 0
    paths = ("/things",)
    is_away = False
    pause = 0.0

    def names(self) -> list[str]:
        return ["one", "two"]

    async def ask(self, service: str, path: str, **_: Any) -> Any:
        self.asked += 1
        await asyncio.sleep(self.pause)
        if service == "two" and self.is_away:
            raise ServiceAway
        return {"paths": {path: {} for path in self.paths} if service == "two" else {}}


@pytest.fixture
def services() -> Services:
    return Services(Settings(secret="s" * 32))


async def test_an_unknown_address_asked_for_a_thousand_times_is_looked_for_once(services: Services) -> None:
    routes = Routes(services)
    found = await asyncio.gather(*(routes.service_of(f"/nothing/{number}") for number in range(1000)))
    assert set(found) == {None} and services.asked == 2
    assert await routes.service_of("/things") == "two" and services.asked == 2


async def test_a_new_route_is_found_once_the_absence_is_forgotten(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes = Routes(services)
    assert await routes.service_of("/more") is None
    services.paths = ("/things", "/more")
    assert await routes.service_of("/more") is None
    monkeypatch.setattr(openapi, "AGAIN_SECONDS", 0.0)
    assert await routes.service_of("/more") == "two"


async def test_a_service_that_was_away_is_looked_for_sooner(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes, services.is_away = Routes(services), True
    with pytest.raises(ServiceAway, match="two does not answer"):
        await routes.service_of("/things")
    services.is_away = False
    monkeypatch.setattr(openapi, "AWAY_SECONDS", 0.0)
    assert await routes.service_of("/things") == "two"


async def test_who_asks_while_the_documents_are_read_waits_for_them(services: Services) -> None:
    routes, services.pause = Routes(services), 0.02
    reading = asyncio.create_task(routes.load())
    await asyncio.sleep(0.01)
    assert await routes.service_of("/things") == "two"
    await reading
    assert services.asked == 2


async def test_what_no_service_has_is_not_there_once_all_have_said_what_they_have(services: Services) -> None:
    assert await Routes(services).service_of("/nothing") is None


def test_a_document_is_compressed_once_for_each_content(monkeypatch: pytest.MonkeyPatch) -> None:
    api._compressed.cache_clear()
    sizes: list[int] = []
    compress = api.gzip.compress
    monkeypatch.setattr(api.gzip, "compress", lambda content, level: sizes.append(len(content)) or compress(content))
    for _ in range(3):
        assert api._compressed(b"a" * 1000) == api._compressed(b"a" * 1000)
    assert api._compressed(b"b" * 1000) and sizes == [1000, 1000]
