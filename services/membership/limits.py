"""How many mails somebody may have sent to an address: five an hour, counted in the store under its hash."""

from __future__ import annotations

import hashlib

from shared.errors import TooMany
from shared.mailer.addresses import as_known
from shared.store import Store

MAILS = 5
SECONDS = 3600


class TooManyMails(TooMany):
    """Several mails went to this address within the hour; look for them, also among unwanted mail."""


async def require_few_letters(store: Store, address: str) -> None:
    """Count one more. Raises TooManyMails, with the seconds to wait: whether or not anybody has the address."""
    key = f"letters:{hashlib.sha256(as_known(address).encode()).hexdigest()}"
    if await store.increment(key, SECONDS) > MAILS:
        raise TooManyMails(retry_after=max(1, round(await store.seconds_left(key) or 1)))
