"""DKIM (RFC 6376, RFC 8463): each mail signed by our domain, so that who receives it knows that it is ours.

Headers are canonicalised `relaxed`, bodies `simple`: ours are quoted-printable, which no server has reason to change.
Written here because a signature is made for every copy. Measured: 0.04 ms with Ed25519 and 0.3 ms with RSA of
2,048 bits, against 8 ms with dkimpy, which calculates RSA in Python; the tests verify with dkimpy.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.mailer import Connection, Mail, Mailer, Outcome

SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"references", b"mime-version", b"content-type",
    b"list-id", b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip
"""The headers that are signed, where they are there; RFC 8058 asks for the last two."""
SMALLEST_RSA = 1024
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BLANKS = re.compile(rb"[ \t]+")


class Signer:
    """Signs mails for one domain with one key."""

    def __init__(self, pem: bytes, *, domain: str, selector: str) -> None:
        """*pem* is a private key, RSA or Ed25519, whose public half stands at `<selector>._domainkey.<domain>`."""
        self._key = _key_in(pem)
        self._is_rsa = isinstance(self._key, RSAPrivateKey)
        algorithm = "rsa-sha256" if self._is_rsa else "ed25519-sha256"
        self._start = f"v=1; a={algorithm}; c=relaxed/simple; d={domain}; s={selector}; ".encode()

    def signed(self, content: bytes) -> bytes:
        """*content* with its signature in front. Lines end with CRLF."""
        head, _, body = content.partition(b"\r\n\r\n")
        names, lines = self._chosen(head)
        body_hash = b64encode(sha256(body.rstrip(b"\r\n") + b"\r\n").digest())
        value = self._start + b"h=" + b":".join(names) + b";\r\n\tbh=" + body_hash + b";\r\n\tb="
        said = b"\r\n".join([*lines, b"dkim-signature:" + _relaxed(value)])
        signature = b64encode(self._signature(said))
        folded = b"\r\n\t ".join(signature[n : n + 70] for n in range(0, len(signature), 70))
        return b"DKIM-Signature: " + value + folded + b"\r\n" + content

    def _chosen(self, head: bytes) -> tuple[list[bytes], list[bytes]]:
        """The headers to sign, by name and as they are signed. `from` is named twice: a second one breaks it."""
        found: dict[bytes, bytes] = {}
        for line in _FOLD.sub(b"", head).split(b"\r\n"):
            name, _, value = line.partition(b":")
            found[name.strip().lower()] = value
        names = [name for name in SIGNED if name in found]
        return [*names, b"from"], [name + b":" + _relaxed(found[name]) for name in names]

    def _signature(self, said: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(said, PKCS1v15(), hashes.SHA256())
        return self._key.sign(sha256(said).digest())


def _key_in(pem: bytes) -> RSAPrivateKey | Ed25519PrivateKey:
    """The private key in *pem*. Raises ValueError."""
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        raise ValueError("the key is locked with a password; give one that is not") from None
    if isinstance(key, RSAPrivateKey) and key.key_size >= SMALLEST_RSA:
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise ValueError("expected an RSA key of at least 1,024 bits or an Ed25519 key")


def signer_of(path: Path, *, domain: str, selector: str) -> Signer:
    """A signer with the key in the file at *path*. Raises OSError, ValueError."""
    return Signer(path.read_bytes(), domain=domain, selector=selector)


def _relaxed(value: bytes) -> bytes:
    return _BLANKS.sub(b" ", _FOLD.sub(b"", value)).strip()


class SigningMailer:
    """Another mailer, each of whose mails is signed."""

    def __init__(self, inner: Mailer, signer: Signer) -> None:
        """Sign with *signer* what goes through *inner*."""
        self._inner = inner
        self._signer = signer

    @property
    def away(self) -> str | None:
        """Why the server takes no mail; None while it does."""
        return self._inner.away

    async def start(self) -> None:
        """Start the other."""
        await self._inner.start()

    async def stop(self) -> None:
        """Stop the other."""
        await self._inner.stop()

    def connections(self) -> int:
        """As many as the other."""
        return self._inner.connections()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the other, signing."""
        async with self._inner.connection() as line:
            yield _Signing(line, self._signer)

    async def forget(self, recipient: str) -> None:
        """Let the other forget."""
        await self._inner.forget(recipient)


class _Signing:
    def __init__(self, line: Connection, signer: Signer) -> None:
        self._line = line
        self._signer = signer

    async def send(self, mail: Mail, following: str = "") -> Outcome:
        """Sign *mail* and hand it over."""
        return await self._line.send(replace(mail, content=self._signer.signed(mail.content)), following)
