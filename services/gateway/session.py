"""Sessions: who a request comes from.

Invariants:
1. A session's id is random, changes at sign-in, and is kept hashed: a copy of the store signs nobody in.
2. A session ends eight hours after its last use, and a day after it began whatever happens.
3. Every form carries a token bound to the visitor's cookie; a change from a page without it is refused.
4. A principal is as old as fifteen seconds at most: who loses a role loses it everywhere within that time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from services.gateway.clients import Clients, Refused
from shared.auth import ALL_SCOPES, ANYBODY, Principal
from shared.config import Settings
from shared.errors import Forbidden, NotSignedIn, TooMany
from shared.store import Store

IDLE_SECONDS = 8 * 3600
LONGEST_SECONDS = 24 * 3600
TOUCH_SECONDS = 60
PRINCIPAL_SECONDS = 15
TRIES_OF_ACCOUNT = 10
TRIES_OF_ADDRESS = 100
TRIES_SECONDS = 15 * 60


class WrongPassword(NotSignedIn):
    """The e-mail address or the password is not right; check both and try again."""


class TooManyTries(TooMany):
    """Too many tries to sign in; wait a few minutes and try again."""


class FormExpired(Forbidden):
    """This form is too old or comes from another page; go back, load the page again and repeat."""

    title = "This form has expired"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in visit: the cookie's value, whose it is, and when it began (Unix seconds)."""

    id: str
    person_id: str
    name: str
    began: float
    seen: float


class Sessions:
    """Everything that concerns cookies, tokens and principals."""

    def __init__(self, settings: Settings, store: Store, clients: Clients) -> None:
        """Sessions are kept in *store*; people are known to membership, asked through *clients*."""
        self.secure = settings.public_url.startswith("https://")
        self.cookie = "__Host-tidings" if self.secure else "tidings"
        self._key = settings.signing_key.encode()
        self._store = store
        self._clients = clients

    # Signing in and out

    async def checked(self, email: str, password: str, address: str) -> dict[str, Any]:
        """Whose password this is. Raises WrongPassword, or TooManyTries with the seconds to wait."""
        account = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
        tries = [(f"tries:account:{account}", TRIES_OF_ACCOUNT), (f"tries:address:{address}", TRIES_OF_ADDRESS)]
        for key, most in tries:
            await refuse_after(self._store, key, most, "Too many tries to sign in.")
        try:
            found = await self._clients.change("membership", "POST", "/internal/sign-in", _credentials(email, password))
        except Refused as refused:
            if refused.status not in (401, 422):
                raise
            for key, _ in tries:
                await self._store.increment(key, TRIES_SECONDS)
            raise WrongPassword from None
        await self._store.delete(tries[0][0])
        return dict(found)

    async def begin(self, person_id: str, name: str) -> Session:
        """A new session of a person whose password (or link) was right."""
        now = time.time()
        session = Session(secrets.token_urlsafe(32), person_id, name, now, now)
        await self._keep(session)
        return session

    async def sign_out(self, session: Session) -> None:
        """End *session*."""
        await self._store.delete(_stored(session.id))

    async def session_of(self, cookies: Mapping[str, str]) -> Session | None:
        """The session of a request's cookies, or None."""
        cookie = cookies.get(self.cookie, "")
        kept = await self._store.get(_stored(cookie)) if cookie else None
        if kept is None:
            return None
        session = Session(id=cookie, **orjson.loads(kept))
        now = time.time()
        if now - session.began > LONGEST_SECONDS:
            await self.sign_out(session)
            return None
        if now - session.seen > TOUCH_SECONDS:
            session = replace(session, seen=now)
            await self._keep(session)
        return session

    async def _keep(self, session: Session) -> None:
        kept = {name: getattr(session, name) for name in ("person_id", "name", "began", "seen")}
        await self._store.set(_stored(session.id), orjson.dumps(kept), IDLE_SECONDS)

    # Principals

    async def principal(self, session: Session | None) -> Principal:
        """Who a session stands for, nobody where there is none (any more)."""
        return await self.principal_of(session.person_id) if session else ANYBODY

    async def principal_of(self, person_id: str) -> Principal:
        """A person's standing, at most fifteen seconds old; nobody where membership knows them no more."""
        try:
            found = await self._remembered(
                f"principal:{person_id}", lambda: self._clients.ask("membership", f"/internal/principals/{person_id}")
            )
        except Refused as refused:
            if refused.status == 404:
                return ANYBODY
            raise
        return _principal(found)

    async def principal_of_token(self, token: str) -> Principal:
        """Whom a personal token stands for. Raises NotSignedIn."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        body = {"token": token}
        try:
            found = await self._remembered(
                f"token:{digest}", lambda: self._clients.change("membership", "POST", "/internal/tokens/resolve", body)
            )
        except Refused as refused:
            if refused.status in (401, 404, 422):
                raise NotSignedIn("The token is unknown, expired or was taken back; make a new one.") from None
            raise
        return _principal(found)

    async def _remembered(self, key: str, ask: Any) -> dict[str, Any]:
        kept = await self._store.get(key)
        if kept is not None:
            return dict(orjson.loads(kept))
        found = dict(await ask())
        await self._store.set(key, orjson.dumps(found), PRINCIPAL_SECONDS)
        return found

    async def forget_principal(self, person_id: str) -> None:
        """Ask membership again the next time."""
        await self._store.delete(f"principal:{person_id}")

    # Forms

    def form_token(self, cookie: str) -> str:
        """The token that a form of this visitor carries; bound to the cookie, so a stranger cannot make it."""
        return hmac.new(self._key, b"form:" + cookie.encode(), hashlib.sha256).hexdigest()

    def require_form_token(self, cookie: str, token: str) -> None:
        """Raise FormExpired unless *token* was made for *cookie*."""
        if not cookie or not hmac.compare_digest(self.form_token(cookie).encode(), token.encode()):
            raise FormExpired

    def set_cookie(self, value: str, seconds: int = LONGEST_SECONDS) -> str:
        """The Set-Cookie header that gives (or, with 0 seconds, takes) the visitor's cookie."""
        secure = "; Secure" if self.secure else ""
        return f"{self.cookie}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _stored(cookie: str) -> str:
    return "session:" + hashlib.sha256(cookie.encode()).hexdigest()


async def refuse_after(store: Store, key: str, most: int, said: str) -> None:
    """Raise TooManyTries, which begins with *said*, when *key* has been counted *most* times in *store*."""
    if int(await store.get(key) or 0) >= most:
        wait = await store.seconds_left(key) or TRIES_SECONDS
        minutes = max(1, round(wait / 60))
        raise TooManyTries(f"{said} Wait {minutes} minutes and try again.", retry_after=max(1, int(wait)))


def _credentials(email: str, password: str) -> dict[str, str]:
    return {"email": email.strip(), "password": password}


def _principal(found: Mapping[str, Any]) -> Principal:
    scopes = frozenset(found["scopes"]) if found.get("scopes") is not None else ALL_SCOPES
    bodies = (body["code"] if isinstance(body, dict) else body for body in found.get("bodies") or ())
    return Principal(found["person_id"], bool(found.get("is_staff")), frozenset(bodies), scopes)
