"""The keys that are made of the one secret of an installation, so that each program holds only what it needs.

Invariants:
1. The gateway alone holds the secret, and so the key that signs who asks. A service holds the public half: it can check
   a token, and make none.
2. What services sign and encrypt for themselves (links in mails, webhooks, keys of apps) is done with the services'
   secret, from which nobody comes back to the secret or to the gateway's key.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@lru_cache(16)
def gateway_key(secret: str) -> Ed25519PrivateKey:
    """The key with which the gateway signs."""
    return Ed25519PrivateKey.from_private_bytes(_made_of(secret, "gateway"))


@lru_cache(16)
def public_key_of(secret: str) -> str:
    """Its public half, 43 letters of base64url."""
    return urlsafe_b64encode(gateway_key(secret).public_key().public_bytes_raw()).decode().rstrip("=")


@lru_cache(16)
def services_secret_of(secret: str) -> str:
    """What services sign and encrypt with."""
    return _made_of(secret, "services").hex()


def keys_of(secret: str) -> dict[str, str]:
    """Everything that is made of *secret*, and itself, by the names of their settings."""
    return {
        "TIDINGS_SECRET": secret, "TIDINGS_GATEWAY_KEY": public_key_of(secret),
        "TIDINGS_SERVICES_SECRET": services_secret_of(secret),
    }  # fmt: skip


@lru_cache(16)
def read_public_key(text: str) -> Ed25519PublicKey:
    """The key that *text* is. Raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def is_public_key(text: str) -> bool:
    """Whether *text* is one."""
    try:
        read_public_key(text)
    except ValueError:
        return False
    return True


def _made_of(secret: str, purpose: str) -> bytes:
    """32 bytes; with a good secret HMAC is a key derivation (RFC 5869's, with one step)."""
    return hmac.new(secret.encode(), f"tidings\n{purpose}".encode(), hashlib.sha256).digest()
