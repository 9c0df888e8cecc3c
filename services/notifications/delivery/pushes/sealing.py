"""Sealing: what a push service is given, so that it can carry a notification and not read it.

Encryption is RFC 8291 (`http_ece`), who we are is said by VAPID, RFC 8292 (`py_vapid`).
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from shared import clock
from shared.outside.addresses import Target

LIFE_SECONDS = 86_400
"""So long a push service keeps what it cannot deliver: older news is none."""
TOKEN_SECONDS = 12 * 3600
RENEWED_SECONDS = 3600


def decoded(text: str) -> bytes:
    """Base64url without padding, as browsers write it. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(content: bytes) -> str:
    """The same, the other way."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as browsers give and take it: 65 bytes, uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class Seal:
    """The key of this installation."""

    def __init__(self, private_key: str, mail_from: str) -> None:
        """*private_key* as `tidings vapid` makes it; *mail_from* is whom a push service can write to."""
        self._vapid = Vapid02.from_raw(private_key.encode())
        self._subject = f"mailto:{mail_from}"
        self.public_key = encoded(point(self._vapid.public_key))
        self._token = lru_cache(200)(self._made_token)

    def sealed(self, content: bytes, *, p256dh: str, auth: str) -> bytes:
        """*content*, for the browser with these keys alone."""
        own = ec.generate_private_key(ec.SECP256R1())
        sealed: bytes = http_ece.encrypt(
            content, private_key=own, dh=decoded(p256dh), auth_secret=decoded(auth), version="aes128gcm"
        )
        return sealed

    def headers(self, target: Target, thing: str) -> dict[str, str]:
        """What goes with it. Of two with the same topic a push service keeps the later."""
        hour = int(clock.now().timestamp()) // RENEWED_SECONDS
        return {
            "authorization": self._token(f"{target.scheme}://{target.authority}", hour),
            "content-encoding": "aes128gcm", "content-type": "application/octet-stream", "ttl": str(LIFE_SECONDS),
            "urgency": "normal", "topic": encoded(hashlib.blake2b(thing.encode(), digest_size=24).digest()),
        }  # fmt: skip

    def _made_token(self, audience: str, hour: int) -> str:
        """Signing costs more than all the rest, so a token is made once an hour for each push service."""
        claims: dict[str, Any] = {
            "aud": audience, "exp": hour * RENEWED_SECONDS + TOKEN_SECONDS, "sub": self._subject
        }  # fmt: skip
        header: str = self._vapid.sign(claims)["Authorization"]
        return header


def new_private_key() -> str:
    """A key for `TIDINGS_PUSH_KEY`."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return encoded(number.to_bytes(32, "big"))
