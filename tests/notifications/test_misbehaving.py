"""A whole newsletter through a mail server that misbehaves: no copy is lost, and what may have gone twice is named."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP

from shared.config import Settings
from shared.mailer import Mail
from shared.mailer.connection import Patience
from shared.mailer.smtp import SmtpMailer
from tests.mailer.servers import Hook, PostOffice, drop, running
from tests.notifications.conftest import Town, eventually, own_database, town_of
from tests.notifications.test_mail import all_sent, pressed, readers

READERS, CONNECTIONS = 24, 4
HASTY = Patience(connect=1.0, command=0.5, content=0.5)
PEOPLE = [f"reader{number}" for number in range(READERS)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a test can wait for."""
    monkeypatch.setattr("services.notifications.delivery.sender.AWAY_PAUSES", (0.1, 0.2))
    monkeypatch.setattr("services.notifications.delivery.marks.RETRY_PAUSES", (0.3, 0.3, 0.3, 0.3, 0.3))
    monkeypatch.setattr("services.notifications.delivery.pace.FIRST_REST", 0.2)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with running(PostOffice()) as started:
        yield started


@pytest.fixture
async def posting(settings: Settings, office: PostOffice) -> AsyncIterator[Town]:
    """A town whose mail goes to the office."""
    mailer = SmtpMailer(office.url, patience=HASTY, connections=CONNECTIONS)
    async with own_database(settings) as mine, town_of(settings, mine, mailer) as running_town:
        yield running_town


def arrived(office: PostOffice) -> Counter[str]:
    """Message-ID → how often it came."""
    found = [re.search(rb"^Message-ID: <(.*)>\r$", mail.content, re.MULTILINE) for mail in office.arrived]
    return Counter(one[1].decode() for one in found if one)


def every(count: int, act: Any, most: int = CONNECTIONS) -> Hook:
    """A hook that acts on every *count*-th call, *most* times."""
    calls = [0, 0]

    async def hook(server: SMTP, address: str) -> str | None:
        calls[0] += 1
        if calls[0] % count or calls[1] >= most:
            return None
        calls[1] += 1
        answer: str | None = await act(server, address)
        return answer

    return hook


async def nothing_lost(town: Town, office: PostOffice, *, repeats: int) -> None:
    """All copies arrived; those that came twice are among the named, and there are no more of them than *repeats*."""
    there = await pressed(town)
    await all_sent(town, there)

    async def everybody() -> bool:
        return bool((await town.get(f"{there}/progress"))["sent"] == READERS)

    await eventually(everybody, 40)
    progress, came = await town.get(f"{there}/progress"), arrived(office)
    named = {copy["message_id"] for copy in progress["repeated"]}
    assert len(came) == READERS
    assert {mail_id for mail_id, times in came.items() if times > 1} <= named and len(named) <= repeats


async def test_slow_server_gets_every_copy_once(posting: Town, office: PostOffice) -> None:
    async def wait(_server: SMTP, _address: str) -> None:
        await asyncio.sleep(0.03)

    office.on_rcpt = office.on_data = every(1, wait, most=1000)
    await readers(posting, *PEOPLE)
    await nothing_lost(posting, office, repeats=0)
    assert set(arrived(office).values()) == {1}


async def test_server_that_hangs_up_after_the_content_repeats_what_may_have_come_and_names_it(
    posting: Town, office: PostOffice
) -> None:
    async def take_and_drop(server: SMTP, address: str) -> None:
        content = server.envelope.original_content if server.envelope else b""
        office.arrived.append(Mail("", "", address, content if isinstance(content, bytes) else b""))
        drop(server)
        await asyncio.sleep(1)

    office.on_data = every(5, take_and_drop)
    await readers(posting, *PEOPLE)
    await nothing_lost(posting, office, repeats=CONNECTIONS)
    assert max(arrived(office).values()) == 2


async def test_server_that_never_answers_the_content_is_no_loss(posting: Town, office: PostOffice) -> None:
    async def keep_silent(_server: SMTP, _address: str) -> None:
        await asyncio.sleep(2)

    office.on_data = every(6, keep_silent, most=3)
    await readers(posting, *PEOPLE)
    await nothing_lost(posting, office, repeats=3)


async def test_server_that_closes_in_the_middle_is_come_back_to(posting: Town, office: PostOffice) -> None:
    async def close(_server: SMTP, _address: str) -> str:
        return "421 4.3.2 Closing for maintenance"

    office.on_mail = every(7, close, most=6)
    await readers(posting, *PEOPLE)
    await nothing_lost(posting, office, repeats=0)
    assert set(arrived(office).values()) == {1}


async def test_server_that_closes_or_hangs_up_between_two_copies_repeats_none(
    posting: Town, office: PostOffice
) -> None:
    async def close(server: SMTP, address: str) -> str | None:
        if int(address.partition("@")[0].removeprefix("reader")) % 2:
            return "421 4.3.2 Closing for maintenance"
        drop(server)
        return None

    office.on_rcpt = every(5, close, most=6)
    await readers(posting, *PEOPLE)
    await nothing_lost(posting, office, repeats=0)
    assert set(arrived(office).values()) == {1}


async def test_recipients_refused_in_the_middle_of_a_pipeline_cost_no_other_copy(
    posting: Town, office: PostOffice
) -> None:
    async def refuse(_server: SMTP, _address: str) -> str:
        return "550 5.1.1 No such person"

    office.on_rcpt = every(5, refuse)
    await readers(posting, *PEOPLE)
    there = await pressed(posting)
    await all_sent(posting, there)

    async def everybody() -> bool:
        progress = await posting.get(f"{there}/progress")
        return bool(progress["sent"] + progress["refused"] == READERS)

    await eventually(everybody, 40)
    progress = await posting.get(f"{there}/progress")
    assert (progress["refused"], progress["repeated"]) == (4, [])
    assert len(arrived(office)) == READERS - 4 and set(arrived(office).values()) == {1}


async def test_domain_that_says_too_fast_gets_its_copies_later(posting: Town, office: PostOffice) -> None:
    async def too_fast(_server: SMTP, _address: str) -> str:
        return "450 4.7.28 Too many mails"

    office.on_rcpt = every(4, too_fast, most=4)
    await readers(posting, *PEOPLE)
    await nothing_lost(posting, office, repeats=0)


async def test_certificate_that_is_not_trusted_gets_no_mail_and_costs_no_try(
    settings: Settings, tmp_path: Path
) -> None:
    authority = trustme.CA()
    listening = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(listening)
    async with running(PostOffice(), ssl=listening) as office:
        url = office.url.replace("smtp:", "smtps:")
        mailer = SmtpMailer(url, patience=HASTY, connections=CONNECTIONS, tls=ssl.create_default_context())
        async with own_database(settings) as mine, town_of(settings, mine, mailer) as town:
            await readers(town, "ann")
            there = await pressed(town)

            async def is_away() -> bool:
                return mailer.away is not None

            await eventually(is_away)
            progress = await town.get(f"{there}/progress")
            assert (progress["sent"], progress["refused"], progress["deferred"]) == (0, 0, 0) and not office.arrived
            assert mailer._tls is not None
            authority.configure_trust(mailer._tls)
            await all_sent(town, there)
    assert set(arrived(office).values()) == {1}
