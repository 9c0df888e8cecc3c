"""A service that goes away in the middle: who asked for a change is told that it may have been made."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from services.gateway import clients as asked
from services.gateway.across import Across
from services.gateway.clients import Clients, ServiceAway, Upstream
from services.gateway.within import Answer
from shared.auth import GATEWAY
from shared.away import DatabaseAway
from shared.config import Settings
from shared.errors import PerhapsSaved, Unavailable
from shared.process import StillStarting
from tests.gateway.places import place

LOOK = "The register stopped answering while this was being saved. Look whether it was before you try again."


async def _breaks_off(_head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _keeps_silent(_head: bytes, _writer: asyncio.StreamWriter) -> None:
    pass


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of a second is long enough."""
    monkeypatch.setattr(asked, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(asked, "CHANGE_SECONDS", 0.2)
    monkeypatch.setattr(asked, "AGAIN_PAUSES", (0.02, 0.02))


async def _asked(url: str, method: str, *, question: bool = False, **headers: str) -> Answer:
    clients = Clients(Settings(secret="s" * 32), {"registry": Upstream(Across(), url)})
    try:
        return await clients.raw(
            "registry", method, "/networks", principal=GATEWAY, content=b"{}", question=question, **headers
        )
    finally:
        await clients.close()


async def _refused(url: str, method: str, *, question: bool = False, **headers: str) -> Unavailable:
    with pytest.raises(Unavailable) as refused:
        await _asked(url, method, question=question, **headers)
    return refused.value


@pytest.mark.parametrize("answering", [_breaks_off, _keeps_silent])
@pytest.mark.parametrize(("method", "question"), [("GET", False), ("POST", True), ("POST", False), ("PATCH", False)])
async def test_only_a_change_that_was_heard_was_perhaps_made(answering: object, method: str, *, question: bool) -> None:
    async with place(answering) as there:  # type: ignore[arg-type]
        refused = await _refused(there.url, method, question=question)
    if method == "GET" or question:
        assert isinstance(refused, ServiceAway)
    else:
        assert isinstance(refused, PerhapsSaved) and refused.detail == LOOK


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_nobody_heard_was_not_done(method: str) -> None:
    async with place(_keeps_silent) as there:
        url = there.url
    refused = await _refused(url, method, question=False)
    assert isinstance(refused, ServiceAway)
    assert refused.detail == "The register does not answer; try again in a minute."


KEY = "the one"
ONCE_KEPT = re.compile(rb"(?i)\r\nidempotency-key: ([^\r]*)\r\n")


class Heard:
    """A service that does with each request what is next in *acts*, and with all further ones what is last."""

    def __init__(self, *acts: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]) -> None:
        self.keys: list[bytes] = []
        self._acts = list(acts)

    async def __call__(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        self.keys += ONCE_KEPT.findall(head)
        await (self._acts.pop(0) if len(self._acts) > 1 else self._acts[0])(head, writer)


def _says(problem: Unavailable | None) -> Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]:
    async def say(_head: bytes, writer: asyncio.StreamWriter) -> None:
        body = orjson.dumps(problem.document() if problem else {"revision": 2})
        writer.write(b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n" % (503 if problem else 200, len(body)) + body)

    return say


@pytest.mark.parametrize(
    "acts",
    [
        [_breaks_off],
        [_breaks_off, _breaks_off],
        [_says(PerhapsSaved())],
        [_says(PerhapsSaved()), _says(DatabaseAway())],
        [_breaks_off, _says(StillStarting())],
    ],
)
async def test_a_change_that_broke_off_is_sent_again_under_its_key(acts: list[Any]) -> None:
    service = Heard(*acts, _says(None))
    async with place(service) as there:
        answer = await _asked(there.url, "PATCH", idempotency_key=KEY)
    assert (answer.status_code, orjson.loads(answer.content)) == (200, {"revision": 2})
    assert service.keys == [KEY.encode()] * (len(acts) + 1)


@pytest.mark.parametrize("last", [_breaks_off, _says(PerhapsSaved()), _says(DatabaseAway())])
async def test_what_breaks_off_again_and_again_was_perhaps_saved(last: Any) -> None:
    service = Heard(_breaks_off, last)
    async with place(service) as there:
        refused = await _refused(there.url, "POST", idempotency_key=KEY)
    assert isinstance(refused, PerhapsSaved) and refused.detail == LOOK
    assert len(service.keys) == 3


async def test_whose_service_is_gone_after_it_broke_off_does_not_hear_that_nothing_was_done() -> None:
    async def goes(_head: bytes, writer: asyncio.StreamWriter) -> None:
        there.close()
        writer.transport.abort()

    async with place(goes) as there:
        refused = await _refused(there.url, "POST", idempotency_key=KEY)
    assert isinstance(refused, PerhapsSaved)


async def test_a_service_that_changed_nothing_is_not_asked_again() -> None:
    service = Heard(_says(DatabaseAway()), _says(None))
    async with place(service) as there:
        answer = await _asked(there.url, "PATCH", idempotency_key=KEY)
    assert answer.status_code == 503 and len(service.keys) == 1


async def test_a_change_without_a_key_is_sent_once() -> None:
    service = Heard(_breaks_off, _says(None))
    async with place(service) as there:
        refused = await _refused(there.url, "PATCH")
        assert there.connected == 1
    assert isinstance(refused, PerhapsSaved)
