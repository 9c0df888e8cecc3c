"""Encryption and sign-in, against real servers that ask for them."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared.mailer import Accepted, Deferred
from shared.mailer.smtp import Server, SmtpMailer
from tests.mailer.conftest import HASTY, mail
from tests.mailer.servers import PostOffice, one_account, running

NOT_ENCRYPTED = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
"""The server library warns of what loopback makes harmless."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this test's own for 127.0.0.1 and every address of this machine, with its key."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    names = f"IP:127.0.0.1,IP:{outward_address()}"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=post.example", "-days", "2"]
    command += ["-addext", f"subjectAltName={names}", "-keyout", str(path) + ".key", "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def outward_address() -> str:
    """This machine's address on its network, or loopback where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, str(certificate) + ".key")
    return context


async def test_mail_goes_encrypted_to_an_smtps_server(certificate: Path) -> None:
    trust = ssl.create_default_context(cafile=str(certificate))
    async with running(PostOffice(), ssl=server_side(certificate)) as office:
        mailer = SmtpMailer(office.url.replace("smtp:", "smtps:"), patience=HASTY, tls=trust)
        async with mailer.connection() as connection:
            assert isinstance(await connection.send(mail("ann")), Accepted)
            assert isinstance(await connection.send(mail("ben")), Accepted)
    assert len(office.arrived) == 2


async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(certificate: Path) -> None:
    async with running(PostOffice(), ssl=server_side(certificate)) as office:
        mailer = SmtpMailer(office.url.replace("smtp:", "smtps:"), patience=HASTY)
        async with mailer.connection() as connection:
            outcome = await connection.send(mail())
    assert isinstance(outcome, Deferred) and "certificate" in outcome.text.lower()


async def test_starttls_is_used_where_it_is_offered(certificate: Path) -> None:
    host = outward_address()
    if host.startswith("127."):
        pytest.skip("this machine has only loopback, where nothing is encrypted")
    trust = ssl.create_default_context(cafile=str(certificate))
    options: dict[str, Any] = {"tls_context": server_side(certificate), "require_starttls": True}
    async with running(PostOffice(), host=host, **options) as office:
        mailer = SmtpMailer(f"smtp://{host}:{office.port}", patience=HASTY, tls=trust)
        async with mailer.connection() as connection:
            assert isinstance(await connection.send(mail()), Accepted)
    assert len(office.arrived) == 1


@NOT_ENCRYPTED
async def test_the_url_signs_in() -> None:
    options: dict[str, Any] = {"authenticator": one_account, "auth_required": True, "auth_require_tls": False}
    async with running(PostOffice(), **options) as office:
        url = office.url.replace("//", "//news:s3cret%2F%40@")
        async with SmtpMailer(url, patience=HASTY).connection() as connection:
            assert isinstance(await connection.send(mail()), Accepted)
    assert len(office.arrived) == 1


@NOT_ENCRYPTED
async def test_a_wrong_password_defers_and_is_not_told() -> None:
    options: dict[str, Any] = {"authenticator": one_account, "auth_required": True, "auth_require_tls": False}
    async with running(PostOffice(), **options) as office:
        url = office.url.replace("//", "//news:wrong-word@")
        async with SmtpMailer(url, patience=HASTY).connection() as connection:
            outcome = await connection.send(mail())
    assert isinstance(outcome, Deferred) and outcome.server_away and "wrong-word" not in outcome.text


@pytest.mark.parametrize(
    ("url", "start_tls"),
    [
        ("smtp://127.0.0.1:25", False),
        ("smtp://user:word@localhost:25", False),
        ("smtp://[::1]:25", False),
        ("smtp://mail.example:25", None),
        ("smtp://user:word@mail.example:587", True),
        ("smtps://user:word@mail.example", False),
    ],
)
def test_a_password_leaves_this_machine_encrypted_only(url: str, start_tls: bool | None) -> None:
    assert Server.from_url(url).start_tls is start_tls
