"""People as an identity provider knows them."""

from __future__ import annotations

from typing import Any

from tests.membership.conftest import BOTH
from tests.membership.test_passwords import NEW, key_in, mails, signs_in, used
from tests.membership.test_signing_in import RIGHT, with_account

ANN = {"issuer": "https://login.example", "subject": "ann-1", "email": "ann.example@people.example", "name": "Ann"}


async def proven(membership: Any, *, add: bool = False, standing: Any = None, **fields: str) -> Any:
    body = {**ANN, **fields, "standing": standing or {}, "add": add}
    return await membership.gateway("POST", "/internal/sign-in/provider", body)


@BOTH
async def test_a_verified_address_links_once_and_the_subject_is_known_from_then_on(membership: Any) -> None:
    ann = await membership.person()
    assert (await proven(membership, email="Ann.Example@people.example")).json()["person_id"] == ann.person_id
    later = await proven(membership, email="ann@elsewhere.example")
    assert later.json()["person_id"] == ann.person_id
    assert (await proven(membership, email="")).json()["person_id"] == ann.person_id
    assert "sign in to" in (await mails(membership, ANN["email"]))[0]


async def test_an_address_that_is_not_verified_links_nobody(membership: Any) -> None:
    await membership.person()
    refused = await proven(membership, email="")
    assert refused.status_code == 403 and "not verified" in refused.json()["detail"]


@BOTH
async def test_who_held_the_account_before_holds_nothing_once_it_is_linked(membership: Any) -> None:
    ann = await with_account(membership)
    token = (await membership.ask("POST", "/tokens", {"scopes": ["read"]}, by=ann)).json()["token"]
    before = (await membership.gateway("GET", f"/internal/principals/{ann.person_id}")).json()["changed_at"]
    await proven(membership)
    assert not await signs_in(membership, RIGHT["password"])
    assert not await signs_in(membership, "nobody") and not await signs_in(membership, "")
    assert (await membership.gateway("POST", "/internal/tokens/resolve", {"token": token})).status_code == 401
    after = (await membership.gateway("GET", f"/internal/principals/{ann.person_id}")).json()["changed_at"]
    assert after > before
    await membership.ask("POST", "/password-resets", {"email": ANN["email"]})
    key = key_in((await mails(membership, ANN["email"], 3))[2])
    assert (await used(membership, key)).status_code == 204 and await signs_in(membership, NEW)
    await proven(membership)
    assert await signs_in(membership, NEW)  # only the first time


async def test_who_is_unknown_is_put_on_the_register_only_where_that_is_set(membership: Any) -> None:
    assert (await proven(membership)).status_code == 403
    made = await proven(membership, add=True)
    assert made.status_code == 200 and made.json()["name"] == "Ann"
    assert (await proven(membership)).json()["person_id"] == made.json()["person_id"]


@BOTH
async def test_the_claims_give_and_take_standing_and_leave_alone_what_they_do_not_speak_of(membership: Any) -> None:
    ann = await membership.person(is_associate=True)
    given = await proven(membership, standing={"is_staff": True, "bodies": ["Q31"], "organisation": ""})
    assert (given.json()["is_staff"], given.json()["bodies"]) == (True, ["Q31"])
    taken = await proven(membership, standing={"is_staff": False, "organisation": "ZZZ99"})
    assert (taken.json()["is_staff"], taken.json()["bodies"]) == (False, ["Q31"])
    record = (await membership.ask("GET", f"/people/{ann.person_id}")).json()
    assert record["is_associate"] and record["organisation"] == ""


async def test_erasing_somebody_forgets_how_the_provider_knows_them(membership: Any) -> None:
    ann = await membership.person()
    await proven(membership)
    assert (await membership.ask("DELETE", f"/people/{ann.person_id}")).status_code == 204
    assert (await proven(membership)).status_code == 403
