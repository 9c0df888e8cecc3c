"""Sessions: hashed, ended in time, counted tries, forms bound to the visitor."""

from __future__ import annotations

import time
from typing import Any

import pytest

from services.gateway import session as sessions_module
from services.gateway.clients import Clients, Refused
from services.gateway.session import FormExpired, Sessions, TooManyTries, WrongPassword
from services.gateway.visit import local
from shared.config import Settings
from shared.store.memory import LocalStore

pytestmark = pytest.mark.fast
ANNA = {"person_id": "anna", "name": "Anna", "is_staff": False, "bodies": [{"code": "Q31", "name": "North West"}]}


class Membership(Clients):
    """Membership, where Anna's password is `right`."""

    asked = 0

    async def change(self, service: str, method: str, path: str, body: Any = None, **_: Any) -> Any:
        if body.get("password") != "right":
            raise Refused(401, {"detail": "no"})
        return ANNA

    async def ask(self, service: str, path: str, **_: Any) -> Any:
        self.asked += 1
        return ANNA


@pytest.fixture
def store() -> LocalStore:
    return LocalStore()


@pytest.fixture
def sessions(store: LocalStore) -> Sessions:
    settings = Settings(secret="s" * 32, base_url="https://tidings.example")
    return Sessions(settings, store, Membership(settings))


async def test_a_session_is_found_by_its_cookie_and_kept_only_hashed(sessions: Sessions, store: LocalStore) -> None:
    made = await sessions.begin("anna", "Anna")
    found = await sessions.session_of({"__Host-tidings": made.id})
    assert found is not None and found.person_id == "anna"
    assert await store.get(f"session:{made.id}") is None
    await sessions.sign_out(made)
    assert await sessions.session_of({"__Host-tidings": made.id}) is None


async def test_a_session_ends_after_a_day_even_when_it_is_used(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await sessions.begin("anna", "Anna")
    later = time.time() + sessions_module.LONGEST_SECONDS + 1
    monkeypatch.setattr("services.gateway.session.time.time", lambda: later)
    assert await sessions.session_of({"__Host-tidings": made.id}) is None


async def test_too_many_wrong_passwords_are_refused_and_the_wait_is_said(sessions: Sessions) -> None:
    for _ in range(sessions_module.TRIES_OF_ACCOUNT):
        with pytest.raises(WrongPassword):
            await sessions.checked("anna@tidings.example", "wrong", "1.2.3.4")
    with pytest.raises(TooManyTries) as refused:
        await sessions.checked("ANNA@tidings.example ", "right", "5.6.7.8")
    assert 0 < refused.value.extra["retry_after"] <= sessions_module.TRIES_SECONDS


async def test_a_right_password_forgets_the_wrong_ones(sessions: Sessions) -> None:
    for _ in range(3 * sessions_module.TRIES_OF_ACCOUNT):
        with pytest.raises(WrongPassword):
            await sessions.checked("anna@tidings.example", "wrong", "1.2.3.4")
        await sessions.checked("anna@tidings.example", "right", "1.2.3.4")


async def test_a_principal_is_asked_for_once_and_remembered_for_seconds(sessions: Sessions) -> None:
    first = await sessions.principal_of("anna")
    assert (first.person_id, first.bodies) == ("anna", frozenset({"Q31"}))
    assert await sessions.principal_of("anna") == first
    assert sessions._clients.asked == 1  # type: ignore[attr-defined]


def test_a_form_of_another_visitor_is_refused(sessions: Sessions) -> None:
    token = sessions.form_token("mine")
    sessions.require_form_token("mine", token)
    for cookie, sent in (("yours", token), ("", sessions.form_token("")), ("mine", ""), ("mine", "ü")):
        with pytest.raises(FormExpired):
            sessions.require_form_token(cookie, sent)


def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(sessions: Sessions) -> None:
    cookie = sessions.set_cookie("value")
    assert cookie.startswith("__Host-tidings=value; Path=/;")
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Secure"))


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/a\nb"])
def test_signing_in_leads_to_no_other_site(path: str) -> None:
    assert local(path) == "/"
    assert local("/networks?q=x") == "/networks?q=x"
