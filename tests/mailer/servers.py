"""Real SMTP servers for the tests: one that behaves (aiosmtpd), and hooks that let it misbehave at one point."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from shared.mailer import Mail

Hook = Callable[[SMTP, str], Awaitable[str | None]]
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class PostOffice:
    """Keeps what arrives. A hook (`on_rcpt`, `on_data`) may give another answer, or never answer.

    `on_data` is called after the whole mail has come; what it answers stands in place of "250 OK".
    """

    def __init__(self, *, pipelining: bool = True) -> None:
        self.arrived: list[Mail] = []
        self.connections = 0
        self.pipelining = pipelining
        self.on_mail: Hook | None = None
        self.on_rcpt: Hook | None = None
        self.on_data: Hook | None = None
        self.servers: list[SMTP] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"smtp://127.0.0.1:{self.port}"

    def hang_up(self) -> None:
        """Close every connection, without a word."""
        for server in self.servers:
            drop(server)

    # What aiosmtpd calls

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]] if self.pipelining else responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.on_mail(server, address) if self.on_mail else None
        if answer is None:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.on_rcpt(server, address) if self.on_rcpt else None
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        recipient = envelope.rcpt_tos[0]
        answer = await self.on_data(server, recipient) if self.on_data else None
        if answer is None:
            self.arrived.append(Mail("", envelope.mail_from or "", recipient, envelope.original_content or b""))
        return answer or "250 OK"


def drop(server: SMTP) -> None:
    """Close the connection that *server* serves, without a word."""
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()


@asynccontextmanager
async def running(office: PostOffice, *, host: str = "127.0.0.1", **options: Any) -> AsyncIterator[PostOffice]:
    """Run *office* on a free port; *options* are aiosmtpd's, and `ssl` of the listening socket."""
    context: ssl.SSLContext | None = options.pop("ssl", None)

    def accept() -> SMTP:
        office.connections += 1
        office.servers.append(SMTP(office, hostname="post.example", enable_SMTPUTF8=True, **options))
        return office.servers[-1]

    listening = await asyncio.get_running_loop().create_server(accept, host, 0, ssl=context)
    office.port = listening.sockets[0].getsockname()[1]
    yield office
    listening.close()
    office.hang_up()
    await asyncio.sleep(0.02)


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[str]:
    """A server that does what *script* says, byte for byte; gives its URL."""
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await script(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.add(asyncio.create_task(converse(reader, writer)))

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    yield f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    listening.close()
    if conversations:
        await asyncio.wait(conversations, timeout=2)


def one_account(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """Lets in the one user "news" with the password "s3cret/@"."""
    return AuthResult(success=(data.login, data.password) == (b"news", b"s3cret/@"))
