"""The count in the header: asked for once, and again as soon as anything may have changed it."""

from __future__ import annotations

import httpx
import pytest

from services.gateway import unread as module
from services.gateway.clients import Clients, Upstream
from services.gateway.streams.hub import Hub
from services.gateway.unread import Unread
from shared.auth import Principal
from shared.config import Settings
from tests.gateway.conftest import Storage, wire
from tests.service_rig import SECRET

ANN, BEN = Principal("ann"), Principal("ben")


class Notifications:
    """Says how many are unread, and counts how often it was asked."""

    def __init__(self) -> None:
        self.unread, self.asked = 3, 0

    def __call__(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(200, json={"unread": self.unread})


@pytest.fixture
def notifications() -> Notifications:
    return Notifications()


@pytest.fixture
def counts(notifications: Notifications, hub: Hub) -> Unread:
    """The counts of a gateway that asks *notifications*."""
    upstream = Upstream(httpx.MockTransport(notifications))
    return Unread(Clients(Settings(secret=SECRET), {"notifications": upstream}), hub)


async def test_the_count_is_asked_for_once_while_nothing_changes(notifications: Notifications, counts: Unread) -> None:
    assert [await counts.of(ANN) for _ in range(5)] == [3] * 5 and notifications.asked == 1
    assert await counts.of(BEN) == 3 and notifications.asked == 2


async def test_it_is_asked_for_again_after_an_alert(
    notifications: Notifications, counts: Unread, hub: Hub, storage: Storage
) -> None:
    await counts.of(ANN)
    notifications.unread = 4
    await hub._deliver(wire(hub.position + 1))
    assert await counts.of(ANN) == 4


@pytest.mark.parametrize("payload", [b'{"person_id":"ann","revision":2}', b"not readable"])
async def test_it_is_asked_for_again_after_the_reader_s_marks_changed(
    notifications: Notifications, counts: Unread, payload: bytes
) -> None:
    await counts.of(ANN)
    notifications.unread = 0
    counts.heard(payload)
    assert await counts.of(ANN) == 0


async def test_it_is_asked_for_again_after_a_while_because_a_broadcast_may_be_lost(
    notifications: Notifications, counts: Unread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_SECONDS", 0.0)
    await counts.of(ANN)
    notifications.unread = 1
    assert await counts.of(ANN) == 1
