"""Mailer: hands finished mails to a mail server (SMTP), or to a local mailbox with a page to read it.

What every implementation keeps (tests/mailer holds each to it):
1. `send` never raises for what a server does or fails to do: it answers with one of four outcomes.
2. Accepted is said only after the other side took the mail; a mail that may or may not have been taken is Unknown,
   never Accepted or Deferred, because only the caller can choose between a repeat and a gap.
3. One connection serves many mails, one at a time, and opens itself again where the other side closed it.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.config import Settings


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished mail: `content` is the whole RFC 5322 message, `sender` and `recipient` the bare envelope addresses.

    `message_id` is the one in the content; a mail sent again must have the same. `is_transparent`: whoever made it
    vouches that it is ASCII, that its lines end with CRLF, the last one too, that CR and LF stand nowhere else, and
    that no line begins with a dot; then nobody looks again, which costs as much as writing a copy.
    """

    message_id: str
    sender: str
    recipient: str
    content: bytes
    is_transparent: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side took the mail."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side will never take this mail (SMTP 5xx); do not try again."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """The mail was not taken; try later. `server_away`: the server's trouble, in which any other mail would share."""

    text: str
    server_away: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost between the mail's last byte and the answer: it may or may not have been taken."""

    text: str


Outcome = Accepted | Refused | Deferred | Unknown


class Connection(Protocol):
    """One connection. Not safe for concurrent use: one task sends on it."""

    async def send(self, mail: Mail, following: str = "") -> Outcome:
        """Hand over *mail* and say what became of it. Connects first where that is needed.

        *following*: the recipient of the mail that comes next on this connection, from the same sender, where that is
        known; it may save a round trip, and commits to nothing.
        """
        ...


class Mailer(Protocol):
    """The mailer as a service sees it."""

    @property
    def away(self) -> str | None:
        """Why the other side took no connection the last time, in a sentence; None when it did."""
        ...

    async def start(self) -> None:
        """Open what is needed. Does not fail when a mail server is away."""
        ...

    async def stop(self) -> None:
        """Finish what was handed over, and close."""
        ...

    def connections(self) -> int:
        """How many connections at once are worth having for a large mailing."""
        ...

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """A connection for the block; opened with the first mail, closed politely at the end."""
        ...

    async def forget(self, recipient: str) -> None:
        """Drop what is kept here of mails to an address; what a mail server keeps is not ours to drop.

        *recipient* is the SHA-256 of the address in small letters: who asks has forgotten the address already.
        """
        ...


def open_mailer(settings: Settings) -> Mailer:
    """The mailer that the settings choose, not started. Only the chosen one is imported: each costs memory."""
    if settings.smtp:
        from shared.mailer.smtp import SmtpMailer

        return _signing(SmtpMailer(settings.smtp), settings)
    from shared.mailer.mailbox import LocalMailbox

    return LocalMailbox(settings.data / "mailbox.db")


def _signing(mailer: Mailer, settings: Settings) -> Mailer:
    """*mailer*, which signs each mail where there is a key."""
    if not settings.dkim_key:
        return mailer
    from shared.mailer.dkim import SigningMailer, signer_of

    domain = settings.mail_from.rpartition("@")[2]
    return SigningMailer(mailer, signer_of(Path(settings.dkim_key), domain=domain, selector=settings.dkim_selector))
