"""A service that goes away in the middle: who asked for a change is told that it may have been made."""

import asyncio

import pytest

from services.gateway import clients as asked
from services.gateway.across import Across
from services.gateway.clients import Clients, ServiceAway, Upstream
from shared.auth import GATEWAY
from shared.config import Settings
from shared.errors import PerhapsSaved, Unavailable
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


async def _refused(url: str, method: str, *, question: bool) -> Unavailable:
    clients = Clients(Settings(secret="s" * 32), {"registry": Upstream(Across(), url)})
    try:
        with pytest.raises(Unavailable) as refused:
            await clients.raw("registry", method, "/networks", principal=GATEWAY, content=b"{}", question=question)
    finally:
        await clients.close()
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
