"""One's own address: only who knows the password changes it, and only once the new mailbox says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.membership.tables import EmailChange, MailedKey
from shared import clock
from shared.auth import ANYBODY, Principal
from shared.contracts.membership import PEOPLE
from tests.membership.conftest import BOTH
from tests.membership.test_passwords import NEW, asked, key_in, mails, signs_in, used
from tests.membership.test_second_factor import PASSWORD, set_up

OLD, OTHER = "ann.example@people.example", "ann@other.example"


@pytest.fixture
async def ann(membership: Any) -> Principal:
    """Somebody with a password."""
    person: Principal = await membership.person()
    await membership.ask("POST", f"/people/{person.person_id}/password", {"password": PASSWORD})
    await mails(membership, OLD)  # that she has one
    return person


async def ask(membership: Any, who: Principal, email: str = OTHER, present: str = PASSWORD, code: str = "") -> Any:
    body = {"email": email, "present": present, "code": code}
    return await membership.ask("POST", "/me/email-change", body, by=who)


async def confirm(membership: Any, key: str) -> Any:
    return await membership.ask("POST", "/email-changes/confirm", {"key": key}, by=ANYBODY)


@BOTH
async def test_it_changes_when_the_new_mailbox_says_so_and_the_old_one_is_told_twice(
    membership: Any, ann: Principal
) -> None:
    answer = await ask(membership, ann)
    assert answer.status_code == 202 and answer.json()["email"] == OTHER
    assert "about to change" in (await mails(membership, OLD, 2))[1]
    key = key_in((await mails(membership, OTHER))[0])
    assert await signs_in(membership, PASSWORD) and not await signs_in(membership, PASSWORD, OTHER)
    look = await membership.ask("POST", "/email-changes/look", {"key": key}, by=ANYBODY)
    assert look.json()["email"] == OTHER
    assert (await confirm(membership, key)).status_code == 200
    assert await signs_in(membership, PASSWORD, OTHER) and not await signs_in(membership, PASSWORD)
    assert "was changed" in (await mails(membership, OLD, 3))[2]
    assert (await confirm(membership, key)).status_code == 401
    assert (await membership.said(PEOPLE.name))[-1].state["email"] == OTHER
    assert (await membership.ask("GET", "/me/email-change", by=ann)).status_code == 404


async def test_a_stolen_session_changes_nothing(membership: Any, ann: Principal) -> None:
    direct = await membership.ask("PATCH", f"/people/{ann.person_id}", {"email": OTHER}, by=ann)
    assert direct.status_code == 403 and "/account/email" in direct.json()["detail"]
    guesses = [(await ask(membership, ann, present=f"guess number {number}")).status_code for number in range(12)]
    assert guesses == [403] * 10 + [429] * 2
    assert (await ask(membership, ann)).status_code == 429, "not even the right one: it was guessed too often"
    own = {"password": NEW, "present": "another guess of it"}
    assert (await membership.ask("POST", f"/people/{ann.person_id}/password", own, by=ann)).status_code == 429
    async with membership.rig.parts.database.reading() as session:
        assert (await session.execute(select(EmailChange))).first() is None
    assert await signs_in(membership, PASSWORD)


async def test_a_stolen_session_of_staff_does_not_either(membership: Any) -> None:
    boss = await membership.person("Boss Example", is_staff=True)
    direct = await membership.ask("PATCH", f"/people/{boss.person_id}", {"email": OTHER}, by=boss)
    assert direct.status_code == 403


async def test_who_has_an_app_gives_a_code_of_it(membership: Any, ann: Principal) -> None:
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    with clock.at(noon):
        app, codes = await set_up(membership, ann)
        for wrong in ("", "000000", app.at(noon)):
            refused = await ask(membership, ann, code=wrong)
            assert refused.status_code == 403 and refused.json()["type"] == "/problems/wrong-code"
        assert (await ask(membership, ann, code=codes[0])).status_code == 202


async def test_a_new_password_ends_what_was_asked_for(membership: Any, ann: Principal) -> None:
    await ask(membership, ann)
    key = key_in((await mails(membership, OTHER))[0])
    await asked(membership, OLD)
    reset = key_in((await mails(membership, OLD, 3))[2])
    assert (await used(membership, reset)).status_code == 204
    assert (await confirm(membership, key)).status_code == 401
    assert await signs_in(membership, NEW)


async def test_the_newest_link_is_the_one_and_it_lives_a_day(membership: Any, ann: Principal) -> None:
    await ask(membership, ann)
    first = key_in((await mails(membership, OTHER))[0])
    await ask(membership, ann)
    second = key_in((await mails(membership, OTHER, 2))[1])
    assert (await confirm(membership, first)).status_code == 401
    with clock.at(clock.now() + timedelta(hours=25)):
        assert (await confirm(membership, second)).status_code == 401
    assert (await confirm(membership, second)).status_code == 200


async def test_it_can_be_left_as_it_is(membership: Any, ann: Principal) -> None:
    await ask(membership, ann)
    key = key_in((await mails(membership, OTHER))[0])
    assert (await membership.ask("DELETE", "/me/email-change", by=ann)).status_code == 204
    assert (await membership.ask("DELETE", "/me/email-change", by=ann)).status_code == 404
    assert (await confirm(membership, key)).status_code == 401
    async with membership.rig.parts.database.reading() as session:
        assert (await session.execute(select(MailedKey))).first() is None


async def test_whether_another_has_the_address_is_told_to_its_mailbox_alone(membership: Any, ann: Principal) -> None:
    await membership.person("Bob Example")
    taken = await ask(membership, ann, email="bob.example@people.example")
    assert "has an account" in (await mails(membership, "bob.example@people.example"))[0]
    free = await ask(membership, ann, email="nobody@people.example")
    assert (taken.status_code, [*taken.json()]) == (free.status_code, [*free.json()]) == (202, [*free.json()])


async def test_an_address_that_was_taken_meanwhile_is_not_given_twice(membership: Any, ann: Principal) -> None:
    await ask(membership, ann)
    key = key_in((await mails(membership, OTHER))[0])
    await membership.person("Bob Example", email=OTHER)
    assert (await confirm(membership, key)).status_code == 409


async def test_who_has_no_password_gets_one_first(membership: Any) -> None:
    bob = await membership.person("Bob Example")
    refused = await ask(membership, bob)
    assert refused.status_code == 403 and refused.json()["type"] == "/problems/no-password"


async def test_the_address_that_one_has_is_no_change(membership: Any, ann: Principal) -> None:
    assert (await ask(membership, ann, email=OLD.upper())).status_code == 422
