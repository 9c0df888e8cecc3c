"""The next mail's envelope travels with the content before it: whatever a server does, each mail's fate is true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiosmtpd.smtp import SMTP

from shared.mailer import Accepted, Deferred, Refused, Unknown
from shared.mailer.smtp import SmtpMailer
from tests.mailer.conftest import HASTY, mail
from tests.mailer.servers import PostOffice, running, scripted
from tests.mailer.test_trouble import mailer_to, once, only_for


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """A real SMTP server that takes pipelines."""
    async with running(PostOffice()) as office:
        yield office


BEN, CAT = "ben@people.example", "cat@people.example"


def came(office: PostOffice) -> list[str]:
    return [one.recipient[:3] for one in office.arrived]


async def test_the_next_envelope_is_there_before_the_content_is_answered() -> None:
    seen: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        for answer in (b"250-hi\r\n250 PIPELINING", b"250 ok", b"250 ok", b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        seen.extend([await reader.readline() for _ in range(3)])
        writer.write(b"250 taken\r\n250 ok\r\n250 ok\r\n354 go on\r\n")
        seen.append(await reader.readuntil(b"\r\n.\r\n"))
        writer.write(b"250 taken too\r\n")
        await reader.read()

    async with scripted(script) as url, SmtpMailer(url, patience=HASTY).connection() as connection:
        assert await connection.send(mail("ann"), BEN) == Accepted("taken")
        assert await connection.send(mail("ben")) == Accepted("taken too")
    assert seen[:3] == [b"MAIL FROM:<news@tidings.example>\r\n", f"RCPT TO:<{BEN}>\r\n".encode(), b"DATA\r\n"]
    assert seen[3].endswith(b"\r\n.\r\n") and b"RSET" not in seen[3]


async def test_a_refused_recipient_in_the_middle_of_a_pipeline_is_refused_alone(office: PostOffice) -> None:
    office.on_rcpt = only_for("ben", "550 5.1.1 No such person")
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Accepted)
        assert await connection.send(mail("ben"), CAT) == Refused(550, "5.1.1 No such person")
        assert isinstance(await connection.send(mail("cat")), Accepted)
    assert came(office) == ["ann", "cat"] and office.connections == 1


async def test_a_refused_content_leaves_the_announced_mail_its_turn(office: PostOffice) -> None:
    office.on_data = only_for("ann", "554 5.7.1 Looks like spam")
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Refused)
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert came(office) == ["ben"] and office.connections == 1


async def test_421_to_an_announced_sender_sends_the_mail_once_on_a_new_connection(office: PostOffice) -> None:
    async def close_with_the_next(_server: SMTP, _address: str) -> None:
        office.on_mail = only_for("news", "421 4.3.2 Shutting down", hang_up=True)

    office.on_data = close_with_the_next
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Accepted)
        await asyncio.sleep(0.05)
        office.on_mail = office.on_data = None
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert came(office) == ["ann", "ben"] and office.connections == 2


async def test_421_to_an_announced_recipient_sends_the_mail_once_on_a_new_connection(office: PostOffice) -> None:
    office.on_rcpt = only_for("ben", "421 4.3.2 Shutting down", hang_up=True)
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Accepted)
        await asyncio.sleep(0.05)
        office.on_rcpt = None
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert came(office) == ["ann", "ben"] and office.connections == 2


async def test_a_connection_dropped_in_the_content_is_unknown_and_the_announced_mail_goes_anew(
    office: PostOffice,
) -> None:
    office.on_data = once("hang up")
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Unknown)
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert came(office)[-1:] == ["ben"] and came(office).count("ben") == 1 and office.connections == 2


async def test_a_connection_dropped_after_an_announcement_sends_that_mail_once_on_a_new_one(office: PostOffice) -> None:
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Accepted)
        office.hang_up()
        await asyncio.sleep(0.02)
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert came(office) == ["ann", "ben"] and office.connections == 2


async def test_a_server_silent_to_an_announced_mail_defers_it(office: PostOffice) -> None:
    silent = once("silence")

    async def silent_to_ben(server: SMTP, address: str) -> str | None:
        return await silent(server, address) if address == BEN else None

    office.on_rcpt = silent_to_ben
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Accepted)
        outcome = await connection.send(mail("ben"))
    assert isinstance(outcome, Deferred) and outcome.server_away and came(office) == ["ann"]


async def test_a_reply_too_many_never_makes_an_announced_mail_one_that_was_taken() -> None:
    taken: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        more = b"" if taken else b"250 and more\r\n"
        writer.write(b"220 hello\r\n")
        for answer in (b"250-hi\r\n250 PIPELINING", b"250 ok", b"250 ok", b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        taken.append(await reader.readuntil(b"\r\n.\r\n"))
        writer.write(b"250 taken\r\n" + more + b"250 ok\r\n250 ok\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"354 go on\r\n")
        await reader.read()

    async with scripted(script) as url, SmtpMailer(url, patience=HASTY).connection() as connection:
        assert await connection.send(mail("ann"), BEN) == Accepted("taken")
        assert await connection.send(mail("ben"), CAT) == Accepted("taken")
    assert [b"For ann" in taken[0], b"For ben" in taken[1], len(taken)] == [True, True, 2]


async def test_an_announced_mail_that_is_not_sent_never_arrives(office: PostOffice) -> None:
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Accepted)
        assert isinstance(await connection.send(mail("cat"), BEN), Accepted)
    await asyncio.sleep(0.05)
    assert came(office) == ["ann", "cat"]


async def test_a_content_that_is_not_ascii_goes_as_such_on_a_new_connection(office: PostOffice) -> None:
    content = "Subject: x\r\n\r\nÀ bientôt\r\n".encode()
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Accepted)
        assert isinstance(await connection.send(mail("ben", content=content)), Accepted)
    assert office.arrived[1].content == content and office.connections == 2


async def test_a_server_without_pipelining_is_told_of_one_mail_at_a_time() -> None:
    async with running(PostOffice(pipelining=False)) as office, mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), BEN), Accepted)
        assert isinstance(await connection.send(mail("cat")), Accepted)
    assert came(office) == ["ann", "cat"] and office.connections == 1


@pytest.mark.parametrize("address", ["two words", "x@y.example>\r\nRCPT TO:<victim", ""])
async def test_an_address_that_cannot_be_offered_is_not_announced(office: PostOffice, address: str) -> None:
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann"), address), Accepted)
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert came(office) == ["ann", "ben"] and office.connections == 1
