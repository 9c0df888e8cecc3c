"""The mailers, as the conformance suite sees them: each test runs once on each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.mailer import Mail, Mailer
from shared.mailer.connection import Patience
from shared.mailer.mailbox import LocalMailbox
from shared.mailer.smtp import SmtpMailer
from tests.mailer.servers import PostOffice, running

HASTY = Patience(connect=0.5, command=0.5, content=0.5)


@dataclass
class Post:
    """A mailer, and a look at what has arrived on the other side."""

    mailer: Mailer
    arrived: Callable[[], Awaitable[list[Mail]]]


def mail(name: str = "ann", content: bytes | None = None) -> Mail:
    """A small mail to a person of that name."""
    text = f"Message-ID: <{name}@tidings.example>\r\nSubject: For {name}\r\n\r\nDear {name}\r\n"
    return Mail(f"<{name}@tidings.example>", "news@tidings.example", f"{name}@people.example", content or text.encode())


@pytest.fixture(params=["mailbox", "smtp", "smtp-step-by-step"])
async def post(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Post]:
    """Each mailer in turn, started."""
    if request.param == "mailbox":
        mailbox = LocalMailbox(tmp_path / "mailbox.db")
        await mailbox.start()
        yield Post(mailbox, lambda: _kept(mailbox))
        await mailbox.stop()
        return
    async with running(PostOffice(pipelining=request.param == "smtp")) as office:
        mailer = SmtpMailer(office.url, patience=HASTY)
        await mailer.start()
        yield Post(mailer, lambda: _taken(office))
        await mailer.stop()


async def _kept(mailbox: LocalMailbox) -> list[Mail]:
    found = [await mailbox.read(summary.message_id) for summary in await mailbox.list(limit=1000)]
    return [one for one in found if one]


async def _taken(office: PostOffice) -> list[Mail]:
    return office.arrived


@pytest.fixture(params=["pipelining", "step-by-step"])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[PostOffice]:
    """A real SMTP server, with and without pipelining."""
    async with running(PostOffice(pipelining=request.param == "pipelining")) as office:
        yield office
