"""A real IMAP server for tests: Dovecot, in a folder of its own, with one mailbox."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.flows.system import free_port

PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin"
PASSWORD = "s3cret:/@"
SETTINGS = """
base_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:{home}/mail
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
first_valid_uid = 1
first_valid_gid = 0
default_login_user = {login}
default_internal_user = {internal}
auth_mechanisms = plain
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{more}
"""


class Dovecot:
    """A running server: `new` mails can be put into its inbox, and its folders looked into."""

    def __init__(self, home: Path, authority: trustme.CA) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self.authority, self._home = authority, home
        self.inbox = home / "mail"

    def url(self, scheme: str = "imap", password: str = "s3cret%3A%2F%40") -> str:
        port = self.tls_port if scheme == "imaps" else self.port
        return f"{scheme}://news:{password}@127.0.0.1:{port}"

    def trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def deliver(self, name: str, content: bytes) -> None:
        """Put a mail into the inbox, as a mail server would."""
        new = self.inbox / "new"
        new.mkdir(parents=True, exist_ok=True)
        (new / name).write_bytes(content)
        _give_to_reader(self.inbox)

    def in_folder(self, name: str = "") -> list[bytes]:
        """The contents of the mails in a folder; those of the inbox without a name."""
        folder = self.inbox / (f".{name}" if name else "")
        found = [path for kind in ("new", "cur") if (folder / kind).is_dir() for path in (folder / kind).iterdir()]
        return sorted(path.read_bytes() for path in found if not path.name.endswith("T"))


def _reader() -> pwd.struct_passwd:
    """Who reads the mails: Dovecot does not let root."""
    return pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _give_to_reader(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _reader().pw_uid, _reader().pw_gid)


@contextmanager
def dovecot(more: str = "") -> Iterator[Dovecot]:
    """Run a server, with *more* settings; skips, or fails, the test where there is none."""
    program = shutil.which("dovecot", path=PATHS)
    if program is None:
        reason = "needs Dovecot: apt-get install dovecot-imapd"
        pytest.fail(reason) if os.environ.get("TIDINGS_REQUIRE_BACKENDS") == "1" else pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="tidings-imap-", dir="/var/tmp") as folder:
        home = Path(folder)
        home.chmod(0o755)
        server = Dovecot(home, trustme.CA())
        server.inbox.mkdir()
        _give_to_reader(server.inbox)
        process = subprocess.Popen([program, "-F", "-c", str(_configured(server, home, more))])
        try:
            _wait_until_listening(server)
            yield server
        finally:
            process.terminate()
            process.wait(10)


def _configured(server: Dovecot, home: Path, more: str) -> Path:
    certificate = server.authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(home / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(home / "cert.pem", append=True)
    is_root, myself = os.geteuid() == 0, pwd.getpwuid(os.geteuid()).pw_name
    path = home / "dovecot.conf"
    path.write_text(SETTINGS.format(
        home=home, port=server.port, tls_port=server.tls_port, password=PASSWORD, more=more,
        login="dovenull" if is_root else myself, internal="dovecot" if is_root else myself,
        uid=_reader().pw_uid, gid=_reader().pw_gid,
    ))  # fmt: skip
    return path


def _wait_until_listening(server: Dovecot) -> None:
    for _ in range(200):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("Dovecot does not listen.")
