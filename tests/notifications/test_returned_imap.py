"""What comes back is read from a real IMAP server, once, and put where people can look at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest

from services.notifications.delivery.collecting.imap import ImapFolder
from services.notifications.delivery.collecting.worker import take
from shared.config import Settings, WrongSetting, load_settings
from shared.mailer.mailbox import LocalMailbox
from tests.notifications.conftest import Town, eventually, own_database, town_of
from tests.notifications.dovecot import Dovecot, dovecot
from tests.notifications.reports import COMPLAINT, SENDMAIL, made
from tests.notifications.test_returned import sent_to, suppressed

WITHOUT_MOVE = "protocol imap {\n  imap_capability = IMAP4rev1 UIDPLUS NAMESPACE\n}"
OLD = "protocol imap {\n  imap_capability = IMAP4rev1\n}"


@pytest.fixture(params=["", WITHOUT_MOVE, OLD], ids=["move", "uidplus", "old"])
def server(request: pytest.FixtureRequest) -> Iterator[Dovecot]:
    """Dovecot as it is, and as if it could do less."""
    with dovecot(request.param) as running:
        yield running


@pytest.fixture
def newest() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
async def posting(settings: Settings) -> AsyncIterator[Town]:
    """A town whose mail goes to the local mailbox."""
    mailbox = LocalMailbox(settings.data / "mailbox.db")
    async with own_database(settings) as mine, town_of(settings, mine, mailbox) as running_town:
        yield running_town


async def test_reports_take_effect_and_are_moved_and_what_is_none_waits_for_people(
    posting: Town, server: Dovecot
) -> None:
    _, mail_ids = await sent_to(posting, "ann", "ben")
    bounce = made(SENDMAIL, status="5.1.1", mail_id=mail_ids["ann"])
    complaint = made(COMPLAINT, mail_id=mail_ids["ben"])
    forged, letter = (
        made(SENDMAIL, status="5.1.1", mail_id="made-up.x@tidings.example"),
        b"Subject: Hello\r\n\r\nHi\r\n",
    )
    for number, content in enumerate((bounce, complaint, forged, letter)):
        server.deliver(str(number), content)
    post = ImapFolder(server.url())
    await post.look(partial(take, posting.parts))
    post.close()

    assert post.away == ""
    assert await suppressed(posting) == {"ann@people.example": "bounced", "ben@people.example": "complaint"}
    assert server.in_folder() == []
    assert server.in_folder("Taken") == sorted([bounce, complaint])
    assert server.in_folder("Unread") == sorted([forged, letter])


async def test_two_processes_that_read_one_mailbox_lose_no_report_and_count_each_once(
    posting: Town, newest: Dovecot
) -> None:
    """Two that move one mail at the same moment may leave two copies of it: what is put away is not counted again."""
    _, mail_ids = await sent_to(posting, "ann")
    reports = {b"X-Hop: %d\r\n" % number + made(SENDMAIL, mail_id=mail_ids["ann"]) for number in range(3)}
    for number, content in enumerate(reports):  # the same report thrice, as servers send it: it counts as one
        newest.deliver(str(number), content)
    posts = [ImapFolder(newest.url()) for _ in range(2)]
    await asyncio.gather(*(post.look(partial(take, posting.parts)) for post in posts))
    for post in posts:
        post.close()

    assert await suppressed(posting) == {} and [post.away for post in posts] == ["", ""]
    assert newest.in_folder() == [] == newest.in_folder("Unread") and set(newest.in_folder("Taken")) == reports


async def test_mailbox_is_read_encrypted_and_a_certificate_that_is_not_trusted_is_not_used(
    posting: Town, newest: Dovecot
) -> None:
    _, mail_ids = await sent_to(posting, "ann")
    newest.deliver("1", made(SENDMAIL, status="5.1.1", mail_id=mail_ids["ann"]))
    trusting, strict = ImapFolder(newest.url("imaps"), tls=newest.trusting()), ImapFolder(newest.url("imaps"))
    await strict.look(partial(take, posting.parts))
    assert "certificate" in strict.away and await suppressed(posting) == {}
    await trusting.look(partial(take, posting.parts))
    trusting.close()
    assert await suppressed(posting) == {"ann@people.example": "bounced"}


async def test_server_that_is_away_or_refuses_is_tried_again_later_and_later(newest: Dovecot) -> None:
    async def never(_content: bytes) -> bool:
        raise AssertionError

    post = ImapFolder(newest.url(password="wrong"))
    pauses = []
    for _ in range(3):
        await post.look(never)
        pauses.append(post.pause)
    assert pauses == [15.0, 30.0, 60.0] and "uthentication" in post.away


async def test_connection_that_breaks_is_opened_again(posting: Town, newest: Dovecot) -> None:
    _, mail_ids = await sent_to(posting, "ann")
    post = ImapFolder(newest.url())
    await post.look(partial(take, posting.parts))
    post.close()
    newest.deliver("1", made(SENDMAIL, status="5.1.1", mail_id=mail_ids["ann"]))
    await post.look(partial(take, posting.parts))
    post.close()
    assert await suppressed(posting) == {"ann@people.example": "bounced"}


async def test_running_service_reads_the_mailbox_of_its_settings(settings: Settings, newest: Dovecot) -> None:
    given = settings.model_copy(update={"returned_mail": newest.url()})
    mailbox = LocalMailbox(settings.data / "mailbox.db")
    async with own_database(given) as mine, town_of(given, mine, mailbox) as town:
        newest.deliver("1", b"Subject: Hello\r\n\r\nHi\r\n")

        async def is_looked_at() -> bool:
            return len(newest.in_folder("Unread")) == 1

        await eventually(is_looked_at, 30)
        assert town.parts.settings.returned_mail == newest.url()


@pytest.mark.parametrize("url", ["imap://host/", "imaps://user@host", "pop3://u:p@host", "imap://u:%C3%A9@host"])
def test_address_of_the_mailbox_is_checked_and_never_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_RETURNED_MAIL", url)
    with pytest.raises(WrongSetting, match=r"TIDINGS_RETURNED_MAIL is \(hidden\): expected a folder, or imap"):
        load_settings()
