"""The produced mail, byte for byte, against a kept one: headers, structure, both bodies.

After a wanted change: TIDINGS_KEEP_GOLDEN=1 pytest tests/notifications/test_golden.py, and read the difference.
"""

from __future__ import annotations

import email
import email.policy
import os
import re
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from services.notifications.letters.editions import AlertLetter, Edition
from services.notifications.letters.stationery import NotAnAddress, Recipient, Stationery
from shared import clock
from shared.config import Settings

FOLDER = Path(__file__).parent / "golden"
MOMENT = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
READER = Recipient("reader-1", "Åsa O'Neil <b>", "asa@people.example")


def item(number: int, **values: Any) -> dict[str, Any]:
    return {
        "id": str(number), "message_id": f"m{number}", "headline": f"Headline {number} & more", "category": "news",
        "significance": "normal", "path": f"/networks/n{number}", "time": MOMENT, "network_id": f"n{number}",
        "care_group": "stroke", "audiences": f"network:n{number}", "place": None, "pinned": False, "dropped": False,
        "text": "", "right": "", **values,
    }  # fmt: skip


def edition(*items: dict[str, Any], **issue: Any) -> Edition:
    stationery = Stationery(Settings(secret="x" * 32, base_url="https://tidings.example", name="Tidings"))
    values = {
        "id": "issue-47", "number": 47, "title": "Networks this week – 27 November", "intro": "Good morning.\n<hr>",
        "pressed_at": MOMENT, "week_from": date(2026, 11, 21), "week_to": date(2026, 11, 27), **issue,
    }  # fmt: skip
    return Edition(stationery, values, list(items), {"n1": "Stroke Network", "n2": "Renal Network"})


def newsletter() -> bytes:
    items = (
        item(9, pinned=True, headline="Pinned: read this first"), item(1, text="Two lines\nof our own words"),
        item(2, care_group="older_people"), item(3, care_group="", network_id="", audiences="everyone"),
    )  # fmt: skip
    with clock.at(MOMENT):  # links end two months later
        return edition(*items).mail(READER, ["network:n1"])


def alert() -> bytes:
    stationery = Stationery(Settings(secret="x" * 32, base_url="https://tidings.example", name="Tidings"))
    told = {
        "message_id": "m1", "headline": "Åsa now leads Stroke", "path": "/networks/n1", "network_id": "n1",
        "stored_at": MOMENT,
    }  # fmt: skip
    with clock.at(MOMENT):  # links end two months later
        return AlertLetter(stationery, told, "Stroke Network").mail(READER)


def read(content: bytes) -> EmailMessage:
    found = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize(("name", "made"), [("newsletter", newsletter), ("alert", alert)])
def test_the_mail_is_as_it_was(name: str, made: Any) -> None:
    path, content = FOLDER / f"{name}.eml", made()
    if os.environ.get("TIDINGS_KEEP_GOLDEN"):
        path.write_bytes(content)
    assert content.decode() == path.read_bytes().decode()


@pytest.mark.parametrize("made", [newsletter, alert])
def test_every_part_of_it_is_read_without_a_defect(made: Any) -> None:
    content = made()
    mail = read(content)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert [defect for part in mail.walk() for defect in part.defects] == []
    assert all(not value.defects for value in mail.values())
    assert content.isascii() and max(map(len, content.split(b"\r\n"))) <= 998
    bodies = content.split(b"quoted-printable\r\n\r\n")[1:]
    assert all(len(line) <= 77 for body in bodies for line in body.partition(b"--=_")[0].split(b"\r\n"))
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", content) is None


def test_it_has_the_headers_that_a_newsletter_must_have() -> None:
    mail = read(newsletter())
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert str(mail["list-unsubscribe"]).startswith("<https://tidings.example/unsubscribe/newsletter.reader-1.")
    assert mail["message-id"] == "<issue-47.reader-1@tidings.example>" and mail["date"].datetime == MOMENT
    assert mail["to"].addresses[0].display_name == READER.name


def test_alerts_of_one_network_are_one_thread() -> None:
    assert read(alert())["references"] == "<network-n1@tidings.example>"


def test_styles_stand_on_the_elements_and_nothing_is_fetched_or_counted() -> None:
    html = read(newsletter()).get_body(("html",))
    assert html is not None
    text = html.get_content()
    assert '<p style="margin:0 0 16px">' in text and "<link" not in text and "<img" not in text
    assert "&lt;hr&gt;" in text and "&lt;b&gt;" in text and "hole-" not in text
    assert set(re.findall(r'href="([^"]*)"', text)) >= {"https://tidings.example/networks/n1"}


def test_what_somebody_wrote_is_left_as_it_is() -> None:
    html = read(edition(item(1, headline='A class="item" of <b class="item">ten</b>')).mail(READER, [])).get_body(
        ("html",)
    )
    assert html is not None
    assert 'A class="item" of &lt;b class="item"&gt;ten&lt;/b&gt;' in html.get_content()


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: x@y.example",
        '"quoted part"@b.example',
        "a b@c.example",
        "a@b@c.example",
        "zoë@b.example",
        "",
    ],
)
def test_an_address_that_cannot_stand_in_a_header_makes_no_mail(address: str) -> None:
    with pytest.raises(NotAnAddress):
        edition(item(1)).mail(Recipient("r", "R", address), [])


def test_a_name_or_title_with_line_breaks_makes_no_header() -> None:
    mail = read(edition(item(1), title="One\r\nBcc: x@y.example").mail(
        Recipient("r", "R\r\nBcc: x@y.example", "r@b.example"), []
    ))  # fmt: skip
    assert mail["bcc"] is None and mail["subject"] == "One Bcc: x@y.example"
