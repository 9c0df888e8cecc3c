"""Whoever signs in with a browser that is not known tells the owner of the account by mail; but for the first time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from services.membership.commands.sign_ins import MOST_MAILS
from services.membership.tables import FirstSignIn, Letter
from shared import clock
from shared.auth import Principal
from tests.membership.conftest import BOTH
from tests.membership.test_passwords import mails

ANN = "ann.example@people.example"
END = "http://gateway/sign-in/end/made"


async def signed_in(membership: Any, who: Principal, *, is_known: bool = False) -> None:
    body = {
        "person_id": who.person_id, "is_known": is_known, "browser": "Firefox on Windows", "address": "203.0.113.7",
        "end": END,
    }  # fmt: skip
    answer = await membership.gateway("POST", "/internal/sign-ins", body)
    assert answer.status_code == 204, answer.text


async def letters(membership: Any) -> list[Letter]:
    async with membership.rig.parts.database.reading() as session:
        query = select(Letter).where(Letter.kind == "new-browser").order_by(Letter.id)
        return list((await session.execute(query)).scalars())


@BOTH
async def test_the_first_sign_in_and_known_browsers_are_nothing_to_tell_of_and_a_new_one_is(membership: Any) -> None:
    ann = await membership.person()
    await signed_in(membership, ann)
    await signed_in(membership, ann, is_known=True)
    assert await letters(membership) == []
    with clock.at(datetime(2026, 11, 27, 16, 5, tzinfo=UTC)):
        await signed_in(membership, ann)
        [text] = [" ".join(one.split()) for one in await mails(membership, ANN)]
    assert "Firefox on Windows signed in to your account" in text and "27 November 2026 at 16:05 UTC" in text
    assert "from the network address 203.0.113.7" in text and END in text and "/sign-in/forgotten" in text


@BOTH
async def test_a_program_that_signs_in_again_and_again_floods_nobody(membership: Any) -> None:
    ann = await membership.person()
    for _ in range(MOST_MAILS + 4):
        await signed_in(membership, ann)
    assert len(await letters(membership)) == MOST_MAILS
    with clock.at(clock.now() + timedelta(hours=2)):
        await signed_in(membership, ann)
        assert len(await letters(membership)) == MOST_MAILS + 1


@BOTH
async def test_who_is_erased_leaves_no_trace_of_having_signed_in(membership: Any) -> None:
    ann = await membership.person()
    for _ in range(2):
        await signed_in(membership, ann)
    assert (await membership.ask("DELETE", f"/people/{ann.person_id}")).status_code == 204
    await signed_in(membership, ann)
    assert await letters(membership) == []
    async with membership.rig.parts.database.reading() as session:
        assert (await session.execute(select(FirstSignIn))).first() is None
