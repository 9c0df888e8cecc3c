"""The local mailbox: repeats, lists, and what the page needs."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.mailer import Accepted, Deferred
from shared.mailer.mailbox import LocalMailbox, subject_of
from tests.mailer.conftest import mail


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[LocalMailbox]:
    """A new mailbox, in a folder that does not exist yet."""
    mailbox = LocalMailbox(tmp_path / "var" / "mailbox.db")
    await mailbox.start()
    yield mailbox
    await mailbox.stop()


async def test_a_mail_sent_again_is_no_second_copy_but_is_counted(mailbox: LocalMailbox) -> None:
    for _ in range(3):
        assert isinstance(await mailbox.send(mail("ann")), Accepted)
    [summary] = await mailbox.list()
    assert (summary.message_id, summary.repeats) == ("<ann@tidings.example>", 2)


async def test_the_same_mail_sent_twice_at_once_is_kept_once(mailbox: LocalMailbox) -> None:
    await asyncio.gather(*(mailbox.send(mail("ann")) for _ in range(10)))
    assert await mailbox.count() == 1


async def test_mails_are_listed_newest_first_a_page_at_a_time(mailbox: LocalMailbox) -> None:
    for number in range(5):
        await mailbox.send(mail(f"reader{number}"))
    first = await mailbox.list(limit=3)
    rest = await mailbox.list(limit=3, before=first[-1].number)
    assert [one.subject for one in first + rest] == [f"For reader{number}" for number in (4, 3, 2, 1, 0)]


async def test_mails_are_found_by_recipient_and_by_words(mailbox: LocalMailbox) -> None:
    for name in ("ann", "ben", "100%"):
        await mailbox.send(mail(name))
    assert [one.subject for one in await mailbox.list(recipient="ANN@people.example")] == ["For ann"]
    assert [one.subject for one in await mailbox.list(query="for b")] == ["For ben"]
    assert await mailbox.count(query="0%") == 1 and await mailbox.count(query="_") == 0


async def test_mails_to_somebody_who_is_forgotten_are_gone_from_the_file(mailbox: LocalMailbox) -> None:
    for name in ("ann", "quillfeather"):
        await mailbox.send(mail(name))
    await mailbox.forget(hashlib.sha256(b"quillfeather@people.example").hexdigest())
    assert [one.subject for one in await mailbox.list()] == ["For ann"]
    kept = b"".join(path.read_bytes() for path in mailbox.path.parent.iterdir())
    assert b"quillfeather" not in kept.lower() and b"ann@people.example" in kept


async def test_a_mail_outlives_the_process(mailbox: LocalMailbox) -> None:
    await mailbox.send(mail("ann"))
    again = LocalMailbox(mailbox.path)
    await again.start()
    assert await again.read("<ann@tidings.example>") == mail("ann")
    assert await again.read("<nobody@tidings.example>") is None
    await again.stop()


async def test_a_mailbox_that_cannot_be_written_defers(mailbox: LocalMailbox) -> None:
    with sqlite3.connect(mailbox.path) as database:
        database.execute("DROP TABLE mails")
    database.close()
    outcome = await mailbox.send(mail())
    assert isinstance(outcome, Deferred) and outcome.server_away
    assert mailbox.away is not None and "no such table" in mailbox.away


@pytest.mark.parametrize(
    ("content", "subject"),
    [
        (b"Subject: plain\r\n\r\nSubject: in the body", "plain"),
        (b"From: x\r\nsubject:\r\n folded\r\n\ttwice\r\n\r\n", "folded twice"),
        (b"Subject: =?utf-8?q?caf=C3=A9?= =?utf-8?b?IQ==?=\n\n", "café!"),
        (b"Subject: =?no-such-charset?q?x?=\r\n\r\n", "=?no-such-charset?q?x?="),
        (b"From: x\r\n\r\nSubject: in the body", ""),
        (b"", ""),
    ],
)
def test_the_subject_is_read_from_the_head(content: bytes, subject: str) -> None:
    assert subject_of(content) == subject
