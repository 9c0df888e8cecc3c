"""Confirmations: the link in the mail that asks whether somebody really wants the newsletter.

It names its reader and its last day, and is signed: nothing is stored, and nobody can confirm for somebody else.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, timedelta

from shared import clock
from shared.config import Settings
from shared.errors import NotFound, Problem

DAYS = 7


class WrongConfirmation(NotFound):
    """This link is not complete; open it from the mail again, or sign up once more."""


class ConfirmationEnded(Problem):
    """This link has ended; sign up once more, and a new one is on its way."""

    status = 410
    title = "The link has ended"


class Confirmations:
    """Makes the links and reads them."""

    def __init__(self, settings: Settings) -> None:
        """Links begin with `public_url`; the key is made from `services_key`."""
        self._url = settings.public_url
        self._key = hashlib.sha256(b"newsletter sign-up\n" + settings.services_key.encode()).digest()

    def url(self, reader_id: str) -> str:
        """The page that asks once more and then confirms."""
        return f"{self._url}/newsletter/confirm/{self.made(reader_id)}"

    def made(self, reader_id: str) -> str:
        """A token that is good for DAYS days."""
        last = f"{clock.today() + timedelta(days=DAYS):%Y%m%d}"
        return f"{reader_id}.{last}.{self._signature(reader_id, last)}"

    def reader_in(self, token: str) -> str:
        """Whom a token confirms. Raises WrongConfirmation, ConfirmationEnded."""
        rest, _, signature = token.rpartition(".")
        reader_id, _, last = rest.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(reader_id, last).encode()):
            raise WrongConfirmation
        if date.fromisoformat(last) < clock.today():
            raise ConfirmationEnded
        return reader_id

    def _signature(self, reader_id: str, last: str) -> str:
        return hashlib.blake2b(f"{reader_id}\n{last}".encode(), key=self._key, digest_size=16).hexdigest()
