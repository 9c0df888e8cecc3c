"""Mails about accounts, byte for byte against kept ones: on the sheet of all our mails, and nothing counts who reads.

After a wanted change: TIDINGS_KEEP_GOLDEN=1 pytest tests/membership/test_mails.py, and read the difference.
"""

from __future__ import annotations

import email
import email.policy
import os
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.membership import mails
from services.membership.tables import Letter
from services.membership.wording import PLAIN, Said
from shared import clock
from shared.config import Settings
from shared.mailer.marks import is_marked
from shared.stationery.styles import SHEET

pytestmark = pytest.mark.fast
FOLDER = Path(__file__).parent / "golden"
MOMENT = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
SETTINGS = Settings(secret="x" * 32, base_url="https://tidings.example", name="Tidings")
INVITATION = Said(
    "You are invited", ("Åsa O'Neil <b> invites you to Stroke & Heart Network, as a member, and to Tidings.",),
    "Look at the invitation", "https://tidings.example/invitation/key", ("It is open until 11 December 2026.",),
    why="Somebody gave this address to invite you.",
)  # fmt: skip
NEW_BROWSER = Said(
    "A new browser was used to sign in",
    (
        "Firefox on Windows signed in to your account for Tidings on 27 November 2026 at 16:00 UTC, from the network "
        "address 203.0.113.7. Your account has not been used with that browser before.",
        "If it was you, there is nothing to do.",
    ),
    "It was not me: sign it out", "https://tidings.example/sign-in/end/made",
    ("Then choose a new password, because whoever signed in knows the present one.",),
    links=(("Choose a new password", "https://tidings.example/sign-in/forgotten"),),
)  # fmt: skip
ALL = {"invitation": INVITATION, "new-browser": NEW_BROWSER, **{kind: words(SETTINGS) for kind, words in PLAIN.items()}}


def made(kind: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The mail of that kind; boundaries are always the same ones."""
    monkeypatch.setattr("email.generator._make_boundary", lambda _text=None: "=_part", raising=False)
    letter = Letter(id="letter-1", kind=kind, address="cat@people.example", subject_id="", tries=1)
    with clock.at(MOMENT):
        content = mails.mail_of(ALL[kind], letter, SETTINGS).content
    found = re.search(rb'boundary="([^"]+)"', content)
    assert found
    return content.replace(found[1], b"=_part")


def read(content: bytes) -> EmailMessage:
    found = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def body(content: bytes, kind: str) -> str:
    part = read(content).get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("kind", ["invitation", "password", "new-browser"])
def test_the_mail_is_as_it_was(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, content = FOLDER / f"{kind}.eml", made(kind, monkeypatch)
    if os.environ.get("TIDINGS_KEEP_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        path.write_bytes(content)
    assert content.decode() == path.read_bytes().decode()


@pytest.mark.parametrize("kind", ALL)
def test_it_is_text_and_html_without_a_defect(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = made(kind, monkeypatch)
    mail = read(content)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert [defect for part in mail.walk() for defect in part.defects] == []
    assert content.isascii() and mail["auto-submitted"] == "auto-generated"
    assert mail["list-unsubscribe"] is None, "there is no way to want no mail about one's own account"


@pytest.mark.parametrize("kind", ALL)
def test_it_has_the_look_of_all_our_mails_and_fetches_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    html = body(made(kind, monkeypatch), "html")
    assert 'class="sheet"' not in html and "max-width:640px" in html and "#f0f4f5" in html
    title = re.search(r"\.title\{([^}]+)\}", SHEET.read_text())
    assert title and f'style="{title[1]}"' in html
    assert not re.search(r"<(img|link|script|iframe)|url\(|src=", html)
    links = re.findall(r'href="([^"]*)"', html)
    assert links and all(link.startswith("https://tidings.example") and "?" not in link for link in links)


@pytest.mark.parametrize("kind", ALL)
def test_text_and_html_say_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content, said = made(kind, monkeypatch), ALL[kind]
    text, html = " ".join(body(content, "plain").split()), " ".join(body(content, "html").split())
    for words in (said.title, *said.before, *said.after, said.why):
        assert words in text
        assert words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "'") in html


def test_its_id_is_signed_with_its_address_so_that_a_bounce_can_be_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    mail_id = str(read(made("password", monkeypatch))["message-id"]).strip(" <>")
    assert is_marked(SETTINGS.services_key, mail_id, "cat@people.example")
    assert not is_marked(SETTINGS.services_key, mail_id, "ann@people.example")


def test_what_somebody_is_called_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "<b>" not in body(made("invitation", monkeypatch), "html")
