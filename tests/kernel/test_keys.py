"""Who asks is signed by the gateway alone; what a service holds checks it and makes nothing."""

from __future__ import annotations

import base64

import jwt
import pytest

from shared.auth import GATEWAY, Principal, sign, verify
from shared.errors import NotSignedIn
from shared.keys import gateway_key, is_public_key, keys_of, public_key_of, services_secret_of

pytestmark = pytest.mark.fast
SECRET, ANOTHER = "s" * 40, "t" * 40
WHO = Principal("somebody", is_staff=True, bodies=frozenset({"Q31"}))


def test_what_the_gateway_signs_the_public_half_reads() -> None:
    assert verify(sign(WHO, SECRET), public_key_of(SECRET)) == WHO


def test_another_gateway_is_not_believed() -> None:
    with pytest.raises(NotSignedIn):
        verify(sign(WHO, ANOTHER), public_key_of(SECRET))


@pytest.mark.parametrize("held", [public_key_of(SECRET), services_secret_of(SECRET)])
def test_nothing_that_a_service_holds_makes_a_token_that_another_believes(held: str) -> None:
    claims = jwt.decode(sign(GATEWAY, SECRET), options={"verify_signature": False})
    by_hmac = jwt.encode(claims, held, algorithm="HS256")
    unsigned = jwt.encode(claims, None, algorithm="none")
    for token in (sign(GATEWAY, held), by_hmac, unsigned):
        with pytest.raises(NotSignedIn):
            verify(token, public_key_of(SECRET))


def test_an_altered_token_is_not_believed() -> None:
    head, claims, signature = sign(WHO, SECRET).split(".")
    other = sign(GATEWAY, SECRET).split(".")[1]
    assert other != claims
    with pytest.raises(NotSignedIn):
        verify(f"{head}.{other}.{signature}", public_key_of(SECRET))


def test_keys_are_the_same_at_every_start_and_no_two_are_alike() -> None:
    made = keys_of(SECRET)
    assert made == keys_of(SECRET) and len({*made.values(), *keys_of(ANOTHER).values()}) == 6
    private = gateway_key(SECRET).private_bytes_raw()
    assert private.hex() not in made.values() and base64.urlsafe_b64encode(private).decode() not in made.values()


@pytest.mark.parametrize("text", ["", "a", "é" * 43, "A" * 42, "!" * 43])
def test_what_is_no_public_key_is_none(text: str) -> None:
    assert not is_public_key(text)
