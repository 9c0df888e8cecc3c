"""Ways in and out, as somebody at a browser: a real identity provider, mailed links, sessions that end."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.flows.system import PASSWORD, System, build, free_port, running
from tests.flows.test_second_factor import is_let_in, sent, visitor, with_password

NEW = "lantern quiet tower moss"
CLAIMS = """
[[rule]]
claim = "groups"
value = "tidings-staff"
gives = "staff"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A real OpenID provider in a process of its own; the address by which it calls itself."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "oidc_provider_mock", "--port", str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(address))
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[System]:
    """The demonstration with that provider, and an app required of staff."""
    folder: Path = tmp_path_factory.mktemp("sign-in")
    table = folder / "claims.toml"
    table.write_text(CLAIMS)
    settings = {
        "TIDINGS_OIDC_ISSUER": provider, "TIDINGS_OIDC_CLIENT": "tidings", "TIDINGS_OIDC_SECRET": "a secret",
        "TIDINGS_OIDC_NAME": "Example Trust", "TIDINGS_OIDC_CLAIMS": str(table), "TIDINGS_SECOND_FACTOR": "required",
        "TIDINGS_OIDC_NEW_PEOPLE": "1",
    }  # fmt: skip
    with running(build(folder / "system", **settings)) as started:
        yield started


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/.well-known/openid-configuration").status_code == 200
    except httpx.HTTPError:
        return False


def until(holds: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.1)
    return found


def by_provider(client: httpx.Client, provider: str, sub: str, **claims: Any) -> httpx.Response:
    """Press the provider's button and sign in there as *sub*; the page that we show then."""
    httpx.put(f"{provider}/users/{sub}", json={"email_verified": True, **claims}).raise_for_status()
    pressed = client.get("/sign-in/provider?next=/account")
    assert str(pressed.url).startswith(provider), pressed.text
    return client.post(str(pressed.url), data={"sub": sub})


def link_to(client: httpx.Client, address: str) -> str:
    """The path of the link in the newest mail to an address that has one, from the mailbox of the staff."""

    def found() -> str:
        texts = (unescape(client.get(path).text) for path in mails_to(client, address))
        links = (re.search(r"/(?:sign-in/new-password|invitation)/[\w-]+", text) for text in texts)
        return next((link[0] for link in links if link), "")

    return str(until(found))


def mails_to(client: httpx.Client, address: str) -> list[str]:
    """The pages of the mails to an address, newest first."""
    page = client.get(f"/mailbox?q={address}").text
    return [unescape(path) for path in re.findall(r'href="(/mailbox/[^"]+)"', page)]


def test_the_button_leads_to_the_provider_and_back_to_where_one_wanted_to_go(system: System, provider: str) -> None:
    with visitor(system) as client:
        assert "Sign in with Example Trust" in client.get("/sign-in").text
        page = by_provider(client, provider, "new-1", email="new.one@people.example", name="New One")
        assert page.url.path == "/account" and "New One" in page.text
        out = sent(client, client.get("/account"), "/sign-out")
        assert out.url.path == "/signed-out" and f"{provider}/" in out.text
        assert client.get("/account").url.path == "/sign-in"


def test_an_address_that_is_not_verified_lets_nobody_in(system: System, provider: str) -> None:
    with visitor(system) as client:
        address = {"email": "officer@tidings.example", "email_verified": False}
        page = by_provider(client, provider, "evil-1", **address)
        assert "not verified" in page.text and client.get("/account").url.path == "/sign-in"


def test_who_the_claims_make_staff_needs_an_app_all_the_same(system: System, provider: str) -> None:
    with visitor(system) as client:
        claims = {"email": "third.staff@people.example", "name": "Third", "groups": ["tidings-staff"]}
        page = by_provider(client, provider, "staff-3", **claims)
        assert "Set up an authenticator app" in page.text and not is_let_in(client)


def test_a_back_that_was_never_begun_here_signs_nobody_in(system: System, provider: str) -> None:
    with visitor(system) as one, visitor(system) as other:
        begun = one.get("/sign-in/provider")
        answer = httpx.post(str(begun.url), data={"sub": "new-1"})
        there = urlsplit(answer.headers["location"])
        stolen = other.get(f"{there.path}?{there.query}")
        assert stolen.status_code == 401 and "another browser" in stolen.text
        assert other.get("/account").url.path == "/sign-in"
        assert one.get(f"{there.path}?{there.query}").url.path in ("/", "/account")
        assert one.get("/sign-in/provider/back?state=x&code=y").status_code == 401


def test_sessions_are_listed_and_ended_from_my_data_and_by_the_api(system: System) -> None:
    with visitor(system) as here, visitor(system) as there:
        for client in (here, there):
            with_password(client, "member")
        page = here.get("/account/sessions")
        assert "This one" in page.text and page.text.count("Last used") >= 2
        sent(here, page, "/account/sessions")  # the form of the other one
        until(lambda: there.get("/account").url.path == "/sign-in")
        assert here.get("/account").url.path == "/account"
        headers = {"authorization": f"Bearer {system.token('member')}"}
        listed = here.get("/api/me/sessions", headers=headers).json()
        assert listed["total"] >= 1 and all(len(one["id"]) == 64 for one in listed["items"])
        assert here.delete("/api/me/sessions", headers=headers).status_code == 204
        assert here.get("/account").url.path == "/sign-in"


def test_a_changed_password_ends_the_other_sessions_and_not_this_one(system: System) -> None:
    with visitor(system) as here, visitor(system) as there:
        for client in (here, there):
            with_password(client, "lead")
        before = here.cookies["tidings"]
        page = here.get("/account/password")
        known = sent(here, page, "/account/password", present=PASSWORD, password="passwordpassword")
        assert known.status_code == 422 and "easy to guess" in known.text
        done = sent(here, page, "/account/password", present=PASSWORD, password=NEW)
        assert done.url.path == "/account" and here.cookies["tidings"] != before
        assert there.get("/account").url.path == "/sign-in"
        with visitor(system) as thief:
            thief.cookies.set("tidings", before)
            assert thief.get("/account").url.path == "/sign-in"


def test_a_lost_password_is_replaced_by_a_mailed_link_and_the_code_is_asked_for_all_the_same(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running(build(tmp_path_factory.mktemp("lost"))) as system, visitor(system) as staff, visitor(system) as client:
        with_password(staff, "staff")
        form = client.get("/sign-in/forgotten")
        answers = [
            sent(client, form, "/sign-in/forgotten", email=f"{who}@tidings.example").text.replace(who, "…")
            for who in ("member", "nobody.at.all")
        ]
        answers = [answer[answer.index("<main") : answer.index("</main>")] for answer in answers]
        assert answers[0] == answers[1] and "Look at your mail" in answers[0]
        link = link_to(staff, "member@tidings.example")
        assert client.get(link).status_code == client.get(link).status_code == 200  # looking uses nothing up
        chosen = client.post(link, data={"form_token": token_in(client.get(link)), "password": NEW})
        assert chosen.url.path == "/sign-in" and "Sign in with your new password" in chosen.text
        again = client.post(link, data={"form_token": token_in(client.get(link)), "password": NEW})
        assert again.status_code == 404 and "This link is over" in again.text
        sent(client, client.get("/sign-in"), "/sign-in", email="member@tidings.example", password=NEW)
        assert client.get("/account").url.path == "/account"
        _invites(staff, system)


def _invites(staff: httpx.Client, system: System) -> None:
    """An invitation of the staff, accepted by somebody new, who is signed in by it."""
    page = staff.get("/staff/invitations")
    sent(staff, page, "/staff/invitations", email="cat@people.example", name="Cat Example")
    link = link_to(staff, "cat@people.example")
    with visitor(system) as cat:
        page = cat.get(link)
        assert "invites cat@people.example" in page.text
        fields = {"form_token": token_in(page), "name": "Cat Example", "password": NEW}
        assert cat.post(link, data=fields).url.path == "/account"
        assert "Cat Example" in cat.get("/account").text
        kept = cat.get("/account/my-data.json").json()
        assert kept["me"]["person"]["email"] == "cat@people.example" and len(kept["sessions"]) == 1
        erased = sent(cat, cat.get("/account/erase"), "/account/erase", sure="yes")
        assert "Everything about you is erased" in erased.text


def token_in(page: httpx.Response) -> str:
    return re.findall(r'name="form_token" value="([^"]+)"', page.text)[-1]
