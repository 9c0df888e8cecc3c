"""An authenticator app beside the password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from services.membership.tables import RecoveryCode, SecondFactor
from shared import clock
from shared.auth import Principal

PASSWORD = "correct horse battery"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
async def ann(membership: Any) -> Principal:
    """Somebody with a password."""
    person: Principal = await membership.person()
    await membership.ask("POST", f"/people/{person.person_id}/password", {"password": PASSWORD})
    return person


async def set_up(membership: Any, who: Principal) -> tuple[pyotp.TOTP, list[str]]:
    """The app, and the recovery codes; at noon."""
    begun = await membership.ask("POST", "/me/second-factor", {"password": PASSWORD}, by=who)
    assert begun.status_code == 201, begun.text
    app = pyotp.parse_uri(begun.json()["uri"])
    assert isinstance(app, pyotp.TOTP) and app.secret == begun.json()["secret"]
    confirmed = await membership.ask("POST", "/me/second-factor/confirm", {"code": app.at(NOON)}, by=who)
    assert confirmed.status_code == 200, confirmed.text
    return app, confirmed.json()["codes"]


async def check(membership: Any, who: Principal, code: str) -> int:
    """The status that the gateway gets for a code."""
    body = {"person_id": who.person_id, "code": code}
    return int((await membership.gateway("POST", "/internal/second-factor/check", body)).status_code)


async def test_a_code_of_the_app_counts_once_and_a_minute_at_most(membership: Any, ann: Principal) -> None:
    with clock.at(NOON):
        app, _ = await set_up(membership, ann)
        assert await check(membership, ann, app.at(NOON)) == 403  # used to set it up
        assert await check(membership, ann, "000000") == 403
    later = NOON + timedelta(minutes=5)
    with clock.at(later):
        assert await check(membership, ann, app.at(later - timedelta(seconds=90))) == 403
        assert await check(membership, ann, app.at(later - timedelta(seconds=30))) == 204
        assert await check(membership, ann, app.at(later)) == 204
        assert await check(membership, ann, app.at(later)) == 403


async def test_a_recovery_code_takes_the_apps_place_once(membership: Any, ann: Principal) -> None:
    with clock.at(NOON):
        _, codes = await set_up(membership, ann)
        assert len(set(codes)) == 10
        assert await check(membership, ann, f" {codes[3].upper()} ") == 204
        assert await check(membership, ann, codes[3]) == 403
        standing = (await membership.ask("GET", "/me/second-factor", by=ann)).json()
    assert standing["is_set"] and standing["recovery_codes_left"] == 9


async def test_a_recovery_code_of_another_person_opens_nothing(membership: Any, ann: Principal) -> None:
    bob = await membership.person("Bob Example")
    await membership.ask("POST", f"/people/{bob.person_id}/password", {"password": PASSWORD})
    with clock.at(NOON):
        _, codes = await set_up(membership, ann)
        await set_up(membership, bob)
        assert await check(membership, bob, codes[0]) == 403


async def test_signing_in_says_that_a_code_is_needed_only_once_the_app_is_confirmed(
    membership: Any, ann: Principal
) -> None:
    credentials = {"email": "ann.example@people.example", "password": PASSWORD}

    async def needed() -> bool:
        return bool((await membership.gateway("POST", "/internal/sign-in", credentials)).json()["has_second_factor"])

    assert not await needed()
    await membership.ask("POST", "/me/second-factor", {"password": PASSWORD}, by=ann)
    assert not await needed()
    with clock.at(NOON):
        await set_up(membership, ann)
    assert await needed()


async def test_it_is_begun_with_the_password_and_taken_off_with_a_code(membership: Any, ann: Principal) -> None:
    assert (await membership.ask("POST", "/me/second-factor", {"password": "wrong"}, by=ann)).status_code == 403
    with clock.at(NOON):
        _, codes = await set_up(membership, ann)
        again = await membership.ask("POST", "/me/second-factor", {"password": PASSWORD}, by=ann)
        assert again.status_code == 409
        assert (await membership.ask("POST", "/me/second-factor/remove", {"code": "000000"}, by=ann)).status_code == 403
        gone = await membership.ask("POST", "/me/second-factor/remove", {"code": codes[0]}, by=ann)
    assert gone.status_code == 204
    assert not (await membership.ask("GET", "/me/second-factor", by=ann)).json()["is_set"]


async def test_staff_take_it_off_for_who_has_lost_everything_and_nobody_else_does(
    membership: Any, ann: Principal
) -> None:
    bob = await membership.person("Bob Example")
    path = f"/people/{ann.person_id}/second-factor"
    with clock.at(NOON):
        await set_up(membership, ann)
    assert (await membership.ask("DELETE", path, by=bob)).status_code == 403
    assert (await membership.ask("DELETE", path, by=ann)).status_code == 403
    assert (await membership.ask("DELETE", path)).status_code == 204
    assert not (await membership.ask("GET", "/me/second-factor", by=ann)).json()["is_set"]


async def test_what_is_kept_opens_nothing_and_goes_with_the_person(membership: Any, ann: Principal) -> None:
    with clock.at(NOON):
        app, codes = await set_up(membership, ann)
    async with membership.rig.parts.database.reading() as session:
        assert app.secret not in (await session.execute(select(SecondFactor.secret))).scalar_one()
        assert not set(codes) & set((await session.execute(select(RecoveryCode.hash))).scalars())
    assert (await membership.ask("DELETE", f"/people/{ann.person_id}")).status_code == 204
    async with membership.rig.parts.database.reading() as session:
        assert not (await session.execute(select(SecondFactor.person_id))).all()
        assert not (await session.execute(select(RecoveryCode.hash))).all()
