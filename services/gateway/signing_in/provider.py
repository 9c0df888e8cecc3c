"""Signing in with an identity provider: OpenID Connect, authorization code with PKCE (RFC 7636, RFC 9700).

Invariants:
1. What begins in a browser ends in that browser, once, within ten minutes: the state is bound to the visitor's cookie.
2. Nothing is believed but an id token that the provider's own key signed, for us, now, for this very sign-in: issuer,
   audience, times and nonce are checked, and an algorithm without a key pair is refused.
3. Who comes is known by issuer and subject; an e-mail address counts only where the provider says that it is verified.
4. It takes the password's place and nothing else: the second step comes after it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import jwt
import orjson
import structlog

from services.gateway.signing_in.claims import rules_in, standing_of
from shared.config import Settings, WrongSetting
from shared.errors import NotSignedIn, Unavailable
from shared.store import Store

log = structlog.get_logger()
BACK = "/sign-in/provider/back"
STATE_SECONDS = 600
KEPT_SECONDS = 3600
ANSWER_SECONDS = 10.0
LEEWAY_SECONDS = 30
KEY_PAIRS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
NEEDED = ("exp", "iat", "iss", "aud", "sub", "nonce")


class ProviderAway(Unavailable):
    """Your organisation's sign-in does not answer; try again in a minute, or sign in with your password."""


class NotBelieved(NotSignedIn):
    """What came back from your organisation's sign-in could not be believed; begin again."""


class NotGranted(NotSignedIn):
    """Your organisation's sign-in did not let you in; begin again, or ask there."""


class BegunElsewhere(NotSignedIn):
    """This sign-in was begun in another browser, is too old or was used already; begin again."""


@dataclass(frozen=True, slots=True)
class Known:
    """Who came back, as the provider says; `email` only where it is verified. `there`: where they wanted to go."""

    issuer: str
    subject: str
    email: str
    name: str
    standing: dict[str, Any]
    there: str


class Provider:
    """The identity provider of the settings; there is none where `is_set` is false."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Raises WrongSetting for a table of claims that cannot be used, or where we have no client id."""
        self.is_set = bool(settings.oidc_issuer)
        self.name = settings.oidc_name
        if self.is_set and not settings.oidc_client:
            raise WrongSetting("TIDINGS_OIDC_CLIENT is not set: say what we are called at TIDINGS_OIDC_ISSUER.")
        self._settings = settings
        self._store = store
        self._rules = rules_in(settings.oidc_claims)
        self._kept: dict[str, tuple[float, Any]] = {}
        self._back = settings.public_url + BACK

    # There and back

    async def begin(self, cookie: str, there: str) -> str:
        """The provider's address to send the visitor with that cookie to. Raises ProviderAway."""
        endpoint = (await self._document())["authorization_endpoint"]
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        kept = {"nonce": nonce, "verifier": verifier, "there": there, "cookie": _digest(cookie)}
        await self._store.set(_stored(state), orjson.dumps(kept), STATE_SECONDS)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self._settings.oidc_client, "redirect_uri": self._back,
            "scope": self._settings.oidc_scopes, "state": state, "nonce": nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def back(self, query: Mapping[str, str], cookie: str) -> Known:
        """Who came back. Raises BegunElsewhere, NotGranted, NotBelieved, ProviderAway."""
        begun = await self._begun(query.get("state", ""), cookie)
        if query.get("iss", self._settings.oidc_issuer) != self._settings.oidc_issuer:
            raise NotBelieved  # RFC 9207: the answer of another provider
        if "code" not in query:
            log.info("provider_refused", error=query.get("error", "")[:60])
            raise NotGranted
        granted = await self._granted(query["code"], begun["verifier"])
        claims = await self._verified(str(granted.get("id_token", "")), begun["nonce"])
        if "email" not in claims and granted.get("access_token"):
            claims = {**await self._told(str(granted["access_token"]), claims["sub"]), **claims}
        is_verified = claims.get("email_verified") in (True, "true")
        return Known(
            claims["iss"], claims["sub"], str(claims.get("email", "")) if is_verified else "",
            str(claims.get("name") or ""), standing_of(claims, self._rules), begun["there"],
        )  # fmt: skip

    async def sign_out_address(self) -> str:
        """Where the visitor signs out of the provider, too; empty where it has no such page or does not answer."""
        try:
            endpoint = str((await self._document()).get("end_session_endpoint", "")) if self.is_set else ""
        except ProviderAway:
            return ""
        after = {"client_id": self._settings.oidc_client, "post_logout_redirect_uri": self._settings.public_url + "/"}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(after)}" if endpoint else ""

    async def _begun(self, state: str, cookie: str) -> dict[str, str]:
        key = _stored(state)
        kept = await self._store.get(key)
        begun = orjson.loads(kept) if kept else {}
        if not cookie or not secrets.compare_digest(begun.get("cookie", ""), _digest(cookie)):
            raise BegunElsewhere
        if await self._store.increment(f"{key}:used", STATE_SECONDS) > 1:
            raise BegunElsewhere
        await self._store.delete(key)
        return dict(begun)

    # What the provider says

    async def _granted(self, code: str, verifier: str) -> dict[str, Any]:
        settings, endpoint = self._settings, str((await self._document())["token_endpoint"])
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._back, "code_verifier": verifier,
        }  # fmt: skip
        if not settings.oidc_secret:
            form["client_id"] = settings.oidc_client
            return await self._asked("POST", endpoint, data=form)
        pair = f"{quote(settings.oidc_client, safe='')}:{quote(settings.oidc_secret, safe='')}"
        basic = base64.b64encode(pair.encode()).decode()
        return await self._asked("POST", endpoint, data=form, headers={"authorization": f"Basic {basic}"})

    async def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an id token that may be believed."""
        settings = self._settings
        try:
            key = await self._key(jwt.get_unverified_header(token))
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=KEY_PAIRS, audience=settings.oidc_client, issuer=settings.oidc_issuer,
                leeway=LEEWAY_SECONDS, options={"require": list(NEEDED)},
            )  # fmt: skip
        except (jwt.InvalidTokenError, jwt.PyJWTError) as error:
            log.warning("id_token_refused", reason=type(error).__name__)
            raise NotBelieved from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", "" if several else settings.oidc_client) != settings.oidc_client:
            raise NotBelieved
        if not secrets.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise NotBelieved
        return claims

    async def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """The provider's key that a token names; its keys are read again where it has a new one."""
        address = str((await self._document())["jwks_uri"])
        for is_fresh in (False, True):
            keys = jwt.PyJWKSet.from_dict(await self._remembered(address, is_fresh=is_fresh)).keys
            fitting = [key for key in keys if header.get("kid") in (None, key.key_id)]
            if len(fitting) == 1:
                return fitting[0]
        raise NotBelieved

    async def _told(self, token: str, subject: str) -> dict[str, Any]:
        """What the provider tells beside the id token, about the same person."""
        endpoint = (await self._document()).get("userinfo_endpoint")
        if not endpoint:
            return {}
        told = await self._asked("GET", str(endpoint), headers={"authorization": f"Bearer {token}"})
        return told if told.get("sub") == subject else {}

    async def _document(self) -> dict[str, Any]:
        issuer = self._settings.oidc_issuer
        found: dict[str, Any] = await self._remembered(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            log.error("provider_is_another", issuer=issuer, says=str(found.get("issuer"))[:200])
            raise ProviderAway("The identity provider calls itself otherwise than TIDINGS_OIDC_ISSUER says.")
        return found

    async def _remembered(self, address: str, *, is_fresh: bool = False) -> Any:
        since, found = self._kept.get(address, (0.0, None))
        if found is None or is_fresh or time.monotonic() - since > KEPT_SECONDS:
            found = await self._asked("GET", address)
            self._kept[address] = (time.monotonic(), found)
        return found

    async def _asked(self, method: str, address: str, **sent: Any) -> dict[str, Any]:
        """The JSON that answers. Raises ProviderAway; NotGranted where it says no."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS), httpx.AsyncClient(timeout=ANSWER_SECONDS) as client:
                answer = await client.request(method, address, **sent)
                found = orjson.loads(answer.content)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            log.warning("provider_away", address=address, reason=type(error).__name__)
            raise ProviderAway from None
        if answer.status_code >= 500 or not isinstance(found, dict):
            raise ProviderAway
        if answer.is_error:
            log.warning("provider_said_no", address=address, error=str(found.get("error", ""))[:60])
            raise NotGranted
        return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _stored(state: str) -> str:
    return f"provider:{_digest(state)}"
