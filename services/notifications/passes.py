"""Passes: links in mails that open one person's preferences, and nothing else, without signing in.

A pass names its person and its last day, and is signed: nothing is stored, and nobody can make one for somebody else or
make one last longer. Whoever is shown a mail can use its pass; that is why it ends, and why it shows no name and no
address. To stop mails for ever there is the unsubscribe link, which never ends.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, timedelta
from functools import lru_cache

from shared import clock
from shared.config import Settings
from shared.errors import NotFound, Problem

PASS_DAYS = 60


class WrongPass(NotFound):
    """This link is not complete; open it from the mail again, or sign in to change what reaches you."""


class PassEnded(Problem):
    """This link has ended, because it stood in an old mail; open one from a newer mail, or sign in."""

    status = 410
    title = "The link has ended"


class Passes:
    """Makes passes and reads them."""

    def __init__(self, settings: Settings) -> None:
        """Links begin with `public_url`; the key is made from `services_key`."""
        self._url = settings.public_url
        self._key = hashlib.sha256(b"preferences\n" + settings.services_key.encode()).digest()

    def url(self, person_id: str) -> str:
        """The page that a new pass opens."""
        return f"{self._url}/preferences/{self.made(person_id)}"

    def made(self, person_id: str) -> str:
        """A new pass: the same for all mails of a day."""
        last = _last_day(clock.today())
        return f"{person_id}.{last}.{self._signature(person_id, last)}"

    def person_in(self, made: str) -> str:
        """Whose preferences a pass opens. Raises WrongPass, PassEnded."""
        rest, _, signature = made.rpartition(".")
        person_id, _, last = rest.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(person_id, last).encode()):
            raise WrongPass
        if date.fromisoformat(last) < clock.today():
            raise PassEnded
        return person_id

    def _signature(self, person_id: str, last: str) -> str:
        return hashlib.blake2b(f"{person_id}\n{last}".encode(), key=self._key, digest_size=16).hexdigest()


@lru_cache(maxsize=8)
def _last_day(made: date) -> str:
    """Of a pass that was made on a day. Kept: each copy of a newsletter has a pass."""
    return f"{made + timedelta(days=PASS_DAYS):%Y%m%d}"
