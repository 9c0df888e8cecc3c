"""One POST to an address of the outside, and an honest account of what came of it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpcore

from shared.outside.addresses import Doors, NotAllowed, Target
from shared.outside.lines import Line, Lines, Names, Resolve

KEPT_BYTES = 2048
"""So much of an answer's body is kept."""
BODY_SECONDS = 2.0
"""So long a body is read once the status is known: it decides nothing, so it may hold up nothing."""
MOST_HEADERS = 40
LONGEST_HEADER = 500


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for a connection, its name's look-up included, and for the whole call."""

    connect: float = 5.0
    whole: float = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call. `status` is None where no answer came; `reason` then says why, in a sentence."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    milliseconds: int
    reason: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the other side took it."""
        return self.status is not None and 200 <= self.status < 300


class Caller:
    """Makes calls to what *doors* leave open."""

    def __init__(
        self, doors: Doors, *, patience: Patience | None = None, resolve: Resolve | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        """*resolve* and *context* are the system's where they are not given."""
        self.doors = doors
        self._patience = patience or Patience()
        self._names = Names()
        self._lines = Lines(doors, resolve or self._names, context or ssl.create_default_context())

    async def post(self, target: Target, content: bytes, headers: Mapping[str, str]) -> Answer:
        """POST *content*. What the other side does raises nothing: the answer says it."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._patience.whole):
                status, given, body = await self._posted(target, content, headers)
        except (NotAllowed, OSError, TimeoutError, *_TROUBLE) as error:
            return Answer(None, {}, b"", _since(began), reason_of(error, self._patience))
        return Answer(status, given, body, _since(began))

    async def close(self) -> None:
        """Close what is idle, and look no name up any more."""
        await self._lines.close_old(0.0)
        self._names.close()

    async def _posted(
        self, target: Target, content: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        line = await self._lines.to(target)
        try:
            return await self._exchanged(line, target, content, headers)
        except _TROUBLE:
            if not line.has_served:
                raise
        # The other side had had enough of an idle connection: once more, on a new one.
        return await self._exchanged(self._lines.new(target), target, content, headers)

    async def _exchanged(
        self, line: Line, target: Target, content: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        is_whole = False
        try:
            answered = await line.connection.handle_async_request(self._request(target, content, headers))
            body, is_whole = await _beginning(answered)
            return answered.status, _readable(answered.headers), body
        finally:
            if is_whole:
                await self._lines.put_back(target, line)
            else:
                await line.close()

    def _request(self, target: Target, content: bytes, headers: Mapping[str, str]) -> httpcore.Request:
        own = {"host": target.authority, "content-length": str(len(content))}
        sent = [(name.encode(), value.encode()) for name, value in {**own, **headers}.items()]
        place = (target.scheme.encode(), target.host.encode(), target.port)
        url = httpcore.URL(scheme=place[0], host=place[1], port=place[2], target=target.path.encode())
        limits = {"connect": self._patience.connect}
        return httpcore.Request("POST", url, headers=sent, content=content, extensions={"timeout": limits})


_TROUBLE = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


async def _beginning(answered: httpcore.Response) -> tuple[bytes, bool]:
    """The first bytes of the body, and whether that is all of it. One that is long or does not come is cut."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in answered.aiter_stream():
                body += chunk
                if len(body) > KEPT_BYTES:
                    return bytes(body[:KEPT_BYTES]), False
            await answered.aclose()
    except (TimeoutError, *_TROUBLE):
        return bytes(body), False
    return bytes(body), True


def _readable(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The first headers, as text; cookies are nobody's business."""
    found: dict[str, str] = {}
    for name, value in headers[:MOST_HEADERS]:
        text = name.decode("latin-1").lower()
        if text != "set-cookie":
            found[text] = value.decode("latin-1")[:LONGEST_HEADER]
    return found


def _since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)


def reason_of(error: BaseException, patience: Patience) -> str:
    """Why no answer came, in a sentence."""
    if isinstance(error, NotAllowed):
        return str(error)
    if isinstance(error, httpcore.ConnectTimeout):
        return f"No connection within {patience.connect:g} seconds."
    if isinstance(error, TimeoutError):
        return f"No answer within {patience.whole:g} seconds."
    if isinstance(error, httpcore.ConnectError):
        return f"The connection was refused or could not be secured: {_said(error)}."
    if isinstance(error, OSError):
        return f"The name could not be looked up: {_said(error)}."
    return f"The answer broke off or was no HTTP: {_said(error)}."


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__).rstrip(".")[:200]
