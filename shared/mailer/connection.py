"""Mails over one SMTP connection, and what becomes of each.

Invariants:
1. Before the content's first byte is written nothing was taken: trouble is Deferred. On a connection that had served
   before, the server may simply have had enough of it: once, it is opened anew and the mail goes again.
2. After it, only the answer tells: without one the mail is Unknown.
3. A mail that was announced, its envelope sent with the content before it, is at the server only when its own content
   is: who does not send that closes the connection.
4. A code about sign-in or encryption speaks of our configuration, never of the mail: it refuses no mail for ever.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.mailer import Accepted, Deferred, Mail, Outcome, Refused, Unknown
from shared.mailer.conversation import CLOSING, ConnectionLost, Conversation, Reply, transparent

GO_AHEAD = 354
CONFIGURATION = {530, 534, 535, 538}
_ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>\x00-\x1f\x7f]+")


class ServerAway(ConnectionError):
    """No connection could be opened."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a connection, for the answer to a command, and for the answer to a mail's end.

    The last is long because giving up there leaves a mail that may or may not have been taken.
    """

    connect: float = 15.0
    command: float = 60.0
    content: float = 180.0


Opening = Callable[[], Awaitable[tuple[Conversation, dict[str, str]]]]


class SmtpConnection:
    """One connection, opened with its first mail and again when the server has closed it."""

    def __init__(self, opening: Opening, patience: Patience) -> None:
        """*opening* gives a new conversation and the server's extensions, or raises ServerAway."""
        self._opening = opening
        self._patience = patience
        self._conversation: Conversation | None = None
        self._extensions: dict[str, str] = {}
        self._needs_reset = False
        self._has_served = False
        self._announced = b""

    async def send(self, mail: Mail, following: str = "") -> Outcome:
        """Hand over *mail* and say what became of it. *following*: to whom the next mail goes, from the same sender."""
        while True:
            had_served = False
            try:
                conversation = await self._ready()
                had_served, self._has_served = self._has_served, True
                return self._unfit(mail) or await self._deliver(conversation, mail, following)
            except ConnectionLost as error:
                self.close()
                if not had_served:
                    return Deferred(str(error), server_away=True)
            except (ServerAway, TimeoutError) as error:
                self.close()
                return Deferred(str(error), server_away=True)
            except BaseException:  # cancelled in the middle: replies to this mail must not be read as the next one's
                self.close()
                raise

    def close(self) -> None:
        """Close; politely when nothing is under way. Who closes after an announcement has sent nothing of that mail."""
        if self._conversation is not None:
            self._conversation.close() if self._announced else self._conversation.leave()
        self._conversation = None
        self._needs_reset = self._has_served = False
        self._announced = b""

    async def _ready(self) -> Conversation:
        if self._conversation is not None and not self._conversation.is_usable:
            self.close()
        if self._conversation is None:
            self._conversation, self._extensions = await self._opening()
        return self._conversation

    def _unfit(self, mail: Mail) -> Refused | None:
        """Why *mail* cannot be offered to this server at all; None when it can."""
        if reason := self._why_unfit(mail.sender, mail.recipient):
            return Refused(553, reason)
        limit = int(self._extensions.get("size") or 0)
        if limit and len(mail.content) > limit:
            return Refused(552, f"The mail has {len(mail.content):,} bytes; the mail server takes {limit:,}.")
        return None

    def _why_unfit(self, *addresses: str) -> str:
        for address in addresses:
            if not _ADDRESS.fullmatch(address):
                return f"{address!r} is not an e-mail address."
            if not address.isascii() and "smtputf8" not in self._extensions:
                return f"The mail server takes no address like {address!r} (SMTPUTF8)."
        return ""

    @property
    def _is_pipelining(self) -> bool:
        return "pipelining" in self._extensions

    async def _deliver(self, conversation: Conversation, mail: Mail, following: str) -> Outcome:
        replies = await self._envelope(conversation, mail)
        wrong = next((reply for reply in replies if not reply.is_good), None)
        if wrong is None:
            if replies[-1].code != GO_AHEAD:  # a reply too many: from here on each would be taken for the next one's
                raise ConnectionLost(f"The mail server is out of step ({replies[-1]}).")
            return await self._content(conversation, mail, following)
        self._needs_reset = True
        if replies[-1].code == GO_AHEAD:  # DATA was pipelined behind the refusal: end it at once (RFC 2920, 3.1)
            conversation.say(b".\r\n", 1)
            await conversation.replies(1, self._patience.command)
        return _verdict(wrong)

    async def _envelope(self, conversation: Conversation, mail: Mail) -> list[Reply]:
        """The replies to everything up to DATA, in one write where the server allows it, or announced before."""
        commands = self._commands(mail.sender, mail.recipient, is_ascii=mail.is_transparent or mail.content.isascii())
        together, announced, self._announced = b"".join(commands), self._announced, b""
        replies: list[Reply] = []
        if announced and announced != together:  # the server waits for another mail's content, and no word ends that
            conversation.close()
            raise ConnectionLost("Another mail had been announced.")
        if self._is_pipelining:
            if not announced:
                conversation.say(together, len(commands))
            replies = await conversation.replies(len(commands), self._patience.command)
        else:
            for command in commands:
                conversation.say(command, 1)
                replies += await conversation.replies(1, self._patience.command)
                if not replies[-1].is_good:
                    break
        if replies[-1].code == CLOSING:
            raise ConnectionLost(str(replies[-1]))
        self._needs_reset = False
        return replies

    def _commands(self, sender: str, recipient: str, *, is_ascii: bool) -> list[bytes]:
        international = not (sender.isascii() and recipient.isascii())
        options = " SMTPUTF8" if international else ""
        if "8bitmime" in self._extensions and (international or not is_ascii):
            options += " BODY=8BITMIME"
        begin = f"MAIL FROM:<{sender}>{options}\r\n".encode()
        return [b"RSET\r\n"] * self._needs_reset + [begin, f"RCPT TO:<{recipient}>\r\n".encode(), b"DATA\r\n"]

    async def _content(self, conversation: Conversation, mail: Mail, following: str) -> Outcome:
        if not conversation.is_usable:
            raise ConnectionLost("The mail server closed the connection before the mail was sent.")
        self._announced = self._announcement(mail.sender, following)
        try:
            conversation.say(_on_the_wire(mail, self._announced), 4 if self._announced else 1)
            [reply] = await conversation.replies(1, self._patience.content)
        except (ConnectionLost, TimeoutError) as error:
            self.close()
            return Unknown(str(error))
        if reply.code == CLOSING:
            self.close()
        elif reply.is_good and not reply.is_done:
            self.close()
            return Unknown(f"The mail server is out of step ({reply}).")
        return _verdict(reply)

    def _announcement(self, sender: str, recipient: str) -> bytes:
        """The next mail's envelope, to travel with this one's content; it is taken to be ASCII, as all of ours are."""
        if not self._is_pipelining or self._why_unfit(sender, recipient):
            return b""
        return b"".join(self._commands(sender, recipient, is_ascii=True))


def _on_the_wire(mail: Mail, announced: bytes) -> bytes:
    if mail.is_transparent:
        return b"".join((mail.content, b".\r\n", announced))
    return transparent(mail.content) + announced


def _verdict(reply: Reply) -> Outcome:
    """What *reply* means for the mail."""
    if reply.is_good:
        return Accepted(reply.text)
    if reply.code == CLOSING or reply.code in CONFIGURATION:
        return Deferred(str(reply), server_away=True)
    if reply.code >= 500:
        return Refused(reply.code, reply.text)
    return Deferred(str(reply))
