"""What we sign, a stranger's library verifies; what was altered on the way, it does not."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shared.config import Settings
from shared.mailer import Mail, open_mailer
from shared.mailer.dkim import Signer, SigningMailer
from shared.mailer.smtp import SmtpMailer
from tests.mailer.servers import PostOffice

MAIL = (
    b"From: Tidings <news@tidings.example>\r\nTo: =?utf-8?q?Ann?= <ann@people.example>\r\n"
    b"Subject: Networks this\r\n week\r\nList-Unsubscribe: <http://t.example/unsubscribe/x>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMessage-ID: <m@tidings.example>\r\n\r\n"
    b"Dear  Ann,  =20\r\n\r\n.hidden\r\n\r\n\r\n"
)
Key = RSAPrivateKey | Ed25519PrivateKey


def pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def record(key: Key) -> bytes:
    """What stands in the DNS for *key*."""
    public = key.public_key()
    if isinstance(key, Ed25519PrivateKey):
        return b"v=DKIM1; k=ed25519; p=" + b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + b64encode(der)


@pytest.fixture(params=["rsa", "ed25519"], scope="module")
def key(request: pytest.FixtureRequest) -> Key:
    return generate_private_key(65537, 2048) if request.param == "rsa" else Ed25519PrivateKey.generate()


def is_verified(content: bytes, key: Key) -> bool:
    asked: list[bytes] = []

    def lookup(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record(key)

    found = bool(dkim.verify(content, dnsfunc=lookup))
    assert asked == [b"monday._domainkey.tidings.example."]
    return found


def test_a_signed_mail_is_verified_by_a_strangers_library(key: Key) -> None:
    signed = Signer(pem(key), domain="tidings.example", selector="monday").signed(MAIL)
    assert signed.endswith(MAIL) and max(map(len, signed.split(b"\r\n"))) < 200
    assert is_verified(signed, key)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Dear  Ann", b"Dear Ben"), (b"One-Click", b"Two-Clicks"), (b"unsubscribe/x", b"unsubscribe/y"),
        (b"To: ", b"From: else@elsewhere.example\r\nTo: "),
    ],
)  # fmt: skip
def test_a_mail_that_was_altered_is_not(key: Key, old: bytes, new: bytes) -> None:
    signed = Signer(pem(key), domain="tidings.example", selector="monday").signed(MAIL)
    assert not is_verified(signed.replace(old, new, 1), key)


def test_a_key_that_cannot_sign_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key")
    for path in (tmp_path / "key.pem", tmp_path / "none.pem"):
        with pytest.raises(ValueError, match="expected a file with a private key"):
            Settings(dkim_key=str(path))


async def test_every_mail_that_goes_out_is_signed_where_a_key_is_given(office: PostOffice, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(pem(key))
    settings = Settings(smtp=office.url, dkim_key=str(tmp_path / "key.pem"), dkim_selector="monday")
    mailer = open_mailer(settings)
    assert isinstance(mailer, SigningMailer)
    async with mailer.connection() as line:
        await line.send(Mail("m@tidings.example", "news@tidings.example", "ann@people.example", MAIL))
    assert is_verified(office.arrived[0].content, key)


def test_without_a_key_nothing_is_signed() -> None:
    assert isinstance(open_mailer(Settings(smtp="smtp://127.0.0.1:1")), SmtpMailer)
