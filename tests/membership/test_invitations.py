"""Invitations by mail: to an account and to a role in a network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.auth import ANYBODY, Principal
from shared.mailer import Mail, Refused
from shared.mailer.mailbox import LocalMailbox
from tests.membership.conftest import BOTH
from tests.membership.test_passwords import NEW, key_in, mails, signs_in

CAT = "cat.example@people.example"


@pytest.fixture
async def boss(membership: Any) -> Principal:
    """A member of staff who is on the register."""
    person: Principal = await membership.person("Boss Example", is_staff=True)
    return person


async def invited(membership: Any, by: Principal, network: str = "stroke", **fields: Any) -> Any:
    path = f"/networks/{network}/invitations" if network else "/invitations"
    return await membership.ask("POST", path, {"email": CAT, **fields}, by=by)


async def accepted(membership: Any, key: str, **fields: str) -> Any:
    body = {"key": key, "name": "Cat Example", "password": NEW, **fields}
    return await membership.ask("POST", "/invitations/accept", body, by=ANYBODY)


async def status_of(membership: Any, by: Principal) -> list[str]:
    found = (await membership.ask("GET", "/networks/stroke/invitations", by=by)).json()
    return [one["status"] for one in found["items"]]


@BOTH
async def test_who_accepts_has_an_account_and_the_role(membership: Any) -> None:
    lead = await membership.person("Lead Example")
    await membership.give("stroke", lead, "lead_doctor")
    assert (await invited(membership, lead, role="co_ordinator")).status_code == 201
    text = (await mails(membership, CAT))[0]
    assert "Lead Example invites you to Stroke Network, as a co-ordinator" in text
    key = key_in(text)
    looked = (await membership.ask("POST", "/invitations/look", {"key": key}, by=ANYBODY)).json()
    assert (looked["email"], looked["role"], looked["has_account"]) == (CAT, "co_ordinator", False)
    assert (await accepted(membership, key)).json()["name"] == "Cat Example"
    assert await signs_in(membership, NEW, CAT)
    roles = (await membership.ask("GET", "/networks/stroke/roles")).json()["items"]
    assert ("co_ordinator", "Cat Example") in {(role["role"], role["name"]) for role in roles}
    assert (await accepted(membership, key)).status_code == 401
    assert await status_of(membership, lead) == ["accepted"]


async def test_staff_invite_to_an_account_alone_and_nobody_else_does(membership: Any, boss: Principal) -> None:
    ann = await membership.person()
    assert (await invited(membership, ann, network="")).status_code == 403
    assert (await invited(membership, ann)).status_code == 403
    assert (await invited(membership, boss, network="", name="Cat")).status_code == 201
    again = await invited(membership, boss, network="")
    assert again.status_code == 409 and "invited already" in again.json()["detail"]
    assert (await accepted(membership, key_in((await mails(membership, CAT))[0]))).status_code == 200
    has = await invited(membership, boss, network="")
    assert has.status_code == 409 and "sign in already" in has.json()["detail"]


async def test_who_has_an_account_accepts_with_a_press_and_keeps_the_password(membership: Any, boss: Principal) -> None:
    cat = await membership.person("Cat Example")
    await membership.ask("POST", f"/people/{cat.person_id}/password", {"password": "correct horse battery"})
    await invited(membership, boss)
    key = key_in((await mails(membership, CAT, 2))[1])
    assert (await accepted(membership, key, password="another long enough one")).status_code == 200
    assert await signs_in(membership, "correct horse battery", CAT)
    me = (await membership.ask("GET", "/me", by=cat)).json()
    assert [network["role"] for network in me["networks"]] == ["member"]


async def test_a_new_link_ends_the_one_before_and_a_withdrawn_one_opens_nothing(
    membership: Any, boss: Principal
) -> None:
    made = (await invited(membership, boss)).json()
    first = key_in((await mails(membership, CAT))[0])
    stranger = await membership.person("Stranger Example")
    path = f"/invitations/{made['id']}"
    assert (await membership.ask("POST", f"{path}/resend", by=stranger)).status_code == 403
    assert (await membership.ask("POST", f"{path}/resend", by=boss)).status_code == 200
    second = key_in((await mails(membership, CAT, 2))[1])
    assert (await accepted(membership, first)).status_code == 401
    assert (await membership.ask("DELETE", path, by=stranger)).status_code == 403
    assert (await membership.ask("DELETE", path, by=boss)).status_code == 204
    assert (await accepted(membership, second)).status_code == 401
    assert (await membership.ask("POST", f"{path}/resend", by=boss)).status_code == 409
    assert await status_of(membership, boss) == ["withdrawn"]


async def test_an_invitation_is_over_after_two_weeks(membership: Any, boss: Principal) -> None:
    await invited(membership, boss)
    key = key_in((await mails(membership, CAT))[0])
    with clock.at(clock.now() + timedelta(days=15)):
        assert await status_of(membership, boss) == ["over"]
        assert (await accepted(membership, key)).status_code == 401


async def test_who_may_not_give_the_role_any_more_gives_none(membership: Any) -> None:
    lead = await membership.person("Lead Example")
    role = (await membership.give("stroke", lead, "chair")).json()
    await invited(membership, lead, role="lead_manager")
    key = key_in((await mails(membership, CAT))[0])
    ended = await membership.ask("POST", f"/networks/stroke/roles/{role['id']}/end", {})
    assert ended.status_code == 200, ended.text
    refused = await accepted(membership, key)
    assert refused.status_code == 403 and not await signs_in(membership, NEW, CAT)


async def test_a_bad_password_uses_no_invitation_up_and_one_is_needed(membership: Any, boss: Principal) -> None:
    await invited(membership, boss)
    key = key_in((await mails(membership, CAT))[0])
    for password in ("", "passwordpassword", "Cat Example Cat Example"):
        refused = await accepted(membership, key, password=password)
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "password", password
    assert (await accepted(membership, key)).status_code == 200


async def test_erasing_somebody_forgets_what_invited_them(membership: Any, boss: Principal) -> None:
    await invited(membership, boss)
    person = (await accepted(membership, key_in((await mails(membership, CAT))[0]))).json()
    assert (await membership.ask("DELETE", f"/people/{person['id']}")).status_code == 204
    assert await status_of(membership, boss) == []


@BOTH
async def test_whoever_invited_sees_that_the_mail_was_refused_until_it_is_sent_again(
    membership: Any, boss: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(_mailbox: LocalMailbox, _mail: Mail) -> Refused:
        return Refused(550, "5.1.1 no such user")

    with monkeypatch.context() as patched:
        patched.setattr(LocalMailbox, "send", refused)
        invitation = (await invited(membership, boss)).json()
        await until(lambda: refusal_of(membership, boss), "550 5.1.1 no such user")
    again = await membership.ask("POST", f"/invitations/{invitation['id']}/resend", {}, by=boss)
    assert again.json()["refusal"] == ""
    assert "You are invited" in (await mails(membership, CAT))[0]


async def refusal_of(membership: Any, by: Principal) -> str:
    found = (await membership.ask("GET", "/networks/stroke/invitations", by=by)).json()
    return str(found["items"][0]["refusal"])


async def until(found: Callable[[], Awaitable[str]], wanted: str) -> None:
    """Wait until *found* answers what is *wanted*."""
    async with asyncio.timeout(10):
        while await found() != wanted:
            await asyncio.sleep(0.05)
