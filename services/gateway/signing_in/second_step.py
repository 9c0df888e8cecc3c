"""Signing in, second step: a code after the password, for who has an authenticator app and for who must have one.

Invariants:
1. A right password opens nothing by itself here: it makes a ticket of ten minutes, kept hashed, and no session.
2. After ten wrong codes an account's second step waits for a quarter of an hour, however many tickets there are; only
   who knows the password comes so far.
3. A session counts from its password, not from its code: a password that is changed meanwhile opens nothing.
4. With `second_factor` required, staff and officers get their first session only once a code of a new app was right.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from services.gateway.clients import Clients, Refused
from services.gateway.signing_in.session import Session, Sessions
from services.gateway.signing_in.throttle import NOWHERE, TRIES_SECONDS, Origin
from shared.config import Settings
from shared.errors import NotSignedIn
from shared.store import Store

TICKET_SECONDS = 600
TRIES_OF_CODE = 10


class TooLate(NotSignedIn):
    """You took longer than ten minutes; sign in again from the beginning."""


class WrongCode(NotSignedIn):
    """The code is not right, or was used already; wait for the next one in the app and try again."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Somebody whose password was right at `began` (Unix seconds).

    `uri` and `secret` are those of the app that they set up now, if they do.
    """

    id: str
    person_id: str
    name: str
    email: str
    began: float
    uri: str = ""
    secret: str = ""


class SecondStep:
    """Between the password and the session."""

    def __init__(self, settings: Settings, store: Store, clients: Clients, sessions: Sessions) -> None:
        """Tickets are kept in *store*; codes are known to membership, asked through *clients*."""
        self._is_required = settings.second_factor == "required"
        self._store = store
        self._clients = clients
        self._sessions = sessions

    async def after(self, found: Mapping[str, Any], origin: Origin = NOWHERE) -> Session | Ticket:
        """A session for who needs no second step, else a ticket; one with a secret for who has to set up an app."""
        if found["has_second_factor"]:
            return await self._kept(_ticket(found))
        if self._is_required and (found["is_staff"] or found["bodies"]):
            path = f"/internal/second-factor/{found['person_id']}/begin"
            key = await self._clients.change("membership", "POST", path)
            return await self._kept(_ticket(found, **key))
        return await self._sessions.begin(found["person_id"], found["name"], origin)

    async def ticket(self, ticket_id: str) -> Ticket:
        """The ticket with that id. Raises TooLate."""
        kept = await self._store.get(_stored(ticket_id))
        if kept is None:
            raise TooLate
        return Ticket(id=ticket_id, **orjson.loads(kept))

    async def check(self, ticket: Ticket, code: str, origin: Origin = NOWHERE) -> Session:
        """A session, for a right code. Raises WrongCode, TooManyTries."""
        await self._tried(ticket, "/internal/second-factor/check", code)
        return await self._done(ticket, origin)

    async def set_up(self, ticket: Ticket, code: str, origin: Origin = NOWHERE) -> tuple[Session, list[str]]:
        """A session and the recovery codes, for a right code of the new app. Raises WrongCode, TooManyTries."""
        found = await self._tried(ticket, "/internal/second-factor/confirm", code)
        return await self._done(ticket, origin), found["codes"]

    async def _tried(self, ticket: Ticket, path: str, code: str) -> Any:
        key = f"tries:code:{ticket.person_id}"
        await self._sessions.throttle.count(key, TRIES_OF_CODE, TRIES_SECONDS, "Too many wrong codes.")
        try:
            return await self._clients.change("membership", "POST", path, {"person_id": ticket.person_id, "code": code})
        except Refused as refused:
            if refused.status not in (403, 422):
                raise
            raise WrongCode from None

    async def _done(self, ticket: Ticket, origin: Origin) -> Session:
        await self._store.delete(_stored(ticket.id))
        await self._store.delete(f"tries:code:{ticket.person_id}")
        return await self._sessions.begin(ticket.person_id, ticket.name, origin, began=ticket.began)

    async def _kept(self, ticket: Ticket) -> Ticket:
        content = {name: value for name, value in asdict(ticket).items() if name != "id"}
        await self._store.set(_stored(ticket.id), orjson.dumps(content), TICKET_SECONDS)
        return ticket


def _ticket(found: Mapping[str, Any], **key: str) -> Ticket:
    person_id, name, email = found["person_id"], found["name"], str(found.get("email", ""))
    return Ticket(secrets.token_urlsafe(32), person_id, name, email, time.time(), **key)


def _stored(ticket_id: str) -> str:
    return f"ticket:{hashlib.sha256(ticket_id.encode()).hexdigest()}"
