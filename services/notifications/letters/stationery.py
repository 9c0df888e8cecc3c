"""Letters: finished mails, put together by hand from parts that are the same for many readers.

A copy is mostly joining: what all readers share, and each item, is rendered and encoded once an issue. Building a
mail with email.message costs a millisecond; this costs a twentieth of that, and 10,000 copies are a matter of seconds.

Every part is encoded as quoted-printable and ends with a line break, a soft one where the text has none: each line
stands for itself, so parts that are each valid are valid when joined. Styles are put onto the elements (styles.py)
before a letter is cut into parts: once an issue, never for a copy.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from binascii import b2a_qp
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from pathlib import Path

from services.notifications.confirmations import Confirmations
from services.notifications.passes import Passes
from shared.config import Settings
from shared.errors import NotFound, Unprocessable
from shared.mailer.addresses import WrongAddress, normal_form
from shared.stationery import templates_in
from shared.stationery.styles import inlined, piece_inlined

_ADDRESS = re.compile(r"[^\s<>@,;:\"\\()\[\]\x00-\x1f\x7f-\U0010ffff]+@[A-Za-z0-9.-]+")
_PLAIN = re.compile(r"[!-\-/-<>-~](?:[ -<>-~]*[!-<>-~])?\n")
"""A line that quoted-printable leaves as it is: short, without "=", ending with no blank and beginning with no dot."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 '-]+")
_BOUNDARY = b"=_tidings_part"
_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)
templates = templates_in(Path(__file__).parent / "templates")


class NotAnAddress(Unprocessable):
    """This is not an address that mail can be sent to."""


class WrongLink(NotFound):
    """This link is not complete; open it from the mail again, or change your preferences after signing in."""


Part = tuple[bytes, bytes]
"""The same in plain text and in HTML, each encoded and ending with a line break."""


class Frame:
    """A template, rendered with holes for what differs from reader to reader, and encoded.

    A hole is `{{ hole("name") }}`: in the text, or as the value of an attribute. It is marked by a word that is made up
    anew for each frame, so that no text which somebody wrote can make one.
    """

    def __init__(self, template: str, **values: object) -> None:
        """Render the template called *template* and cut it at its holes."""
        mark = f"hole-{secrets.token_hex(8)}"
        text = (
            templates.get_template(template).render(hole=lambda name: f"{mark}-{name}-", **values).rstrip("\n") + "\n"
        )
        if template.endswith(".html"):
            text = inlined(text)
        # An attribute that is a hole as a whole comes back from the inliner with an empty value.
        pieces = re.split(mark + r'-(\w+)-(?:="")?\n?', text)
        self._pieces = [b"" if place % 2 else encoded(piece) for place, piece in enumerate(pieces)]
        self._holes = [(place, name) for place, name in enumerate(pieces) if place % 2]

    def filled(self, parts: Mapping[str, bytes]) -> list[bytes]:
        """The encoded text in pieces, with *parts* in the holes."""
        pieces = self._pieces.copy()
        for place, name in self._holes:
            pieces[place] = parts[name]
        return pieces


def encoded(text: str) -> bytes:
    """*text* as quoted-printable lines; a text that does not end with a line break ends with a soft one.

    What comes out is transparent (shared.mailer.Mail): no CR or LF by itself, no line that begins with a dot.
    """
    if len(text) < 76 and _PLAIN.fullmatch(text):  # as most of what differs from copy to copy is
        return text[:-1].encode() + b"\r\n"
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
    ends = not lines or lines.endswith(b"\r\n")
    found = b2a_qp(lines) if ends else softly(b2a_qp(lines + b"\r\n"))
    return _FIRST_DOT.sub(b"=2E", found) if found.startswith(b".") or b"\n." in found else found


def softly(line: bytes) -> bytes:
    """An encoded line without its line break."""
    return line[:-2] + b"=\r\n"


def rendered(name: str, **values: object) -> Part:
    """The templates `<name>.txt` and `<name>.html`, encoded."""
    text, html = (templates.get_template(f"{name}.{kind}").render(**values) for kind in ("txt", "html"))
    return encoded(text), encoded(piece_inlined(html))


def header(text: str) -> bytes:
    """A header's value: one line, encoded (RFC 2047) where it is not ASCII."""
    line = " ".join(text.split())
    return (
        line.encode()
        if line.isascii() and len(line) < 900
        else Header(line, "utf-8", 60).encode(linesep="\r\n").encode()
    )


def mailbox(name: str, address: str) -> bytes:
    """`Name <address>` for From and To. Raises NotAnAddress."""
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        raise NotAnAddress
    known = " ".join(name.split())
    if _PLAIN_NAME.fullmatch(known):  # as formataddr writes it, in a fifth of its time
        return f"{known} <{address}>".encode()
    return formataddr((known, address)).encode()


def sendable(name: str, address: str) -> str:
    """The normal form of an address that somebody entered. Raises NotAnAddress, which says why."""
    try:
        known = normal_form(address)
    except WrongAddress as error:
        raise NotAnAddress(str(error)) from None
    mailbox(name, known)
    return known


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a letter goes to, and what they can stop with its link: `newsletter` or `alerts`."""

    id: str
    name: str
    address: str


class Stationery:
    """What all letters of this installation share: the sender, links and their signatures."""

    def __init__(self, settings: Settings) -> None:
        """Letters from `mail_from`, with links that begin with `public_url`."""
        self.sender = settings.mail_from
        self.name = settings.name
        self.url = settings.public_url
        self.passes = Passes(settings)
        self.confirmations = Confirmations(settings)
        self._key = hashlib.sha256(b"unsubscribe\n" + settings.services_key.encode()).digest()
        self._domain = settings.mail_from.rpartition("@")[2] or "localhost"

    def mail_id(self, thing: str, reader_id: str) -> str:
        """The Message-ID, without brackets: the same for the same thing and reader, however often it is sent."""
        return f"{thing}.{reader_id}@{self._domain}"

    def token(self, kind: str, reader_id: str) -> str:
        """Stops *kind* for one reader, for ever valid: a mail may be opened years later."""
        return f"{kind}.{reader_id}.{self._signature(kind, reader_id)}"

    def read_token(self, token: str) -> tuple[str, str]:
        """(kind, reader's id) of a token of ours. Raises WrongLink."""
        kind, _, rest = token.partition(".")
        reader_id, _, signature = rest.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(kind, reader_id).encode()):
            raise WrongLink
        return kind, reader_id

    def _signature(self, kind: str, reader_id: str) -> str:
        """BLAKE2b with a key: a signature as HMAC is, at a tenth of its time."""
        return hashlib.blake2b(f"{kind}\n{reader_id}".encode(), key=self._key, digest_size=16).hexdigest()

    def stop_url(self, kind: str, reader_id: str) -> str:
        """The page that stops *kind*; a POST to it does so at once, without signing in (RFC 8058)."""
        return f"{self.url}/unsubscribe/{self.token(kind, reader_id)}"

    def head(self, *, subject: str, date: datetime, kind: str, thread: str = "") -> bytes:
        """The headers that all copies of one letter share; mails of one *thread* are shown together."""
        root = f"\r\nReferences: <{thread}@{self._domain}>".encode() if thread else b""
        return b"".join(
            (
                b"From: ", mailbox(self.name, self.sender), b"\r\nSubject: ", header(subject),
                b"\r\nDate: ", format_datetime(date).encode(), root, b"\r\nMIME-Version: 1.0",
                b"\r\nList-Id: ", kind.encode(), b" <", kind.encode(), b".", self._domain.encode(), b">",
                b"\r\nAuto-Submitted: auto-generated",
                b'\r\nContent-Type: multipart/alternative; boundary="', _BOUNDARY, b'"\r\n',
            )
        )  # fmt: skip


_PART = (
    b"--"
    + _BOUNDARY
    + b"\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
)
_TEXT, _HTML = _PART % b"plain", _PART % b"html"
_END = b"--" + _BOUNDARY + b"--\r\n"


def letter(
    head: bytes, *, to: bytes, mail_id: str, stop_url: str, text: Iterable[bytes], html: Iterable[bytes],
    answers: str = "",
) -> bytes:  # fmt: skip
    """The whole mail. *to* comes from `mailbox`; ids and links are made by us and hold no line breaks.

    *answers* is the Message-ID of an earlier mail to the same reader, beside which this one is to be shown.
    """
    beside = f"In-Reply-To: <{answers}>\r\nReferences: <{answers}>\r\n" if answers else ""
    own = f"Message-ID: <{mail_id}>\r\n{beside}List-Unsubscribe: <{stop_url}>\r\n".encode()
    return b"".join(
        (
            head, b"To: ", to, b"\r\n", own, b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n",
            _TEXT, *text, _HTML, *html, _END,
        )
    )  # fmt: skip
