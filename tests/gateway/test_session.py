"""Sessions: hashed, ended in time, counted tries, forms bound to the visitor."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.gateway.clients import Clients, Refused
from services.gateway.signing_in.session import FormExpired, NoSuchSession, Sessions
from services.gateway.signing_in.throttle import Origin
from services.gateway.visit import local
from shared.config import Settings
from shared.store.memory import LocalStore
from tests.gateway.conftest import Mortal

pytestmark = pytest.mark.fast
ANNA = {"person_id": "anna", "name": "Anna", "is_staff": False, "bodies": [{"code": "Q31", "name": "North West"}]}


class Membership(Clients):
    """Membership, where Anna's password is `right`."""

    asked = 0
    changed_at: str | None = None

    async def question(self, service: str, path: str, body: Any, **_: Any) -> Any:
        if path == "/internal/tokens/resolve":
            return {"person_id": "anna", "scopes": ["networks:write"]}
        if body.get("password") != "right":
            raise Refused(401, {"detail": "no"})
        return ANNA

    async def ask(self, service: str, path: str, **_: Any) -> Any:
        self.asked += 1
        return {**ANNA, "changed_at": self.changed_at}


@pytest.fixture
def store() -> Mortal:
    return Mortal()


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


async def test_a_session_ends_after_its_longest_even_when_it_is_used(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await sessions.begin("anna", "Anna")
    began = time.time()
    for minutes in range(50, 12 * 60, 50):
        _at(monkeypatch, began + 60 * minutes)
        assert await sessions.session_of({"__Host-tidings": made.id}), minutes
    _at(monkeypatch, began + sessions.longest + 1)
    assert await sessions.session_of({"__Host-tidings": made.id}) is None


async def test_a_session_that_is_not_used_ends_sooner(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await sessions.begin("anna", "Anna")
    _at(monkeypatch, time.time() + sessions.idle + 1)
    assert await sessions.session_of({"__Host-tidings": made.id}) is None
    assert await sessions.of_person("anna") == []


async def test_a_session_is_listed_with_where_it_is_used_and_ended_by_its_person_alone(sessions: Sessions) -> None:
    here = await sessions.begin("anna", "Anna", Origin("192.0.2.1", "Firefox"))
    there = await sessions.begin("anna", "Anna", Origin("192.0.2.2", "Safari"))
    other = await sessions.begin("bob", "Bob")
    listed = await sessions.of_person("anna")
    assert {(one.address, one.agent) for one in listed} == {("192.0.2.1", "Firefox"), ("192.0.2.2", "Safari")}
    assert not any(one.id for one in listed)
    for key in (other.key, here.id, "x"):
        with pytest.raises(NoSuchSession):
            await sessions.end("anna", key)
    await sessions.end("anna", there.key)
    assert await sessions.session_of({"__Host-tidings": there.id}) is None
    assert await sessions.session_of({"__Host-tidings": other.id})


async def test_a_session_that_ends_while_its_use_is_noted_stays_ended(
    sessions: Sessions, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await sessions.begin("anna", "Anna")
    _at(monkeypatch, time.time() + 120)
    keep = sessions._keep

    async def ended_before_it_is_kept(session: Any) -> None:
        await sessions.end("anna", made.key)
        await keep(session)

    monkeypatch.setattr(sessions, "_keep", ended_before_it_is_kept)
    assert await sessions.session_of({"__Host-tidings": made.id}) is None
    assert await store.get(f"session:{made.key}") is None


async def test_all_others_end_and_the_one_that_asks_goes_on(sessions: Sessions) -> None:
    here, *others = [await sessions.begin("anna", "Anna") for _ in range(4)]
    assert await sessions.end_others("anna", here.key) == 3
    assert [one.key for one in await sessions.of_person("anna")] == [here.key]
    assert [await sessions.session_of({"__Host-tidings": one.id}) for one in others] == [None] * 3


async def test_a_changed_password_ends_every_session_that_began_before(sessions: Sessions) -> None:
    before = await sessions.begin("anna", "Anna")
    await sessions.forget("anna")
    sessions._clients.changed_at = datetime.now(UTC).isoformat()  # type: ignore[attr-defined]
    assert not (await sessions.principal(before)).signed_in
    assert await sessions.session_of({"__Host-tidings": before.id}) is None
    after = await sessions.begin("anna", "Anna")
    assert (await sessions.principal(after)).signed_in


async def test_who_changed_the_password_goes_on_under_a_new_id(sessions: Sessions) -> None:
    before = await sessions.begin("anna", "Anna", Origin("192.0.2.1", "Firefox"))
    ahead = datetime.now(UTC) + timedelta(seconds=2)  # the other machine's clock
    sessions._clients.changed_at = ahead.isoformat()  # type: ignore[attr-defined]
    after = await sessions.renewed(before)
    assert after.id != before.id and after.agent == "Firefox"
    assert (await sessions.principal(after)).signed_in
    assert await sessions.session_of({"__Host-tidings": before.id}) is None


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


async def test_a_program_is_known_while_the_store_is_away(sessions: Sessions, store: Mortal) -> None:
    store.is_gone = True
    assert (await sessions.principal_of_token("t")).person_id == "anna"
    assert store.asked == 1, "who is known to be away is not waited for again"
    assert (await sessions.principal_of_token("t")).person_id == "anna" and store.asked == 1
    store.is_gone, store.away = False, None
    await sessions.principal_of_token("t")
    known = sessions._clients.asked  # type: ignore[attr-defined]
    assert (await sessions.principal_of_token("t")).person_id == "anna"
    assert sessions._clients.asked == known, "it is remembered again"  # type: ignore[attr-defined]


def _at(monkeypatch: pytest.MonkeyPatch, moment: float) -> None:
    monkeypatch.setattr("services.gateway.signing_in.session.time.time", lambda: moment)
