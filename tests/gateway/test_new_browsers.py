"""The link that ends a session by mail, and the cookie by which a browser is known."""

from __future__ import annotations

import pytest

from services.gateway.signing_in.new_browsers import PATH, WrongLink, end_of, ended_by
from services.gateway.signing_in.session import Session
from services.gateway.signing_in.throttle import BESIDE, MARKS, Throttle
from shared.config import Settings
from shared.store.memory import LocalStore

pytestmark = pytest.mark.fast
SETTINGS = Settings(secret="s" * 32, base_url="https://tidings.example")
ANNA, BOB = "anna@tidings.example", "bob@tidings.example"


@pytest.fixture
def throttle() -> Throttle:
    return Throttle(SETTINGS, LocalStore())


def link(person_id: str = "anna", settings: Settings = SETTINGS) -> str:
    session = Session("cookie", "a" * 64, person_id, "Anna", 0, 0)
    return end_of(settings, session).rpartition("/")[2]


def test_a_link_names_the_session_that_it_ends_and_not_its_cookie() -> None:
    assert ended_by(SETTINGS, link()) == ("anna", "a" * 64)
    made = end_of(SETTINGS, Session("the-cookie", "a" * 64, "anna", "Anna", 0, 0))
    assert made.startswith(f"https://tidings.example{PATH}/anna.") and "cookie" not in made


@pytest.mark.parametrize(
    "made",
    ["", ".", "anna", link()[:-1], link().replace("anna", "bob"), link().replace("a" * 64, "b" * 64), "é.é.é",
     link(settings=Settings(secret="t" * 32))],
)  # fmt: skip
def test_nobody_makes_a_link_that_ends_another_session(made: str) -> None:
    with pytest.raises(WrongLink):
        ended_by(SETTINGS, made)


def test_a_browser_that_several_use_knows_each_of_them(throttle: Throttle) -> None:
    cookie = throttle.device(BOB, throttle.device(ANNA))
    assert throttle.knows(ANNA, cookie) and throttle.knows("ANNA@tidings.example ", cookie)
    assert throttle.knows(BOB, cookie) and not throttle.knows("cat@tidings.example", cookie)
    assert ANNA not in cookie and len(throttle.device(ANNA, cookie).split(BESIDE)) == 2


def test_a_browser_remembers_the_last_few_and_nothing_that_is_no_mark(throttle: Throttle) -> None:
    cookie = "; Domain=evil~x" + BESIDE
    for number in range(MARKS + 3):
        cookie = throttle.device(f"somebody.{number}@tidings.example", cookie)
    assert len(cookie.split(BESIDE)) == MARKS and "evil" not in cookie
    assert not throttle.knows("somebody.0@tidings.example", cookie)


def test_a_browser_forgets_who_is_erased_and_nobody_else(throttle: Throttle) -> None:
    rest = throttle.without(ANNA, throttle.device(BOB, throttle.device(ANNA)))
    assert throttle.knows(BOB, rest) and not throttle.knows(ANNA, rest)
    assert throttle.without(BOB, rest) == ""


def test_another_installation_s_cookie_is_unknown(throttle: Throttle) -> None:
    other = Throttle(Settings(secret="t" * 32, base_url="https://tidings.example"), LocalStore())
    assert not throttle.knows(ANNA, other.device(ANNA))
