"""The connections to services in other processes: an answer is its request's, and what breaks off is said."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.gateway.across import Across
from tests.gateway.places import place


@pytest_asyncio.fixture
async def across() -> AsyncIterator[Across]:
    made = Across()
    yield made
    await made.aclose()
    await asyncio.sleep(0)


async def echoed(head: bytes, writer: asyncio.StreamWriter) -> None:
    """Answer with the address that was asked for, in two pieces."""
    path = head.split(b" ")[1]
    writer.write(b"HTTP/1.1 200 OK\r\netag: 7\r\ncontent-length: %d\r\n\r\n" % len(path) + path[:2])
    await asyncio.sleep(0)
    writer.write(path[2:])


async def asked(across: Across, where: str, method: str = "GET", **headers: str) -> httpx.Response:
    return await across.handle_async_request(httpx.Request(method, where, headers=headers))


async def test_a_connection_is_kept_for_the_next_request(across: Across) -> None:
    async with place(echoed) as there:
        answers = [await asked(across, f"{there.url}/{n}") for n in range(5)]
        assert [answer.text for answer in answers] == [f"/{n}" for n in range(5)] and answers[0].headers["etag"] == "7"
        assert there.connected == 1


async def test_many_at_once_each_get_their_own_answer(across: Across) -> None:
    async with place(echoed) as there:
        answers = await asyncio.gather(*(asked(across, f"{there.url}/{n}") for n in range(300)))
        assert [answer.text for answer in answers] == [f"/{n}" for n in range(300)] and there.connected <= 100


async def test_who_gives_up_leaves_no_answer_to_the_next(across: Across) -> None:
    async def late(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2 if b"/slow" in head else 0)
        await echoed(head, writer)

    async with place(late) as there:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asked(across, f"{there.url}/slow"), 0.05)
        assert (await asked(across, f"{there.url}/quick")).text == "/quick"


async def test_an_answer_that_breaks_off_is_an_error_and_the_next_request_connects_anew(across: Across) -> None:
    async def broken(head: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/whole" in head:
            return await echoed(head, writer)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        writer.close()

    async with place(broken) as there:
        with pytest.raises(httpx.RemoteProtocolError):
            await asked(across, f"{there.url}/half")
        assert (await asked(across, f"{there.url}/whole")).text == "/whole" and there.connected == 2


async def test_a_connection_that_the_service_closed_is_not_used_again(across: Across) -> None:
    async def once(head: bytes, writer: asyncio.StreamWriter) -> None:
        await echoed(head, writer)
        writer.close()

    async with place(once) as there:
        for number in range(3):
            assert (await asked(across, f"{there.url}/{number}")).text == f"/{number}"
            await asyncio.sleep(0.02)
        assert there.connected == 3


async def test_what_speaks_no_http_is_an_error(across: Across) -> None:
    async def nonsense(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")

    async with place(nonsense) as there:
        with pytest.raises(httpx.RemoteProtocolError):
            await asked(across, there.url)


async def test_nobody_at_the_address_is_an_error(across: Across) -> None:
    async with place(echoed) as there:
        gone = there.url
    with pytest.raises(httpx.ConnectError):
        await asked(across, gone)


async def test_a_head_has_no_body_to_wait_for(across: Across) -> None:
    async def head_only(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")

    async with place(head_only) as there, asyncio.timeout(5):
        assert (await asked(across, there.url, "HEAD")).status_code == 200


async def test_a_header_cannot_smuggle_another(across: Across) -> None:
    async with place(echoed) as there:
        with pytest.raises(httpx.LocalProtocolError):
            await asked(across, there.url, reason="first\r\nauthorization: Bearer stolen")
