"""The bytes of an SMTP conversation: replies parsed, commands in one write, content made transparent.

Pipelining (RFC 2920) is why this exists: a mail's content goes out in one write with MAIL, RCPT and DATA of the next,
so a mail costs one round trip instead of four, one write and one read (smtp.py has the figures).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST_LINE = 4096
LONGEST_REPLY = 64 * 1024
CLOSING = 421
_BARE = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its code and its text, the lines joined by spaces."""

    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """Whether the command was taken."""
        return self.code < 400

    @property
    def is_done(self) -> bool:
        """Whether the command was taken and nothing more is awaited."""
        return 200 <= self.code < 300

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class ConnectionLost(ConnectionError):
    """The mail server closed the connection."""


class Conversation(asyncio.Protocol):
    """One open connection, past the greeting, encryption and sign-in."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Take over *transport*."""
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._received = b""
        self._lines: list[bytes] = []
        self._replies: list[Reply] = []
        self._owed = 0
        self._wanted = 0
        self._answer: asyncio.Future[None] | None = None
        self._end: str = ""
        transport.set_protocol(self)

    @property
    def is_usable(self) -> bool:
        """Whether a command can be sent: open, and nothing unasked (such as a 421) has come."""
        unasked = self._owed < 0 or (self._received and not self._owed)
        return not (unasked or self._end or self._transport.is_closing())

    def say(self, data: bytes, count: int) -> None:
        """Send *data*, to which *count* replies will come. Raises ConnectionLost."""
        if not self.is_usable:
            raise ConnectionLost(self._end or f"The mail server spoke unasked ({self._replies[-1:]}).")
        self._owed += count
        self._transport.write(data)

    async def replies(self, count: int, seconds: float) -> list[Reply]:
        """The next *count* replies to what was said; fewer where the last one is a 421.

        Raises ConnectionLost, and TimeoutError when they take longer than *seconds*.
        """
        if not self._has(count):
            await self._until(count, seconds)
        closing = next((n for n, reply in enumerate(self._replies[:count], 1) if reply.code == CLOSING), count)
        replies, self._replies = self._replies[:closing], self._replies[closing:]
        return replies

    async def _until(self, count: int, seconds: float) -> None:
        if self._end:
            raise ConnectionLost(self._end)
        self._wanted = count
        self._answer = answer = self._loop.create_future()
        late = self._loop.call_later(seconds, _give_up, answer, seconds)
        try:
            await answer
        finally:
            late.cancel()
            self._answer = None

    def leave(self) -> None:
        """Close; with a QUIT where the server would hear it as one."""
        if self.is_usable and not self._owed:
            self._transport.write(b"QUIT\r\n")
        self.close()

    def close(self) -> None:
        """Close at once."""
        self._end = self._end or "The connection was closed."
        self._transport.close()

    # What the transport calls

    def data_received(self, data: bytes) -> None:
        """Take the complete lines; give up on a server whose lines or replies have no end."""
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._take(line.rstrip(b"\r"))
        if len(self._received) > LONGEST_LINE or sum(map(len, self._lines)) > LONGEST_REPLY:
            self._finish("The mail server's reply has no end.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        self._finish(f"The mail server closed the connection{f' ({exc})' if exc else ''}.")

    def _take(self, line: bytes) -> None:
        if not line[:3].isdigit() or line[3:4] not in (b" ", b"-", b""):
            self._finish(f"The mail server answered with what is not SMTP: {line[:60]!r}.")
        elif line[3:4] == b"-":
            self._lines.append(line[4:])
        else:
            self._replies.append(_reply(line[:3], b" ".join([*self._lines, line[4:]])))
            self._lines.clear()
            self._owed -= 1
            if self._answer is not None and not self._answer.done() and self._has(self._wanted):
                self._answer.set_result(None)

    def _has(self, count: int) -> bool:
        return len(self._replies) >= count or any(reply.code == CLOSING for reply in self._replies)

    def _finish(self, reason: str) -> None:
        self._end = self._end or reason
        self._transport.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionLost(self._end))


def _give_up(answer: asyncio.Future[None], seconds: float) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError(f"The mail server did not answer for {seconds:.0f} seconds."))


@lru_cache(maxsize=256)
def _reply(code: bytes, text: bytes) -> Reply:
    """Most replies of a server are one of a few."""
    return Reply(int(code), text.decode(errors="replace")[:1000])


def transparent(content: bytes) -> bytes:
    """*content* as DATA carries it: lines end with CRLF, leading dots are doubled, a lone dot ends it.

    Bare CR and LF become CRLF: servers disagree on them, and a mail could smuggle in another.
    """
    lines = content.count(b"\r\n")
    if content.count(b"\n") != lines or content.count(b"\r") != lines:
        content = _BARE.sub(b"\r\n", content)
    if content.startswith(b"."):
        content = b"." + content
    end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
    return content.replace(b"\r\n.", b"\r\n..") + end
