"""A service of the same process is asked as one across the network is: the same addresses, bodies and failures."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.gateway.within import WithinProcess

ADDRESSES = (
    "/networks", "/networks?q=stroke&limit=25", "/networks/a%20b?q=%C3%A9", "/networks/a b", "/networks/é?q=é&x=<b>",
    "/networks/../internal/x", "/networks/./x", "/networks/%2e%2e/internal", "/networks/..", "/a//b", "/a?x=/../b",
    "/a%zz", "/a#part", "/a?b#part", "/a[b]{c}|d", "/a?q='x'&y=\"z\"", "/v1.2/x.csv", "/a?",
)  # fmt: skip


async def echo(request: Request) -> Response:
    """What an application is asked."""
    if request.query_params.get("q") == "stop":
        raise RuntimeError("on purpose")
    said = {
        "path": request.scope["path"], "query": request.scope["query_string"].decode(),
        "body": (await request.body()).decode(), "length": request.headers.get("content-length"),
        "name": request.headers.get("x-name"),
    }  # fmt: skip
    return JSONResponse(said, headers={"X-Answer": "yes"})


APP = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "HEAD", "POST"])])


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_arrives_as_it_would_across_the_network(address: str) -> None:
    across = httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://service")
    there = await across.get("http://service" + address)
    here = await WithinProcess(APP).answer("GET", address, b"", {})
    assert (here.status_code, here.content) == (there.status_code, there.content)


async def test_a_body_has_its_length_and_a_header_its_value() -> None:
    answer = await WithinProcess(APP).answer("POST", "/x", b"abc", {"X-Name": "Zoë"})
    said = httpx.Response(200, content=answer.content).json()
    assert said["body"] == "abc" and said["length"] == "3" and said["name"] == "Zoë"
    assert answer.is_success and answer.headers["x-answer"] == "yes" and "X-ANSWER" in answer.headers


async def test_a_head_has_no_body() -> None:
    assert (await WithinProcess(APP).answer("HEAD", "/x", b"", {})).content == b""


async def test_an_application_that_fails_has_answered() -> None:
    answer = await WithinProcess(APP).answer("GET", "/x?q=stop", b"", {})
    assert answer.status_code == 500 and not answer.is_success


async def test_what_no_address_can_be_is_an_error() -> None:
    with pytest.raises(httpx.InvalidURL):
        await WithinProcess(APP).answer("GET", "/a\nb", b"", {})
