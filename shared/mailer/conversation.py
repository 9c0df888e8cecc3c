"""The bytes of an SMTP conversation: replies parsed, commands in one write, content made transparent.

Pipelining (RFC 2920) is why this exists: MAIL, RCPT and DATA go out in one write, so a mail costs two round trips
instead of four and a third of the processor time (smtp.py has the figures).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

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

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class ConnectionLost(ConnectionError):
    """The mail server closed the connection."""


class Conversation(asyncio.Protocol):
    """One open connection, past the greeting, encryption and sign-in."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Take over *transport*."""
        self._transport = transport
        self._received = b""
        self._lines: list[bytes] = []
        self._replies: list[Reply] = []
        self._wanted = 0
        self._answer: asyncio.Future[None] | None = None
        self._end: str = ""
        transport.set_protocol(self)

    @property
    def is_usable(self) -> bool:
        """Whether a command can be sent: open, and nothing unasked (such as a 421) has come."""
        return not (self._end or self._transport.is_closing() or self._replies or self._received)

    async def ask(self, data: bytes, count: int, seconds: float) -> list[Reply]:
        """Send *data* and return the *count* replies to it; fewer where the last one is a 421.

        Raises ConnectionLost, and TimeoutError when the replies take longer than *seconds*.
        """
        if not self.is_usable:
            raise ConnectionLost(self._end or f"The mail server spoke unasked ({self._replies[:1]}).")
        self._wanted = count
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        try:
            async with asyncio.timeout(seconds):
                await self._answer
        except TimeoutError:
            raise TimeoutError(f"The mail server did not answer for {seconds:.0f} seconds.") from None
        finally:
            self._answer = None
        replies, self._replies = self._replies[:count], self._replies[count:]  # more than asked: not usable again
        return replies

    def say(self, data: bytes) -> None:
        """Send *data* and wait for nothing."""
        if not self._transport.is_closing():
            self._transport.write(data)

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
            return
        self._lines.append(line[4:])
        if line[3:4] == b"-":
            return
        text = b" ".join(self._lines).decode(errors="replace")
        self._lines.clear()
        self._replies.append(Reply(int(line[:3]), text[:1000]))
        if len(self._replies) >= self._wanted or self._replies[-1].code == CLOSING:
            self._settle()

    def _settle(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def _finish(self, reason: str) -> None:
        self._end = self._end or reason
        self._transport.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionLost(self._end))


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
