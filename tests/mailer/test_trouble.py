"""A mail server that misbehaves: what became of the mail is said truly, and the next mail goes on."""

from __future__ import annotations

import asyncio

import pytest
from aiosmtpd.smtp import SMTP

from shared.mailer import Accepted, Deferred, Refused, Unknown
from shared.mailer.smtp import SmtpMailer
from tests.mailer.conftest import HASTY, mail
from tests.mailer.servers import Hook, PostOffice, drop, scripted


def mailer_to(office: PostOffice) -> SmtpMailer:
    return SmtpMailer(office.url, patience=HASTY)


def only_for(name: str, answer: str, *, hang_up: bool = False) -> Hook:
    """A hook that gives *answer* for one person, and lets the others pass."""

    async def hook(server: SMTP, address: str) -> str | None:
        if not address.startswith(name):
            return None
        if hang_up:
            await server.push(answer)
            asyncio.get_running_loop().call_later(0.02, drop, server)
            await asyncio.sleep(1)
        return answer

    return hook


def once(action: str) -> Hook:
    """A hook that hangs up, or keeps silent, the first time."""
    left = [True]

    async def hook(server: SMTP, address: str) -> str | None:
        if left and left.pop():
            if action == "hang up":
                drop(server)
            else:
                await asyncio.sleep(60)
        return None

    return hook


async def test_a_refused_recipient_is_refused_alone(office: PostOffice) -> None:
    office.on_rcpt = only_for("ann", "550 5.1.1 No such person")
    async with mailer_to(office).connection() as connection:
        assert await connection.send(mail("ann")) == Refused(550, "5.1.1 No such person")
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert [one.recipient for one in office.arrived] == ["ben@people.example"]
    assert office.connections == 1


async def test_a_recipient_to_be_tried_later_is_deferred(office: PostOffice) -> None:
    office.on_rcpt = only_for("ann", "452 4.2.2 Mailbox full")
    async with mailer_to(office).connection() as connection:
        assert await connection.send(mail("ann")) == Deferred("452 4.2.2 Mailbox full")


async def test_a_refused_content_is_refused(office: PostOffice) -> None:
    office.on_data = only_for("ann", "554 5.7.1 Looks like spam")
    async with mailer_to(office).connection() as connection:
        assert await connection.send(mail("ann")) == Refused(554, "5.7.1 Looks like spam")
        assert isinstance(await connection.send(mail("ben")), Accepted)


async def test_a_refused_sign_in_refuses_no_mail_for_ever(office: PostOffice) -> None:
    office.on_rcpt = only_for("ann", "530 5.7.0 Authentication required")
    async with mailer_to(office).connection() as connection:
        outcome = await connection.send(mail("ann"))
    assert outcome == Deferred("530 5.7.0 Authentication required", server_away=True)


@pytest.mark.parametrize("stage", ["on_mail", "on_rcpt", "on_data"])
async def test_421_in_the_middle_defers_and_the_next_mail_opens_anew(office: PostOffice, stage: str) -> None:
    who = "news" if stage == "on_mail" else "ann"
    setattr(office, stage, only_for(who, "421 4.3.2 Shutting down", hang_up=True))
    async with mailer_to(office).connection() as connection:
        outcome = await connection.send(mail("ann"))
        setattr(office, stage, None)
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert outcome == Deferred("421 4.3.2 Shutting down", server_away=True)
    assert office.connections == 2


async def test_a_connection_lost_after_the_content_is_unknown(office: PostOffice) -> None:
    office.on_data = once("hang up")
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann")), Unknown)
        assert isinstance(await connection.send(mail("ben")), Accepted)


async def test_a_connection_lost_before_the_content_is_deferred(office: PostOffice) -> None:
    office.on_rcpt = once("hang up")
    async with mailer_to(office).connection() as connection:
        outcome = await connection.send(mail("ann"))
    assert isinstance(outcome, Deferred) and outcome.server_away


async def test_a_server_that_has_had_enough_of_a_connection_gets_the_mail_on_a_new_one(office: PostOffice) -> None:
    async with mailer_to(office).connection() as connection:
        await connection.send(mail("ann"))
        office.on_rcpt = once("hang up")
        assert isinstance(await connection.send(mail("ben")), Accepted)
        office.hang_up()
        await asyncio.sleep(0.02)
        assert isinstance(await connection.send(mail("cat")), Accepted)
    assert [one.recipient[:3] for one in office.arrived] == ["ann", "ben", "cat"]


async def test_a_server_that_never_answers_a_command_defers(office: PostOffice) -> None:
    office.on_rcpt = once("silence")
    async with mailer_to(office).connection() as connection:
        outcome = await connection.send(mail("ann"))
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert isinstance(outcome, Deferred) and "did not answer" in outcome.text


async def test_a_server_that_never_answers_the_content_is_unknown(office: PostOffice) -> None:
    office.on_data = once("silence")
    async with mailer_to(office).connection() as connection:
        assert isinstance(await connection.send(mail("ann")), Unknown)


async def test_a_send_that_is_cancelled_leaves_no_answer_to_the_next(office: PostOffice) -> None:
    office.on_rcpt = once("silence")
    async with mailer_to(office).connection() as connection:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await connection.send(mail("ann"))
        office.on_rcpt = only_for("ben", "550 no")
        assert await connection.send(mail("ben")) == Refused(550, "no")
        assert isinstance(await connection.send(mail("cat")), Accepted)


async def test_an_address_that_would_smuggle_a_command_is_never_sent(office: PostOffice) -> None:
    async with mailer_to(office).connection() as connection:
        for name in ("x@y.example>\r\nRCPT TO:<victim", "two words", "", "a<b"):
            assert isinstance(await connection.send(mail(name)), Refused)
    assert office.arrived == []


async def test_a_mail_above_the_servers_size_is_refused_unsent(office: PostOffice) -> None:
    large = mail(content=b"Subject: x\r\n\r\n" + b"x" * 34_000_000)
    async with mailer_to(office).connection() as connection:
        outcome = await connection.send(large)
    assert isinstance(outcome, Refused) and outcome.code == 552 and "33,554,432" in outcome.text


async def test_a_server_that_is_not_there_defers_with_the_reason() -> None:
    mailer = SmtpMailer("smtp://127.0.0.1:1", patience=HASTY)
    async with mailer.connection() as connection:
        outcome = await connection.send(mail())
    assert isinstance(outcome, Deferred) and outcome.server_away
    assert mailer.away == outcome.text and "127.0.0.1:1 takes no mail" in outcome.text


@pytest.mark.parametrize(
    "greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n", b"554 5.7.1 Not you\r\n", b"220-" + b"x" * 100]
)
async def test_a_greeting_that_is_none_defers(greeting: bytes) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()

    async with scripted(script) as url, SmtpMailer(url, patience=HASTY).connection() as connection:
        outcome = await connection.send(mail())
    assert isinstance(outcome, Deferred) and outcome.server_away


@pytest.mark.parametrize("reply", [b"250-" + b"x" * 70_000, b"250-more\r\n" * 20_000, b"nonsense\r\n"])
async def test_a_reply_without_end_or_sense_defers(reply: bytes) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250-hello\r\n250 PIPELINING\r\n")
        await reader.readline()
        writer.write(reply)
        await reader.read()

    async with scripted(script) as url, SmtpMailer(url, patience=HASTY).connection() as connection:
        outcome = await connection.send(mail())
    assert isinstance(outcome, Deferred) and ("no end" in outcome.text or "not SMTP" in outcome.text)


async def test_data_granted_though_the_recipient_was_refused_sends_no_mail() -> None:
    seen: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = [b"250-hi\r\n250 PIPELINING", b"250 ok", b"550 no", b"354 go on", b"554 no recipients", b"250 reset"]
        answers += [b"250 ok", b"250 ok", b"354 go on"]
        writer.write(b"220 hello\r\n")
        for answer in answers:
            seen.append(await reader.readline())
            writer.write(answer + b"\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")
        await reader.read()

    async with scripted(script) as url, SmtpMailer(url, patience=HASTY).connection() as connection:
        assert await connection.send(mail("ann")) == Refused(550, "no")
        assert await connection.send(mail("ben")) == Accepted("taken")
    assert seen[4:6] == [b".\r\n", b"RSET\r\n"]


async def test_more_replies_than_asked_for_end_the_connection() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        for answer in (b"250-hi\r\n250 PIPELINING", b"250 ok", b"250 ok", b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n250 and more\r\n")
        await reader.read()

    async with scripted(script) as url, SmtpMailer(url, patience=HASTY).connection() as connection:
        assert await connection.send(mail("ann")) == Accepted("taken")
        assert await connection.send(mail("ben")) == Accepted("taken")
