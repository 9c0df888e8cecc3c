"""What comes back is read in every form, believed only where it is ours, and has a way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.notifications.delivery.collecting.maildir import Maildir
from services.notifications.delivery.collecting.worker import take
from services.notifications.returned import read_returned
from shared.config import Settings
from shared.mailer.mailbox import LocalMailbox
from shared.mailer.marks import marked
from tests.notifications.conftest import STAFF, Town, own_database, town_of
from tests.notifications.reports import COMPLAINT, MINIMAL, SENDMAIL, SEVERAL, made
from tests.notifications.test_mail import all_sent, pressed, readers

HEADERS = {"content-type": "message/rfc822"}


def test_every_recipient_of_a_report_is_read_with_status_and_reason() -> None:
    [first, delayed, third] = read_returned(made(SEVERAL, mail_id="thing.reader@tidings.example"))
    assert (first.kind, first.address, first.status, first.is_final) == (
        "bounce",
        "arathib@vnet.example",
        "5.0.0",
        True,
    )
    assert first.reason == "550 'arathib@vnet.example' is not a registered gateway user"
    assert (delayed.kind, delayed.is_final) == ("delay", False) and third.address == "wsnell@sdcc13.example"
    assert first.mail_id == third.mail_id == "thing.reader@tidings.example"


def test_mailbox_that_could_not_be_reached_is_not_refused_for_good() -> None:
    [found] = read_returned(made(SENDMAIL))
    assert (found.kind, found.status, found.is_final) == ("bounce", "4.4.7", False)
    assert (found.reason, found.mail_id) == ("426 connection timed out", "a.b@tidings.example")


@pytest.mark.parametrize("form", [COMPLAINT, MINIMAL])
def test_complaint_names_the_reader_and_the_mail(form: str) -> None:
    [found] = read_returned(made(form))
    assert (found.kind, found.address, found.mail_id) == ("complaint", "ann@people.example", "a.b@tidings.example")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", made(COMPLAINT, kind="not-spam"), b"Subject: Out of office\r\n\r\nI am away.\r\n",
     b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n" * 3,
     made(SENDMAIL).replace(b"Action: failed", b"Action: relayed")],
)  # fmt: skip
def test_mail_that_reports_nothing_is_none(content: bytes) -> None:
    assert read_returned(content) == []


@pytest.fixture
async def posting(settings: Settings) -> AsyncIterator[Town]:
    """A town whose mail goes to the local mailbox."""
    mailbox = LocalMailbox(settings.data / "mailbox.db")
    async with own_database(settings) as mine, town_of(settings, mine, mailbox) as running_town:
        yield running_town


async def sent_to(town: Town, *people: str) -> tuple[str, dict[str, str]]:
    """The path of an issue that went out, and each reader's Message-ID."""
    await readers(town, *people)
    there = await pressed(town)
    await all_sent(town, there)
    mails = (await town.get("/mailbox"))["items"]
    return there, {mail["recipient"].partition("@")[0]: mail["message_id"] for mail in mails}


async def hook(town: Town, content: bytes) -> dict[str, Any]:
    answer = await town.client.post("/mail/returned", headers={**town.as_(STAFF), **HEADERS}, content=content)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def suppressed(town: Town) -> dict[str, str]:
    return {item["address"]: item["kind"] for item in (await town.get("/mail/suppressions"))["items"]}


async def test_bounce_stops_the_address_marks_the_copy_and_staff_can_take_it_back(posting: Town) -> None:
    there, mail_ids = await sent_to(posting, "ann", "ben")
    report = made(SENDMAIL, address="somewhere@else.example", status="5.1.1", mail_id=mail_ids["ann"])
    assert await hook(posting, report) == {"found": 1, "believed": 1}
    assert await hook(posting, report) == {"found": 1, "believed": 0}

    progress = await posting.get(f"{there}/progress")
    assert (progress["sent"], progress["bounced"], progress["waiting"]) == (1, 1, 0)
    assert await suppressed(posting) == {"ann@people.example": "bounced"}
    assert (await posting.get("/mail/mine", "ann"))["suppressed"]["reason"].startswith("5.1.1")
    await posting.post("/mail/suppressions/lift", address="ANN@people.example")
    assert await suppressed(posting) == {} and (await posting.get("/mail/mine", "ann"))["suppressed"] is None


async def test_person_takes_it_back_by_themselves(posting: Town) -> None:
    _, mail_ids = await sent_to(posting, "ann")
    await hook(posting, made(SENDMAIL, status="5.2.1", mail_id=mail_ids["ann"]))
    await posting.post("/mail/mine/lift", "ann")
    assert await suppressed(posting) == {}
    again = await posting.client.post("/mail/mine/lift", headers=posting.as_("ann"))
    assert again.status_code == 404


async def test_three_passing_failures_in_a_month_are_one_for_good(posting: Town) -> None:
    _, mail_ids = await sent_to(posting, "ann")
    for number in range(3):
        assert await suppressed(posting) == {}
        await hook(posting, made(SENDMAIL, mail_id=f"old-{number}.x@tidings.example" if number else mail_ids["ann"]))
    assert await suppressed(posting) == {"ann@people.example": "bounced"}


async def test_complaint_unsubscribes_too(posting: Town) -> None:
    _, mail_ids = await sent_to(posting, "ann")
    await hook(posting, made(COMPLAINT, mail_id=mail_ids["ann"]))
    assert await suppressed(posting) == {"ann@people.example": "complaint"}
    assert (await posting.get("/preferences", "ann"))["newsletter"] is False


async def test_forged_report_in_the_mailbox_silences_nobody_and_a_true_one_is_put_away(
    posting: Town, tmp_path: Path
) -> None:
    _, mail_ids = await sent_to(posting, "ann", "ben")
    folder = tmp_path / "maildir"
    (folder / "new").mkdir(parents=True)
    (folder / "new" / "1").write_bytes(made(SENDMAIL, status="5.1.1", mail_id="made-up.ann@tidings.example"))
    (folder / "new" / "2").write_bytes(made(SENDMAIL, status="5.1.1", mail_id=mail_ids["ben"]))
    (folder / "new" / "3").write_bytes(b"\xff\x00 no mail at all")
    await asyncio.gather(*(Maildir(folder).look(partial(take, posting.parts)) for _ in range(2)))

    assert await suppressed(posting) == {"ben@people.example": "bounced"}
    assert [path.name for path in (folder / ".Taken" / "cur").iterdir()] == ["2:2,S"]
    assert sorted(path.name for path in (folder / ".Unread" / "cur").iterdir()) == ["1:2,S", "3:2,S"]
    assert list((folder / "new").iterdir()) == [] == list((folder / "tmp-taken").iterdir())


async def test_bounce_of_a_mail_about_an_account_is_believed_of_its_address_alone(
    posting: Town, tmp_path: Path
) -> None:
    key, folder = posting.parts.settings.services_key, tmp_path / "maildir"
    (folder / "new").mkdir(parents=True)
    ours = marked(key, "letter-1.1", "New@people.example", "tidings.example")
    strangers = marked("another key", "letter-1.1", "ann@people.example", "tidings.example")
    for name, address, mail_id in (
        ("1", "new@people.example", ours), ("2", "ann@people.example", ours), ("3", "ann@people.example", strangers),
        ("4", "ann@people.example", "account.letter-1.1." + "0" * 32 + "@tidings.example"),
    ):  # fmt: skip
        (folder / "new" / name).write_bytes(made(SENDMAIL, address=address, status="5.1.1", mail_id=mail_id))
    await Maildir(folder).look(partial(take, posting.parts))

    assert await suppressed(posting) == {"new@people.example": "bounced"}
    assert [path.name for path in (folder / ".Taken" / "cur").iterdir()] == ["1:2,S"]


async def test_hook_and_lists_are_for_staff_alone(town: Town) -> None:
    for method, path in (
        ("POST", "/mail/returned"), ("GET", "/mail/suppressions"), ("POST", "/mail/suppressions/lift"),
        ("GET", "/newsletter/readers"), ("POST", "/newsletter/readers/import"),
    ):  # fmt: skip
        answer = await town.client.request(method, path, headers=town.as_("ann"), json={"address": "a@b.example"})
        assert answer.status_code == 403, path


def test_settings_name_what_is_expected() -> None:
    with pytest.raises(ValueError, match="expected domain=copies a second"):
        Settings(mail_rates="example.com")
