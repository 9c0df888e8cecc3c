"""What comes back from an identity provider is believed only as it should be. This one lies where it is told to."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.gateway.signing_in.claims import ClaimRule, rules_in, standing_of
from services.gateway.signing_in.provider import BegunElsewhere, Known, NotBelieved, NotGranted, Provider, ProviderAway
from shared.config import Settings, WrongSetting
from shared.store.memory import LocalStore
from tests.gateway.conftest import until

CLIENT, COOKIE = "tidings", "the visitor's cookie"
KEY, STRANGERS = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def published(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    """A public key as a provider publishes it."""
    return {
        **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())),
        "kid": kid,
        "use": "sig",
        "alg": "RS256",
    }


@dataclass
class Liar:
    """A provider: honest, but for what a test changes."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    key: Any = KEY
    algorithm: str = "RS256"
    kid: str = "one"
    published: list[dict[str, Any]] = field(default_factory=lambda: [published(KEY, "one")])
    asked: dict[str, str] = field(default_factory=dict)
    calls: int = 0

    async def document(self, _request: Request) -> JSONResponse:
        there = {name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        return JSONResponse({"issuer": self.issuer, **there})

    async def keys(self, _request: Request) -> JSONResponse:
        self.calls += 1
        return JSONResponse({"keys": self.published})

    async def token(self, request: Request) -> JSONResponse:
        form = await request.form()
        verifier = str(form.get("code_verifier", ""))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        is_ours = form["code"] == "the-code" and form["redirect_uri"] == self.asked["redirect_uri"]
        if challenge != self.asked["code_challenge"] or not is_ours:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "ann-1", "iat": now, "exp": now + 300,
            "nonce": self.asked["nonce"], "email": "ann@people.example", "email_verified": True, "name": "Ann",
        }  # fmt: skip
        claims = {name: value for name, value in {**claims, **self.claims}.items() if name not in self.without}
        token = self.signed(claims)
        return JSONResponse({"id_token": token, "access_token": "x", "token_type": "Bearer"})

    def signed(self, claims: dict[str, Any]) -> str:
        """An id token. With a text as the key it is signed by hand: the library refuses to do what attackers do."""
        if not isinstance(self.key, str):
            return jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"kid": self.kid})
        parts = (json.dumps(part).encode() for part in ({"alg": self.algorithm, "kid": self.kid}, claims))
        content = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        signature = hmac.digest(self.key.encode(), content, "sha256")
        return (content + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    """The provider, on a real socket."""
    made = Liar()
    routes = [
        Route("/.well-known/openid-configuration", made.document), Route("/jwks_uri", made.keys),
        Route("/token_endpoint", made.token, methods=["POST"]),
    ]  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, lifespan="off", log_level="critical"))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    made.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield made
    server.should_exit = server.force_exit = True
    await asyncio.wait([task], timeout=5)


def provider_of(liar: Liar, **more: Any) -> Provider:
    known = {"oidc_issuer": liar.issuer, "oidc_client": CLIENT, "base_url": "https://tidings.example"}
    return Provider(Settings(secret="s" * 32, **{**known, **more}), LocalStore())


async def there(provider: Provider, liar: Liar) -> dict[str, str]:
    """Begin; what the provider is asked, which its honest answer then fits."""
    address = await provider.begin(COOKIE, "/alerts")
    liar.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return liar.asked


async def back(provider: Provider, liar: Liar, **query: str) -> Known:
    asked = await there(provider, liar)
    return await provider.back({"code": "the-code", "state": asked["state"], **query}, COOKIE)


async def test_who_comes_back_is_known_by_issuer_and_subject(liar: Liar) -> None:
    provider = provider_of(liar)
    known = await back(provider, liar)
    assert (known.issuer, known.subject, known.email) == (liar.issuer, "ann-1", "ann@people.example")
    assert known.there == "/alerts"
    assert liar.asked["code_challenge_method"] == "S256" and liar.asked["scope"].startswith("openid")
    assert liar.asked["redirect_uri"] == "https://tidings.example/sign-in/provider/back"


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"nonce": "another"}}, {"without": ("nonce",)}, {"claims": {"iss": "https://evil.example"}},
        {"claims": {"aud": "another-client"}}, {"claims": {"exp": int(time.time()) - 60}}, {"without": ("exp",)},
        {"claims": {"iat": int(time.time()) + 3600}}, {"without": ("sub",)},
        {"claims": {"aud": [CLIENT, "another"]}}, {"claims": {"azp": "another"}},
        {"key": STRANGERS}, {"key": STRANGERS, "kid": "unknown"}, {"key": None, "algorithm": "none"},
        {"key": "s" * 64, "algorithm": "HS256"},
    ],
    ids=lambda lie: " ".join([*lie, *lie.get("claims", lie.get("without", ()))]),
)  # fmt: skip
async def test_a_token_that_is_not_ours_and_the_providers_and_of_now_is_refused(
    liar: Liar, lie: dict[str, Any]
) -> None:
    for name, value in lie.items():
        setattr(liar, name, value)
    with pytest.raises(NotBelieved):
        await back(provider_of(liar), liar)


async def test_the_public_key_as_a_shared_secret_signs_nothing(liar: Liar) -> None:
    """The classic confusion: HS256 with the text of the published key."""
    liar.algorithm, liar.key = "HS256", json.dumps(liar.published[0])
    with pytest.raises(NotBelieved):
        await back(provider_of(liar), liar)


async def test_a_state_is_for_one_browser_and_one_use(liar: Liar) -> None:
    provider = provider_of(liar)
    asked = await there(provider, liar)
    answer = {"code": "the-code", "state": asked["state"]}
    for query, cookie in ((answer, "another"), (answer, ""), ({**answer, "state": "made up"}, COOKIE), ({}, COOKIE)):
        with pytest.raises(BegunElsewhere):
            await provider.back(query, cookie)
    assert (await provider.back(answer, COOKIE)).subject == "ann-1"
    with pytest.raises(BegunElsewhere):
        await provider.back(answer, COOKIE)


class Far(LocalStore):
    """A store on another machine: others come between the question and its answer."""

    async def get(self, key: str) -> bytes | None:
        found = await super().get(key)
        await asyncio.sleep(0.01)
        return found


async def test_of_two_who_come_back_at_once_with_one_state_one_is_believed(liar: Liar) -> None:
    known = {"oidc_issuer": liar.issuer, "oidc_client": CLIENT, "base_url": "https://tidings.example"}
    provider = Provider(Settings(secret="s" * 32, **known), Far())  # type: ignore[arg-type]
    asked = await there(provider, liar)
    answer = {"code": "the-code", "state": asked["state"]}
    came = await asyncio.gather(*(provider.back(answer, COOKIE) for _ in range(2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in came) == ["BegunElsewhere", "Known"]


async def test_a_stolen_code_opens_nothing_without_the_verifier(liar: Liar) -> None:
    """PKCE: the code of one sign-in is put into another."""
    provider = provider_of(liar)
    asked = await there(provider, liar)
    liar.asked = {**asked, "code_challenge": "of another sign-in"}
    with pytest.raises(NotGranted):
        await provider.back({"code": "the-code", "state": asked["state"]}, COOKIE)


async def test_an_answer_of_another_provider_is_refused(liar: Liar) -> None:
    with pytest.raises(NotBelieved):
        await back(provider_of(liar), liar, iss="https://evil.example")
    assert (await back(provider_of(liar), liar, iss=liar.issuer)).subject == "ann-1"


async def test_an_address_that_is_not_verified_counts_for_nothing(liar: Liar) -> None:
    for claim in (False, None, "false"):
        liar.claims = {"email_verified": claim}
        assert (await back(provider_of(liar), liar)).email == ""


async def test_a_provider_that_changed_its_keys_is_asked_for_them_again(liar: Liar) -> None:
    provider = provider_of(liar)
    await back(provider, liar)
    await back(provider, liar)
    assert liar.calls == 1
    liar.key, liar.kid, liar.published = STRANGERS, "two", [published(KEY, "one"), published(STRANGERS, "two")]
    assert (await back(provider, liar)).subject == "ann-1"
    assert liar.calls == 2


async def test_who_is_refused_there_and_a_provider_that_is_away_are_told_apart(liar: Liar) -> None:
    provider = provider_of(liar)
    asked = await there(provider, liar)
    with pytest.raises(NotGranted):
        await provider.back({"error": "access_denied", "state": asked["state"]}, COOKIE)
    with pytest.raises(ProviderAway):
        await provider_of(liar, oidc_issuer="http://127.0.0.1:1").begin(COOKIE, "/")
    with pytest.raises(ProviderAway):
        await provider_of(liar, oidc_issuer=liar.issuer + "/").begin(COOKIE, "/")  # it calls itself otherwise


RULES = (
    ClaimRule("groups", "tidings-staff", "staff"), ClaimRule("realm.roles", "sha-q31", "officer", "Q31"),
    ClaimRule("realm.roles", "sha-q32", "officer", "Q32"), ClaimRule("ods_code", "", "organisation"),
)  # fmt: skip


@pytest.mark.fast
@pytest.mark.parametrize(
    ("claims", "standing"),
    [
        ({}, {"is_staff": False, "bodies": []}),
        ({"groups": ["x", "tidings-staff"]}, {"is_staff": True, "bodies": []}),
        ({"groups": "tidings-staff", "realm": {"roles": ["sha-q32", "sha-q31"]}},
         {"is_staff": True, "bodies": ["Q31", "Q32"]}),
        ({"realm.roles": ["sha-q31"], "ods_code": "RW3"},
         {"is_staff": False, "bodies": ["Q31"], "organisation": "RW3"}),
        ({"groups": {"tidings-staff": True}}, {"is_staff": False, "bodies": []}),
    ],
)  # fmt: skip
def test_the_table_decides_wholly_what_it_speaks_of(claims: dict[str, Any], standing: dict[str, Any]) -> None:
    assert standing_of(claims, RULES) == standing
    assert standing_of(claims, ()) == {}


@pytest.mark.fast
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[[rule]]\nclaim = "g"\nvalue = "v"\ngives = "king"', "rule 1 gives 'king'"),
        ('[[rule]]\nclaim = "g"\ngives = "staff"', "rule 1 needs a value"),
        ('[[rule]]\nclaim = "g"\nvalue = "v"\ngives = "officer"', "has a body"),
        ('[[rule]]\nclaim = "g"\nvalue = "v"\ngives = "staff"\nwhen = "x"', "rule 1 takes"),
        ("[[rule", "TIDINGS_OIDC_CLAIMS"),
    ],
)
def test_a_table_that_cannot_be_used_stops_the_start_and_says_why(tmp_path: Path, table: str, said: str) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(table)
    with pytest.raises(WrongSetting, match=said):
        rules_in(str(path))
