"""How often: mails to an address, and wrong passwords of somebody who is signed in. Counted in the store."""

from __future__ import annotations

import hashlib

from shared.errors import TooMany
from shared.mailer.addresses import as_known
from shared.store import Store

MAILS = 5
SECONDS = 3600
TRIES = 10
TRIES_SECONDS = 15 * 60


class TooManyMails(TooMany):
    """Several mails went to this address within the hour; look for them, also among unwanted mail."""


class TooManyTries(TooMany):
    """Your password or code was wrong too often; wait a few minutes, or get a link to choose a new one."""


async def require_few_letters(store: Store, address: str) -> None:
    """Count one more. Raises TooManyMails, with the seconds to wait: whether or not anybody has the address."""
    key = f"letters:{hashlib.sha256(as_known(address).encode()).hexdigest()}"
    if await store.increment(key, SECONDS) > MAILS:
        raise TooManyMails(retry_after=max(1, round(await store.seconds_left(key) or 1)))


async def require_few_tries(store: Store, person_id: str) -> None:
    """Count a try to show again who one is: a stolen session guesses no password. Raises TooManyTries."""
    key = _tries_of(person_id)
    if await store.increment(key, TRIES_SECONDS) > TRIES:
        raise TooManyTries(retry_after=max(1, round(await store.seconds_left(key) or 1)))


async def forget_tries(store: Store, person_id: str) -> None:
    """It was right."""
    await store.delete(_tries_of(person_id))


def _tries_of(person_id: str) -> str:
    return f"tries:present:{person_id}"
