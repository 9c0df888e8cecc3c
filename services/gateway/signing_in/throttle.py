"""How often one may try: counted in the store, so by all processes together. Slowed down, never locked out.

Invariants:
1. Ten wrong passwords in a quarter of an hour for one account from one place, and a hundred from everywhere; then that
   is refused until the quarter is over, whether or not there is such an account, and `Retry-After` says how long.
2. A browser on which somebody signed in before holds a signed cookie and is counted for itself: whoever tries an
   account from elsewhere holds its owner up nowhere.
3. An IPv6 address is counted by its /64, because a caller has all of that. Behind proxies of ours the address is the
   last one in `X-Forwarded-For` that is none of theirs; anybody else's header is not believed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Network, ip_address

from starlette.requests import HTTPConnection

from shared.config import Settings
from shared.errors import TooMany
from shared.mailer.addresses import as_known
from shared.outside.addresses import Network, networks_in, unwrapped
from shared.store import Store

TRIES_SECONDS = 15 * 60
TRIES_HERE = 10
TRIES_OF_ACCOUNT = 100
TRIES_OF_ADDRESS = 100
MINUTE = 60
BESIDE, MARKS = "~", 5
"""A browser remembers so many people, each by a mark."""
MARK = re.compile(r"[\w-]{16}\.[0-9a-f]{64}")
LONGEST_AGENT = 200


class TooManyTries(TooMany):
    """Too many tries; wait a few minutes and try again."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: its address, the browser as it calls itself, and its device cookie."""

    address: str = ""
    agent: str = ""
    device: str = ""


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Tried:
    """The counts of one try to sign in: those that a right password forgets, and the address's."""

    forgotten: tuple[str, ...]
    address: str


class Throttle:
    """The limits of the gateway."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Count in *store*."""
        self._store = store
        self._key = settings.signing_key.encode()
        self._proxies = networks_in(settings.trusted_proxies)
        self._api, self._forms = settings.api_rate, settings.form_rate

    def origin(self, request: HTTPConnection, device: str = "") -> Origin:
        """Where *request* comes from."""
        nearest = request.client.host if request.client else ""
        told = request.headers.get("x-forwarded-for", "").split(",")
        address = nearest
        for hop in reversed([hop.strip() for hop in told if hop.strip()]):
            if not _is_in(address, self._proxies):
                break
            address = hop
        return Origin(_counted(address), request.headers.get("user-agent", "")[:LONGEST_AGENT], device)

    # Signing in

    async def sign_in(self, email: str, origin: Origin) -> Tried:
        """Count a try. Raises TooManyTries."""
        account, said = account_of(email), "Too many tries to sign in."
        of_address = f"tries:address:{origin.address}"
        await self.refuse_after(of_address, TRIES_OF_ADDRESS, said)
        if mark := self.mark(account, origin.device):
            limits = [(f"tries:device:{account}:{_digest(mark)}", TRIES_HERE)]
        else:
            here = f"tries:here:{account}:{origin.address}"
            limits = [(here, TRIES_HERE), (f"tries:account:{account}", TRIES_OF_ACCOUNT)]
        for key, most in limits:
            await self.count(key, most, TRIES_SECONDS, said)
        return Tried(tuple(key for key, _ in limits), of_address)

    async def was_wrong(self, tried: Tried) -> None:
        """A wrong password also counts for its address; right ones do not, since a hospital has one address."""
        await self._store.increment(tried.address, TRIES_SECONDS)

    async def was_right(self, tried: Tried) -> None:
        """Forget the wrong ones."""
        for key in tried.forgotten:
            await self._store.delete(key)

    def device(self, email: str, held: str = "") -> str:
        """The cookie for a browser on which somebody with that address has signed in, and which *held* one before.

        A browser that several people use remembers the last few; it holds no name and no address.
        """
        nonce = secrets.token_urlsafe(12)
        mark = f"{nonce}.{self._signature(account_of(email), nonce)}"
        return BESIDE.join([mark, *self._others(email, held)][:MARKS])

    def without(self, email: str, held: str) -> str:
        """The cookie of a browser that is to forget that somebody with that address signed in."""
        return BESIDE.join(self._others(email, held))

    def _others(self, email: str, held: str) -> list[str]:
        own = self.mark(account_of(email), held)
        return [mark for mark in held.split(BESIDE) if MARK.fullmatch(mark) and mark != own]

    def knows(self, email: str, device: str) -> bool:
        """Whether that cookie is of a browser on which somebody with that address has signed in."""
        return bool(self.mark(account_of(email), device))

    def mark(self, account: str, device: str) -> str:
        """The part of a cookie that says that the account was signed in to on its browser, or nothing."""
        return next((mark for mark in device.split(BESIDE) if self._is_of(account, mark)), "")

    def _is_of(self, account: str, mark: str) -> bool:
        nonce, _, signature = mark.partition(".")
        return hmac.compare_digest(signature.encode(), self._signature(account, nonce).encode())

    def _signature(self, account: str, nonce: str) -> str:
        return hmac.new(self._key, f"device:{account}:{nonce}".encode(), hashlib.sha256).hexdigest()

    # Everything else

    async def api(self, person_id: str, origin: Origin) -> None:
        """Count a request to the API, for its person, else for its address. Raises TooManyTries."""
        await self._rate("api", self._api, person_id or origin.address, "Too many requests.")

    async def form(self, origin: Origin) -> None:
        """Count a form sent by somebody who is not signed in. Raises TooManyTries."""
        await self._rate("form", self._forms, origin.address, "Too many forms were sent from your network.")

    async def _rate(self, what: str, most: int, who: str, said: str) -> None:
        if most:
            await self.count(f"rate:{what}:{who}", most, MINUTE, said)

    async def count(self, key: str, most: int, seconds: float, said: str) -> None:
        """Count one more of *key* and raise TooManyTries, beginning with *said*, where that is more than *most*."""
        if await self._store.increment(key, seconds) > most:
            await self._refuse(key, said)

    async def refuse_after(self, key: str, most: int, said: str) -> None:
        """Raise TooManyTries, which begins with *said*, when *key* has been counted *most* times."""
        if int(await self._store.get(key) or 0) >= most:
            await self._refuse(key, said)

    async def _refuse(self, key: str, said: str) -> None:
        wait = max(1, round(await self._store.seconds_left(key) or 1))
        raise TooManyTries(f"{said} Wait {_words(wait)} and try again.", retry_after=wait)


def account_of(email: str) -> str:
    """An address as it is counted: not readable in the store."""
    return _digest(as_known(email))


def _is_in(address: str, proxies: Sequence[Network]) -> bool:
    try:
        found = unwrapped(ip_address(address))
    except ValueError:
        return False
    return any(found in network for network in proxies)


def _counted(address: str) -> str:
    try:
        found = unwrapped(ip_address(address))
    except ValueError:
        return address[:64]
    return str(found) if found.version == 4 else str(IPv6Network((int(found) >> 64 << 64, 64)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _words(seconds: int) -> str:
    if seconds < 2 * MINUTE:
        return f"{seconds} second{'s' * (seconds != 1)}"
    return f"{-(-seconds // MINUTE)} minutes"
