"""Sessions: who a request comes from.

Invariants:
1. A session's id is random, new at each sign-in, and kept hashed: a copy of the store signs nobody in.
2. A session ends when it was not used for `session_idle` minutes, and `session_longest` minutes after it began
   whatever happens; both are settings.
3. A session that began before its person's password was changed is over, wherever and however it was changed:
   membership knows when, and the principal says so.
4. Every form carries a token bound to the visitor's cookie; a change from a page without it is refused.
5. A principal is as old as fifteen seconds at most, and membership says when one has changed (`forget`): who loses a
   role, or takes a token back, loses it everywhere at once, and within that time where a broadcast is lost.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from services.gateway.clients import Clients, Refused
from services.gateway.signing_in.throttle import NOWHERE, Origin, Throttle
from shared.auth import ALL_SCOPES, ANYBODY, Principal
from shared.config import Settings
from shared.errors import BadRequest, Forbidden, NotFound, NotSignedIn
from shared.store import Store, StoreAway, recall, remember

TOUCH_SECONDS = 60
PRINCIPAL_SECONDS = 15


class WrongPassword(NotSignedIn):
    """The e-mail address or the password is not right; check both and try again."""


class NoSuchSession(NotFound):
    """You have no such session; it may have ended already."""


class FormExpired(Forbidden):
    """This form is too old or comes from another page; go back, load the page again and repeat."""

    title = "This form has expired"


class UnreadableForm(BadRequest):
    """The form broke off on its way, or has too many fields; go back, load the page again and repeat."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in visit: whose it is, when it began and was last used (Unix seconds), from where.

    `id` is the cookie's value, empty in a list of somebody's sessions; `key` is what names it to its person.
    """

    id: str
    key: str
    person_id: str
    name: str
    began: float
    seen: float
    address: str = ""
    agent: str = ""


class Sessions:
    """Everything that concerns cookies, tokens and principals."""

    def __init__(self, settings: Settings, store: Store, clients: Clients) -> None:
        """Sessions are kept in *store*; people are known to membership, asked through *clients*."""
        self.secure = settings.public_url.startswith("https://")
        self.cookie = "__Host-tidings" if self.secure else "tidings"
        self.throttle = Throttle(settings, store)
        self.idle = settings.session_idle * 60
        self.longest = settings.session_longest * 60
        self._key = settings.signing_key.encode()
        self._store = store
        self._clients = clients

    # Signing in and out

    async def checked(self, email: str, password: str, origin: Origin = NOWHERE) -> dict[str, Any]:
        """Whose password this is. Raises WrongPassword, or TooManyTries with the seconds to wait."""
        tried = await self.throttle.sign_in(email, origin)
        try:
            found = await self._clients.question("membership", "/internal/sign-in", _credentials(email, password))
        except Refused as refused:
            if refused.status not in (401, 422):
                raise
            await self.throttle.was_wrong(tried)
            raise WrongPassword from None
        await self.throttle.was_right(tried)
        return dict(found)

    async def begin(
        self, person_id: str, name: str, origin: Origin = NOWHERE, *, began: float | None = None
    ) -> Session:
        """A new session of a person whose password (or link) was right; at *began*, if not now."""
        cookie, now = secrets.token_urlsafe(32), time.time()
        session = Session(
            cookie, key_of(cookie), person_id, name, now if began is None else began, now, origin.address, origin.agent
        )
        await self._keep(session)
        await self._store.add(_sessions_of(person_id), session.key, self.longest)
        return session

    async def renewed(self, session: Session) -> Session:
        """The same visit under a new id, which also outlives a change of the password made a moment ago."""
        await self.forget(session.person_id)
        await self.sign_out(session)
        standing = await self._standing(session.person_id)
        began = max(time.time(), _password_of(standing))
        return await self.begin(session.person_id, session.name, Origin(session.address, session.agent), began=began)

    async def sign_out(self, session: Session) -> None:
        """End *session*. First it leaves the set: a request that notes its use just now looks there last."""
        await self._store.discard(_sessions_of(session.person_id), session.key)
        await self._store.delete(_stored(session.key))

    async def session_of(self, cookies: Mapping[str, str]) -> Session | None:
        """The session of a request's cookies, or None."""
        cookie = cookies.get(self.cookie, "")
        session = await self._found(key_of(cookie), cookie) if cookie else None
        if session is None:
            return None
        now = time.time()
        if now - session.seen > TOUCH_SECONDS:
            session = replace(session, seen=now)
            await self._keep(session)
            if session.key not in await self._store.members(_sessions_of(session.person_id)):
                await self.sign_out(session)  # ended meanwhile
                return None
        return session

    async def _found(self, key: str, cookie: str = "") -> Session | None:
        """The session of that key that is not over."""
        kept = await self._store.get(_stored(key))
        if kept is None:
            return None
        session = Session(id=cookie, key=key, **orjson.loads(kept))
        now = time.time()
        if now - session.began > self.longest or now - session.seen > self.idle:
            await self.sign_out(session)
            return None
        return session

    async def _keep(self, session: Session) -> None:
        kept = {name: value for name, value in asdict(session).items() if name not in ("id", "key")}
        await self._store.set(_stored(session.key), orjson.dumps(kept), self.idle)

    # A person's sessions

    async def of_person(self, person_id: str) -> list[Session]:
        """The sessions of somebody that are not over, the one used last first."""
        found = []
        for key in await self._store.members(_sessions_of(person_id)):
            session = await self._found(key)
            if session is None:
                await self._store.discard(_sessions_of(person_id), key)
            elif not self._is_over(session, await self._standing(person_id)):
                found.append(session)
        return sorted(found, key=lambda session: session.seen, reverse=True)

    async def end(self, person_id: str, key: str) -> None:
        """End one session of somebody. Raises NoSuchSession."""
        session = await self._found(key) if key in await self._store.members(_sessions_of(person_id)) else None
        if session is None:
            raise NoSuchSession
        await self.sign_out(session)

    async def end_others(self, person_id: str, but: str = "") -> int:
        """End the sessions of somebody but the one whose key is *but*; how many that were."""
        others = [session for session in await self.of_person(person_id) if session.key != but]
        for session in others:
            await self.sign_out(session)
        return len(others)

    # Principals

    async def principal(self, session: Session | None) -> Principal:
        """Who a session stands for, nobody where there is none (any more)."""
        standing = await self._standing(session.person_id) if session else None
        if session is None or standing is None:
            return ANYBODY
        if self._is_over(session, standing):
            await self.sign_out(session)
            return ANYBODY
        return _principal(standing)

    async def principal_of(self, person_id: str) -> Principal:
        """A person's standing, at most fifteen seconds old; nobody where membership knows them no more."""
        standing = await self._standing(person_id)
        return _principal(standing) if standing else ANYBODY

    def _is_over(self, session: Session, standing: Mapping[str, Any] | None) -> bool:
        """Whether the password was changed since it began."""
        return session.began < _password_of(standing)

    async def _standing(self, person_id: str) -> dict[str, Any] | None:
        try:
            return await self._remembered(
                f"principal:{person_id}", lambda: self._clients.ask("membership", f"/internal/principals/{person_id}")
            )
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def principal_of_token(self, token: str) -> Principal:
        """Whom a personal token stands for. Raises NotSignedIn."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        try:
            found = await self._remembered(f"token:{digest}", lambda: self._resolved(token, digest))
        except Refused as refused:
            if refused.status in (401, 404, 422):
                raise NotSignedIn("The token is unknown, expired or was taken back; make a new one.") from None
            raise
        standing = await self._standing(found["person_id"])
        return _principal({**standing, "scopes": found["scopes"]}) if standing else ANYBODY

    async def _resolved(self, token: str, digest: str) -> dict[str, Any]:
        """What membership says of a token, which is found again when its person changes."""
        body = {"token": token}
        found = dict(await self._clients.question("membership", "/internal/tokens/resolve", body))
        if not self._store.away:
            with suppress(StoreAway):  # then it is not remembered either
                await self._store.add(_tokens_of(found["person_id"]), digest, PRINCIPAL_SECONDS)
        return found

    async def _remembered(self, key: str, ask: Any) -> dict[str, Any]:
        """What *ask* says, at most PRINCIPAL_SECONDS ago; while the store is away, now."""
        kept = await recall(self._store, key)
        if kept is not None:
            return dict(orjson.loads(kept))
        found = dict(await ask())
        await remember(self._store, key, orjson.dumps(found), PRINCIPAL_SECONDS)
        return found

    async def forget(self, person_id: str) -> None:
        """Ask membership again the next time, about somebody and about their tokens."""
        await self._store.delete(f"principal:{person_id}")
        for digest in await self._store.members(_tokens_of(person_id)):
            await self._store.delete(f"token:{digest}")

    # Forms

    def form_token(self, cookie: str) -> str:
        """The token that a form of this visitor carries; bound to the cookie, so a stranger cannot make it."""
        return hmac.new(self._key, b"form:" + cookie.encode(), hashlib.sha256).hexdigest()

    def require_form_token(self, cookie: str, token: str) -> None:
        """Raise FormExpired unless *token* was made for *cookie*."""
        if not cookie or not hmac.compare_digest(self.form_token(cookie).encode(), token.encode()):
            raise FormExpired

    def set_cookie(self, value: str, seconds: int | None = None, name: str = "") -> str:
        """The Set-Cookie header that gives (with 0 seconds: takes) the visitor's cookie, or the one called *name*."""
        secure = "; Secure" if self.secure else ""
        lives = self.longest if seconds is None else seconds
        return f"{self.cookie}{name}={value}; Path=/; Max-Age={lives}; HttpOnly; SameSite=Lax{secure}"


def key_of(cookie: str) -> str:
    """What a session is called outside its cookie: nothing that opens it."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def _stored(key: str) -> str:
    return f"session:{key}"


def _sessions_of(person_id: str) -> str:
    return f"sessions:{person_id}"


def _tokens_of(person_id: str) -> str:
    return f"tokens:{person_id}"


def _credentials(email: str, password: str) -> dict[str, str]:
    return {"email": email.strip(), "password": password}


def _password_of(standing: Mapping[str, Any] | None) -> float:
    """Since when somebody has their password (Unix seconds), 0 where they have none."""
    said = standing.get("changed_at") if standing else None
    return datetime.fromisoformat(said).timestamp() if said else 0.0


def _principal(found: Mapping[str, Any]) -> Principal:
    scopes = frozenset(found["scopes"]) if found.get("scopes") is not None else ALL_SCOPES
    bodies = (body["code"] if isinstance(body, dict) else body for body in found.get("bodies") or ())
    return Principal(found["person_id"], bool(found.get("is_staff")), frozenset(bodies), scopes)
