"""Which passwords are taken, and how a lost one is replaced."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import select, update

from services.membership.commands.sound import KnownPassword, require_sound
from services.membership.letters import send_due
from services.membership.tables import Letter, MailedKey
from shared import clock
from shared.auth import ANYBODY
from shared.mailer.mailbox import LocalMailbox
from tests.membership.conftest import BOTH, everything

NEW = "lantern quiet tower moss"


async def mails(membership: Any, to: str, number: int = 1) -> list[str]:
    """The texts of the mails to an address, once there are so many, oldest first."""
    mailbox = membership.rig.parts.mailer
    assert isinstance(mailbox, LocalMailbox)
    for _ in range(500):
        found = await mailbox.list(to)
        if len(found) >= number:
            read = [await mailbox.read(one.message_id) for one in reversed(found)]
            return [text_of(mail.content) for mail in read if mail]
        await asyncio.sleep(0.01)
    raise AssertionError(f"{len(found)} mails to {to}")


def text_of(content: bytes) -> str:
    message = message_from_bytes(content, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def key_in(text: str) -> str:
    """The secret in a mail's link."""
    found = re.search(r"/(?:new-password|invitation|confirm-address)/([\w-]+)", text)
    assert found, text
    return found.group(1)


async def asked(membership: Any, email: str) -> Any:
    return await membership.ask("POST", "/password-resets", {"email": email}, by=ANYBODY)


async def used(membership: Any, key: str, password: str = NEW) -> Any:
    return await membership.ask("POST", "/password-resets/use", {"key": key, "password": password}, by=ANYBODY)


async def signs_in(membership: Any, password: str, email: str = "ann.example@people.example") -> bool:
    body = {"email": email, "password": password}
    return bool((await membership.gateway("POST", "/internal/sign-in", body)).status_code == 200)


@pytest.mark.fast
@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword", "Password-Password-1", "123456789012345", "qwertyuiopasdfgh", "aaaaaaaaaaaaaaaaaaa",
        "ann.example@people.example", "Ann Example 123456", "................", "iloveyou iloveyou iloveyou",
    ],
)  # fmt: skip
def test_a_password_that_is_put_together_from_known_ones_is_refused(password: str) -> None:
    with pytest.raises(KnownPassword):
        require_sound(password, about=["Ann Example", "ann.example@people.example"])


@pytest.mark.fast
@pytest.mark.parametrize("password", [NEW, "correct horse battery", "žluťoučký kůň úpěl ódy", "4 8 15 16 23 42 108!"])
def test_no_rule_but_that_is_made_of_characters(password: str) -> None:
    require_sound(password, about=["Ann Example", "ann.example@people.example"])


async def test_a_short_or_known_password_is_refused_and_the_field_is_named(membership: Any) -> None:
    ann = await membership.person()
    path = f"/people/{ann.person_id}/password"
    for password in ("fourteen chars", "passwordpassword", "Ann Example Ann Example"):
        refused = await membership.ask("POST", path, {"password": password})
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "password", password


async def test_a_password_is_the_same_however_the_keyboard_puts_it_together(membership: Any) -> None:
    ann = await membership.person()
    await membership.ask("POST", f"/people/{ann.person_id}/password", {"password": "Ménière lantern quiet"})
    assert await signs_in(membership, "Me\u0301nie\u0300re lantern quiet")


@BOTH
async def test_a_mailed_link_chooses_a_new_password_once(membership: Any) -> None:
    ann = await membership.person()
    await membership.ask("POST", f"/people/{ann.person_id}/password", {"password": "correct horse battery"})
    before = (await membership.gateway("GET", f"/internal/principals/{ann.person_id}")).json()["changed_at"]
    assert (await asked(membership, " Ann.Example@people.example ")).status_code == 202
    key = key_in((await mails(membership, "ann.example@people.example", 2))[1])
    assert (await used(membership, key)).status_code == 204
    assert await signs_in(membership, NEW) and not await signs_in(membership, "correct horse battery")
    after = (await membership.gateway("GET", f"/internal/principals/{ann.person_id}")).json()["changed_at"]
    assert after > before  # which ends every session that began earlier
    again = await used(membership, key, "another long enough one")
    assert again.status_code == 401 and "link" in again.json()["detail"]
    assert "was changed" in (await mails(membership, "ann.example@people.example", 3))[2]


async def test_a_password_that_is_refused_does_not_use_the_link_up(membership: Any) -> None:
    await membership.person()
    await asked(membership, "ann.example@people.example")
    key = key_in((await mails(membership, "ann.example@people.example"))[0])
    assert (await used(membership, key, "passwordpassword")).status_code == 422
    assert (await used(membership, key)).status_code == 204


async def test_the_answer_and_what_is_stored_do_not_tell_whether_somebody_has_the_address(membership: Any) -> None:
    await membership.person()
    known, unknown = [await asked(membership, f"{name}@people.example") for name in ("ann.example", "nobody")]
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    await mails(membership, "ann.example@people.example")
    async with membership.rig.parts.database.reading() as session:
        for _ in range(200):
            rows = (await session.execute(select(Letter.subject_id, Letter.due_at))).all()
            await session.rollback()
            if [tuple(row) for row in rows] == [("", None)] * 2:
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError(rows)
    assert await membership.rig.parts.mailer.count() == 1


async def test_a_link_is_over_after_half_an_hour_and_when_a_newer_one_was_sent(membership: Any) -> None:
    await membership.person()
    await asked(membership, "ann.example@people.example")
    first = key_in((await mails(membership, "ann.example@people.example"))[0])
    await asked(membership, "ann.example@people.example")
    second = key_in((await mails(membership, "ann.example@people.example", 2))[1])
    assert (await used(membership, first)).status_code == 401
    with clock.at(clock.now() + timedelta(minutes=31)):
        assert (await used(membership, second)).status_code == 401


async def test_of_two_who_use_one_link_at_once_one_succeeds(membership: Any) -> None:
    await membership.person()
    await asked(membership, "ann.example@people.example")
    key = key_in((await mails(membership, "ann.example@people.example"))[0])
    answers = await asyncio.gather(used(membership, key), used(membership, key, "another long enough one"))
    assert sorted(answer.status_code for answer in answers) == [204, 401]


async def test_the_secret_of_a_link_is_kept_nowhere(membership: Any) -> None:
    await membership.person()
    await asked(membership, "ann.example@people.example")
    key = key_in((await mails(membership, "ann.example@people.example"))[0])
    assert key not in await everything(membership)
    async with membership.rig.parts.database.reading() as session:
        assert len((await session.execute(select(MailedKey))).all()) == 1


async def test_five_mails_an_hour_go_to_an_address_and_the_wait_is_said(membership: Any) -> None:
    for address in ("ann.example@people.example", "nobody@people.example"):
        answers = [await asked(membership, address) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 3600


async def test_another_address_is_told_to_the_old_one_and_ends_the_links(membership: Any) -> None:
    ann = await membership.person()
    await asked(membership, "ann.example@people.example")
    key = key_in((await mails(membership, "ann.example@people.example"))[0])
    changed = await membership.ask("PATCH", f"/people/{ann.person_id}", {"email": "ann@other.example"})
    assert changed.status_code == 200
    assert "was changed" in (await mails(membership, "ann.example@people.example", 2))[1]
    assert (await used(membership, key)).status_code == 401


@BOTH
async def test_a_letter_that_was_leased_by_a_killed_process_goes_out_later_with_another_link(membership: Any) -> None:
    await membership.person()
    await asked(membership, "ann.example@people.example")
    first = key_in((await mails(membership, "ann.example@people.example"))[0])
    await asyncio.sleep(0.1)
    async with membership.rig.parts.database.transaction() as session:
        await session.execute(update(Letter).values(due_at=clock.now() - timedelta(seconds=1)))
    await send_due(membership.rig.parts)
    second = key_in((await mails(membership, "ann.example@people.example", 2))[1])
    assert first != second and (await used(membership, second)).status_code == 204
