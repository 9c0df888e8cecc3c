"""A mailbox at a mail server in which returned mail arrives, read over IMAP (RFC 9051) with the standard library.

One connection is kept open from look to look; each step of it runs in a thread, because imaplib waits. A server that is
away is tried again after growing pauses. Nothing is removed but by moving it: what a server without MOVE cannot move is
copied and marked as deleted, and only that mail is expunged, where the server can expunge a single one.
"""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog

log = structlog.get_logger()
LARGEST = 5_000_000
"""Bytes that are read of a mail; a report says what it has to say at its beginning."""
LOOK_SECONDS = 15.0
AWAY_SECONDS = (15.0, 30.0, 60.0, 120.0, 300.0)
PATIENCE = 10.0
"""Seconds that the server may take for a step. Told to stop, a process may wait that long for one."""
TAKEN, ODD = "Taken", "Unread"


class ServerRefused(Exception):
    """The mail server did not do what it was asked; the message is its answer."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a mailbox is, and who may read it."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    is_encrypted: bool

    @classmethod
    def from_url(cls, url: str) -> Address:
        """Read *url*, which the settings have checked; without a port 993, or 143 for imap."""
        parts = urlsplit(url)
        encrypted = parts.scheme == "imaps"
        return cls(
            parts.hostname or "", parts.port or (993 if encrypted else 143), unquote(parts.username or ""),
            unquote(parts.password or ""), unquote(parts.path).strip("/") or "INBOX", encrypted,
        )  # fmt: skip

    @property
    def needs_tls(self) -> bool:
        """Whether to begin with STARTTLS: a password never leaves this machine in the clear."""
        return not self.is_encrypted and not _is_loopback(self.host)


class ImapFolder:
    """The mails of one folder of a mailbox."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        """Read the mails at *url*; *tls* overrides how the server's certificate is checked."""
        self.address = Address.from_url(url)
        self.pause = LOOK_SECONDS
        self.away = ""
        self._tls = tls or ssl.create_default_context()
        self._line: imaplib.IMAP4 | None = None
        self._can: frozenset[str] = frozenset()
        self._prefix = ""
        self._failures = 0

    async def look(self, take: Callable[[bytes], Awaitable[bool]]) -> None:
        """Hand over every mail that is not deleted, and move it away."""
        try:
            for uid in await asyncio.to_thread(self._mails):
                await self._hand_over(uid, take)
        except (imaplib.IMAP4.error, ServerRefused, OSError) as error:
            self._is_away(error)
        else:
            self.away, self._failures, self.pause = "", 0, LOOK_SECONDS

    async def _hand_over(self, uid: str, take: Callable[[bytes], Awaitable[bool]]) -> None:
        """One mail. What another process moved meanwhile, or the server does not move, holds up no other."""
        try:
            content = await asyncio.to_thread(self._content, uid)
            if content is not None:
                is_ours = await take(content)
                await asyncio.to_thread(self._put_away, uid, TAKEN if is_ours else ODD)
        except ServerRefused as error:
            log.info("returned_mail_not_moved", uid=uid, reason=str(error)[:300])

    def close(self) -> None:
        """Hang up, also while a thread waits for an answer."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError):
                line.shutdown()

    def _is_away(self, error: Exception) -> None:
        self.close()
        said = error.args[0] if error.args else type(error).__name__
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(error)
        reason = f"{self.address.host}:{self.address.port}: {text}"[:300]
        if not self.away:
            log.warning("returned_mail_away", reason=reason)
        self.away = reason
        self.pause = AWAY_SECONDS[min(self._failures, len(AWAY_SECONDS) - 1)]
        self._failures += 1

    # What is said to the server, each in a thread

    def _mails(self) -> list[str]:
        """The numbers of the mails that are there."""
        if self._line is None:
            self._line = self._opened()
        _done(self._line.noop())
        (found,) = _done(self._line.uid("SEARCH", "UNDELETED")) or [b""]
        return (found or b"").decode().split()

    def _opened(self) -> imaplib.IMAP4:
        """A connection past the sign-in, with the folder chosen and those for what is put away made."""
        where = self.address
        if where.is_encrypted:
            line: imaplib.IMAP4 = imaplib.IMAP4_SSL(where.host, where.port, ssl_context=self._tls, timeout=PATIENCE)
        else:
            line = imaplib.IMAP4(where.host, where.port, timeout=PATIENCE)
        try:
            self._begin(line)
        except BaseException:
            line.shutdown()
            raise
        return line

    def _begin(self, line: imaplib.IMAP4) -> None:
        if self.address.needs_tls:
            _done(line.starttls(self._tls))
        _done(line.login(self.address.user, self.address.password))
        self._can = frozenset((_done(line.capability())[0] or b"").decode().upper().split())  # more than before it
        self._prefix = _prefix(line) if "NAMESPACE" in self._can else ""
        for name in (TAKEN, ODD):
            line.create(_quoted(self._prefix + name))  # refused where it is there already
        _done(line.select(_quoted(self.address.folder)))

    def _content(self, uid: str) -> bytes | None:
        """The beginning of a mail; None where it is gone."""
        assert self._line is not None
        found = _done(self._line.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)"))
        return next((part[1] for part in found if isinstance(part, tuple)), None)

    def _put_away(self, uid: str, name: str) -> None:
        assert self._line is not None
        target = _quoted(self._prefix + name)
        if "MOVE" in self._can:
            _done(self._line.uid("MOVE", uid, target))
            return
        _done(self._line.uid("COPY", uid, target))
        _done(self._line.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
        if "UIDPLUS" in self._can:
            _done(self._line.uid("EXPUNGE", uid))


def _done(answer: tuple[str, list[Any]]) -> list[Any]:
    """What the server sent. Raises ServerRefused."""
    status, data = answer
    if status != "OK":
        raise ServerRefused(" ".join(part.decode(errors="replace") for part in data if isinstance(part, bytes)))
    return data


def _prefix(line: imaplib.IMAP4) -> str:
    """What the names of personal folders begin with (RFC 2342): `INBOX.` at some servers, nothing at most."""
    said = (_done(line.namespace())[0] or b"").decode(errors="replace")
    return said.split('"')[1] if said.startswith('(("') else ""


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
