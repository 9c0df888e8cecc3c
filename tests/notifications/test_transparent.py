"""What a letter vouches for: it is sent as it is, so nothing that somebody wrote may end it or begin another."""

from __future__ import annotations

import quopri
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from services.notifications.letters.stationery import Stationery, encoded, letter, mailbox, softly
from shared.config import Settings
from shared.mailer.conversation import transparent

paper = Stationery(Settings(secret="x" * 32, base_url="http://t.example"))
texts = st.text(st.sampled_from("\r\n.=ab \té\x00\x85\u2028"), max_size=200) | st.text(max_size=100)


@given(texts)
@example("one\r\n.\r\nQUIT\r\n")
@example("one\n..two")
@example("x" * 75 + ".next line")
@example("bare\rreturn")
def test_encoded_text_is_transparent_and_says_the_same(text: str) -> None:
    found = encoded(text)
    assert transparent(found or b"\r\n")[:-3] == (found or b"\r\n") and found.isascii()
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert quopri.decodestring(found).replace(b"\r\n", b"\n").decode() == expected


@given(name=texts, subject=texts, words=texts)
def test_letter_is_transparent_whatever_people_are_called_and_write(name: str, subject: str, words: str) -> None:
    head = paper.head(subject=subject, date=datetime(2026, 1, 1, tzinfo=UTC), kind="newsletter")
    mail = letter(
        head, to=mailbox(name, "ann@people.example"), mail_id="x@t.example", stop_url="http://t.example/x",
        text=[encoded(words), encoded("\n")], html=[encoded(words), encoded("\n")],
    )  # fmt: skip
    assert transparent(mail) == mail + b".\r\n" and mail.isascii()


def test_line_made_soft_goes_on_without_a_break() -> None:
    assert quopri.decodestring(softly(encoded("one\n")) + encoded("two\n")) == b"onetwo\r\n"
