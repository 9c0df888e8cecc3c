"""Who asks, and what they may do.

Invariants:
1. Default deny: every route declares its rule with `may(...)`; a service with a route that does not cannot start.
2. Services trust nobody. The gateway passes a token that it signs for sixty seconds with a key that it alone has; each
   service verifies the token for itself and applies its own rules to its own data.
3. A scope can only take away: a personal token with `networks:read` cannot do what its owner could.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any

import jwt
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Forbidden, NotSignedIn
from shared.keys import gateway_key, read_public_key

TOKEN_SECONDS = 60
ALGORITHM = "EdDSA"
AREAS = ("networks", "people", "events", "alerts", "newsletter", "oversight", "operations")
ALL_SCOPES = frozenset({"read", "write"})
SCOPES = ALL_SCOPES | {f"{area}:{verb}" for area in AREAS for verb in ("read", "write")}


@dataclass(frozen=True, slots=True)
class Principal:
    """A person (or nobody: `person_id` empty) with what membership knows of their standing.

    `bodies` are the ODS codes of the oversight bodies that the person is an officer of.
    """

    person_id: str = ""
    is_staff: bool = False
    bodies: frozenset[str] = frozenset()
    scopes: frozenset[str] = ALL_SCOPES

    @property
    def signed_in(self) -> bool:
        """Whether this is somebody."""
        return bool(self.person_id)

    def has_scope(self, scope: str) -> bool:
        """Whether the scopes held cover *scope* (`area:verb`); `write` does not imply `read`."""
        return scope in self.scopes or scope.partition(":")[2] in self.scopes


ANYBODY = Principal()
ENDED = "sessions"
"""The channel of broadcasts that carry a person's id: what they may do, or how they sign in, is another now."""
GATEWAY = Principal("gateway", scopes=frozenset({"internal"}))
"""The gateway asking for itself: signing somebody in, finding a session's principal, feeding its streams."""


def sign(principal: Principal, secret: str) -> str:
    """A token for *principal* that lives for TOKEN_SECONDS, or half of that: it may have been made a while ago."""
    return _signed(principal, secret, _real_time() // (TOKEN_SECONDS // 2))


@lru_cache(1000)
def _signed(principal: Principal, secret: str, half: int) -> str:
    claims = {
        "sub": principal.person_id, "staff": principal.is_staff, "bodies": sorted(principal.bodies),
        "scopes": sorted(principal.scopes), "iss": "gateway", "aud": "services",
        "exp": half * (TOKEN_SECONDS // 2) + TOKEN_SECONDS,
    }  # fmt: skip
    return jwt.encode(claims, gateway_key(secret), algorithm=ALGORITHM)


def verify(token: str, public: str) -> Principal:
    """The principal of a token that the key with this *public* half signed.

    Raises NotSignedIn when it is not ours, altered or too old.
    """
    try:
        principal, until = _verified(token, public)
    except jwt.InvalidTokenError as error:
        raise NotSignedIn(f"The token was refused ({error}); sign in again.") from None
    if until <= _real_time():
        raise NotSignedIn("The token was refused (Signature has expired); sign in again.")
    return principal


@lru_cache(1000)
def _verified(token: str, public: str) -> tuple[Principal, int]:
    """The principal of a token that is ours, and the second at which it ends. Raises jwt.InvalidTokenError.

    Kept for each token: a signature takes a tenth of a millisecond, a token comes a hundred times in its half minute.
    """
    claims = jwt.decode(
        token, read_public_key(public), algorithms=[ALGORITHM], audience="services", issuer="gateway",
        options={"require": ["exp", "sub"]},
    )  # fmt: skip
    who = Principal(claims["sub"], bool(claims["staff"]), frozenset(claims["bodies"]), frozenset(claims["scopes"]))
    return who, int(claims["exp"])


def _real_time() -> int:
    """Unix seconds by the machine's clock, however the clock of the services has been moved."""
    return int(time.time())


Check = Callable[[Principal, AsyncSession, Mapping[str, str]], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may, in a sentence, and the check: given the principal, the service's session and the path's parameters."""

    sentence: str
    check: Check = field(repr=False)


async def _anybody(_principal: Principal, _session: AsyncSession, _path: Mapping[str, str]) -> bool:
    return True


async def _signed_in(principal: Principal, _session: AsyncSession, _path: Mapping[str, str]) -> bool:
    return principal.signed_in


async def _staff(principal: Principal, _session: AsyncSession, _path: Mapping[str, str]) -> bool:
    return principal.is_staff


async def _officer(principal: Principal, _session: AsyncSession, path: Mapping[str, str]) -> bool:
    return principal.is_staff or path.get("body", "") in principal.bodies


async def _self(principal: Principal, _session: AsyncSession, path: Mapping[str, str]) -> bool:
    return principal.is_staff or path.get("person_id") == principal.person_id


async def _gateway(principal: Principal, _session: AsyncSession, _path: Mapping[str, str]) -> bool:
    return principal == GATEWAY


anyone = Rule("anyone", _anybody)
signed_in = Rule("anyone signed in", _signed_in)
staff = Rule("staff", _staff)
body_officers = Rule("staff; officers of the oversight body", _officer)
oneself = Rule("staff; the person concerned", _self)
gateway_only = Rule("the gateway itself", _gateway)


def principal_of(request: Request) -> Principal:
    """The principal of a request to a service, from its bearer token; nobody where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token:
        return ANYBODY
    if scheme.lower() != "bearer":
        raise NotSignedIn("Send the token as 'Authorization: Bearer <token>'.")
    return verify(token, request.app.state.parts.settings.public_key)


def may(rule: Rule, scope: str) -> Any:
    """Declare who may call a route, with which scope: `by: Principal = may(staff, "networks:write")`."""
    if scope not in SCOPES | {"internal"}:
        raise ValueError(f"Unknown scope {scope!r}.")

    async def permitted(request: Request) -> Principal:
        principal = principal_of(request)
        if not principal.has_scope(scope):
            raise Forbidden(f"The token lacks the scope '{scope}'; make one that has it.")
        if not await rule.check(principal, request.state.session, request.path_params):
            if not principal.signed_in:
                raise NotSignedIn
            raise Forbidden(f"Allowed for: {rule.sentence}.")
        return principal

    permitted.rule = rule  # type: ignore[attr-defined]
    permitted.scope = scope  # type: ignore[attr-defined]
    return Depends(permitted)


async def _session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


Session = Annotated[AsyncSession, Depends(_session)]
"""The session that the boundary opened: a transaction for a command, reading only for a query."""
