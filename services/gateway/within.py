"""To a service of this process: its application is called as a server calls it, with no connection between."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import httpx
import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Scope

log = structlog.get_logger()
PLAIN = re.compile(r"/(?!/)(?:[\w/~:@,;=+*'()!$&?-]|(?<!/)\.|%[0-9A-Fa-f]{2})*", re.ASCII)
"""An address that httpx would leave as it is. It sees to what this does not match: to dots that climb, and to signs
that must be encoded."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered, whole."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True)
class WithinProcess:
    """An application of this process.

    An application that fails has answered 500 already: raising it here again would hide which service it was.
    """

    app: ASGIApp

    async def answer(self, method: str, url: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """The whole answer. Raises httpx.InvalidURL for what no address can be."""
        unread: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]
        started: Message = {"status": 500, "headers": []}
        pieces: list[bytes] = []
        answered = asyncio.Event()

        async def receive() -> Message:
            if not unread:
                await answered.wait()
                return {"type": "http.disconnect"}
            return unread.pop()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
                return
            if method != "HEAD":
                pieces.append(message.get("body", b""))
            if not message.get("more_body"):
                answered.set()

        scope = _scope(method, url, content, headers)
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            log.debug("service_failed", reason=str(error))
        return Answer(started["status"], Headers(raw=list(started["headers"])), b"".join(pieces))

    async def close(self) -> None:
        """There is nothing to close."""


def _scope(method: str, url: str, content: bytes, headers: Mapping[str, str]) -> Scope:
    sent = url.encode() if PLAIN.fullmatch(url) else httpx.URL("http://service" + url).raw_path
    raw_path, _, query = sent.partition(b"?")
    named = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if content or method not in {"GET", "HEAD"}:
        named.append((b"content-length", b"%d" % len(content)))
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "headers": [(b"host", b"service"), *named], "scheme": "http", "path": unquote(raw_path.decode()),
        "raw_path": raw_path, "query_string": query, "root_path": "", "server": ("service", None),
        "client": ("127.0.0.1", 123),
    }  # fmt: skip
