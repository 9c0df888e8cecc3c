"""Secrets and signatures, as Standard Webhooks has them.

A secret is made from the services' secret and a salt, and never stored: a copy of the database signs nothing.
The cost: another `TIDINGS_SECRET` is another secret for every webhook.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

MOST_AT_ONCE = 3
"""Secrets that may sign side by side."""


def new_secret(moment: datetime) -> dict[str, Any]:
    """What is kept of a new secret."""
    return {"salt": secrets.token_hex(16), "since": moment.isoformat(), "until": None}


def secret_of(signing_key: str, subscription_id: str, salt: str) -> str:
    """The secret itself, `whsec_…`, from what is kept of it."""
    key = hmac.new(signing_key.encode(), f"webhook\n{subscription_id}\n{salt}".encode(), hashlib.sha256).digest()
    return f"whsec_{b64encode(key).decode()}"


def valid(kept: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
    """The secrets that sign at *moment*, the newest first."""
    return [secret for secret in kept if not secret["until"] or datetime.fromisoformat(secret["until"]) > moment]


def rotated(kept: Sequence[dict[str, Any]], moment: datetime, overlap: timedelta) -> list[dict[str, Any]]:
    """The secrets after a new one was made; those before it go on signing for *overlap* at most."""
    end = moment + overlap
    older = [
        {**secret, "until": min(datetime.fromisoformat(secret["until"]) if secret["until"] else end, end).isoformat()}
        for secret in valid(kept, moment)
    ]
    return [new_secret(moment), *valid(older, moment)]


def signed(keys: Sequence[str], message_id: str, moment: datetime, content: bytes) -> dict[str, str]:
    """The three headers of a message; one signature for each of *keys*."""
    signatures = [Webhook(key).sign(message_id, moment, content.decode()) for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
