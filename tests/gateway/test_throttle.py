"""Limits: slowed down, honestly told how long, and never locked out by others."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from services.gateway.signing_in.session import Sessions, WrongPassword
from services.gateway.signing_in.throttle import (
    TRIES_HERE,
    TRIES_OF_ACCOUNT,
    TRIES_SECONDS,
    Origin,
    Throttle,
    TooManyTries,
)
from shared.config import Settings
from shared.store.memory import LocalStore
from tests.gateway.test_session import Membership

pytestmark = pytest.mark.fast
ANNA = "anna@tidings.example"


def settings(**more: Any) -> Settings:
    return Settings(secret="s" * 32, base_url="https://tidings.example", **more)


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(settings(), LocalStore(), Membership(settings()))


async def wrong(sessions: Sessions, origin: Origin, times: int) -> None:
    """So many wrong passwords of Anna's from there."""
    for _ in range(times):
        with pytest.raises(WrongPassword):
            await sessions.checked(ANNA, "wrong", origin)


async def test_too_many_wrong_passwords_from_one_place_are_refused_and_the_wait_is_said(sessions: Sessions) -> None:
    here = Origin("192.0.2.1")
    await wrong(sessions, here, TRIES_HERE)
    with pytest.raises(TooManyTries) as refused:
        await sessions.checked("ANNA@tidings.example ", "right", here)
    assert 0 < refused.value.extra["retry_after"] <= TRIES_SECONDS and "15 minutes" in refused.value.detail
    assert await sessions.checked(ANNA, "right", Origin("192.0.2.2"))


async def test_a_right_password_forgets_the_wrong_ones(sessions: Sessions) -> None:
    for _ in range(3):
        await wrong(sessions, Origin("192.0.2.1"), TRIES_HERE - 1)
        await sessions.checked(ANNA, "right", Origin("192.0.2.1"))


async def test_tries_from_everywhere_do_not_hold_up_who_signed_in_with_this_browser_before(sessions: Sessions) -> None:
    for number in range(TRIES_OF_ACCOUNT // TRIES_HERE):
        await wrong(sessions, Origin(f"192.0.2.{number}"), TRIES_HERE)
    with pytest.raises(TooManyTries):
        await sessions.checked(ANNA, "right", Origin("198.51.100.1"))
    own = Origin("198.51.100.1", device=sessions.throttle.device(ANNA))
    assert await sessions.checked(ANNA, "right", own)


async def test_a_device_cookie_is_for_its_account_and_made_by_nobody_else(sessions: Sessions) -> None:
    await wrong(sessions, Origin("192.0.2.1"), TRIES_HERE)
    cookie = sessions.throttle.device("bob@tidings.example")
    for device in (cookie, "made.up", "", cookie[:-1], "x" + cookie):
        with pytest.raises(TooManyTries):
            await sessions.checked(ANNA, "right", Origin("192.0.2.1", device=device))


async def test_a_stolen_device_cookie_gives_no_more_tries_than_a_place(sessions: Sessions) -> None:
    device = sessions.throttle.device(ANNA)
    for number in range(TRIES_HERE):
        await wrong(sessions, Origin(f"192.0.2.{number}", device=device), 1)
    with pytest.raises(TooManyTries):
        await sessions.checked(ANNA, "right", Origin("192.0.2.77", device=device))


async def test_one_address_cannot_try_account_after_account(sessions: Sessions) -> None:
    for number in range(100):
        with pytest.raises(WrongPassword):
            await sessions.checked(f"somebody{number}@tidings.example", "wrong", Origin("192.0.2.1"))
    with pytest.raises(TooManyTries):
        await sessions.checked("another@tidings.example", "wrong", Origin("192.0.2.1"))


async def test_the_api_and_forms_are_counted_by_the_minute_and_not_at_all_where_that_is_set() -> None:
    throttle = Throttle(settings(api_rate=3, form_rate=0), LocalStore())
    for _ in range(3):
        await throttle.api("anna", Origin("192.0.2.1"))
    with pytest.raises(TooManyTries) as refused:
        await throttle.api("anna", Origin("192.0.2.9"))
    assert 0 < refused.value.extra["retry_after"] <= 60
    await throttle.api("bob", Origin("192.0.2.1"))
    for _ in range(500):
        await throttle.form(Origin("192.0.2.1"))


@pytest.mark.parametrize(
    ("nearest", "told", "found"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.5", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "1.2.3.4, 203.0.113.9, 10.0.0.9", "203.0.113.9"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.5", "::ffff:203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "nonsense", "nonsense"),
    ],
)
def test_the_address_is_the_last_that_no_proxy_of_ours_has(nearest: str, told: str, found: str) -> None:
    headers = [(b"x-forwarded-for", told.encode())] if told else []
    request = Request({"type": "http", "client": (nearest, 1), "headers": headers})
    throttle = Throttle(settings(trusted_proxies="10.0.0.0/8"), LocalStore())
    assert throttle.origin(request).address == found
