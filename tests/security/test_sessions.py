"""Sessions that were fixed, stolen or replayed open nothing; sign-in leads nowhere else."""

from __future__ import annotations

import contextlib
from urllib.parse import quote, urljoin

import httpx
import pytest

from tests.flows.people import opens_nothing
from tests.flows.system import PASSWORD, System
from tests.security.conftest import Opening
from tests.security.samples import until
from tests.security.visiting import Site

ELSEWHERE = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "https://evil.example",
    "https:evil.example", "http:\\\\evil.example", "javascript:alert(1)", "data:text/html,x", " //evil.example",
    "/\t/evil.example", "/\n/evil.example", "\t//evil.example", "//evil.example%2f@tidings.example",
    "/%2f%2fevil.example/..", "/%5cevil.example", "%2f%2fevil.example", "//tidings.example@evil.example", "/\x00/evil",
    "/a\r\nset-cookie: tidings=fixed", "/／evil.example", "//evil。example", "/.//evil.example", "/..//evil.example",
)  # fmt: skip


def stays(url: str, location: str) -> bool:
    """Whether a browser that is at *url* and told *location* stays: as browsers read it, and not as we do."""
    read = location.replace("\\", "/").replace("\t", "").replace("\n", "").replace("\r", "").strip()
    return urljoin(url + "/sign-in", read).startswith(url + "/")


@pytest.mark.parametrize("there", ELSEWHERE)
def test_who_is_signed_in_already_is_led_nowhere_else(site: Site, there: str) -> None:
    answer = site.as_("associate").get(f"/sign-in?next={quote(there)}")
    assert answer.status_code == 303 and stays(site.url, answer.headers["location"])
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("there", ELSEWHERE)
def test_signing_in_leads_nowhere_else(opened: Opening, there: str) -> None:
    visitor = opened()
    answer = visitor.sign_in("associate@tidings.example", PASSWORD, next=there)
    assert answer.status_code == 303 and stays(visitor.url, answer.headers["location"])


def test_a_page_that_one_signs_in_for_is_come_back_to_and_no_other(opened: Opening) -> None:
    visitor = opened()
    assert visitor.get("/alerts").headers["location"] == "/sign-in?next=/alerts"
    sent = visitor.browser.post(
        "/alerts/read",
        data={"form_token": visitor.form_token},
        headers={"referer": "https://evil.example//evil.example"},
    )
    assert sent.headers["location"] == "/sign-in?next=/"


def test_a_session_that_somebody_else_chose_is_not_the_one_signed_in_to(system: System, opened: Opening) -> None:
    visitor = opened()
    visitor.browser.cookies.set("tidings", "a-value-that-a-stranger-chose")
    answer = visitor.sign_in("associate@tidings.example", PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303 and "a-value-that-a-stranger-chose" not in cookie
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/")) and "Domain" not in cookie
    assert opens_nothing(system, "a-value-that-a-stranger-chose")


def test_a_stolen_session_opens_nothing_after_its_owner_signed_out(system: System, opened: Opening) -> None:
    owner = opened("associate")
    stolen, token = owner.browser.cookies["tidings"], owner.form_token
    assert not opens_nothing(system, stolen)
    assert owner.post("/sign-out").status_code == 303
    assert opens_nothing(system, stolen)
    for path in ("/alerts/read", "/preferences", "/subscriptions/new"):
        headers = {"cookie": f"tidings={stolen}"}
        replayed = httpx.post(system.url + path, data={"form_token": token}, headers=headers)
        assert replayed.headers["location"].startswith("/sign-in")
    changed = httpx.post(
        f"{system.url}/api/alerts/read", json={}, headers={"cookie": f"tidings={stolen}", "x-csrf-token": token}
    )
    assert changed.status_code == 401


@pytest.mark.parametrize("path", ["/live/alerts", "/api/alerts/stream", "/api/changes/stream", "/live/feed/Q31"])
def test_a_page_left_open_hears_nothing_after_its_session_was_ended(opened: Opening, path: str) -> None:
    officer = opened("officer")
    with officer.browser.stream("GET", path, timeout=10) as stream:
        assert stream.status_code == 200
        assert officer.post("/sign-out").status_code == 303
        with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError):
            for _ in stream.iter_bytes():
                pass
    with officer.browser.stream("GET", path) as again:
        assert again.status_code == (200 if path == "/api/changes/stream" else 401)  # what is public stays open


def test_signing_out_ends_one_session_and_not_the_others(opened: Opening) -> None:
    one, other = opened("associate"), opened("associate")
    assert one.browser.cookies["tidings"] != other.browser.cookies["tidings"]
    one.post("/sign-out")
    assert other.get("/alerts").status_code == 200


def test_a_token_that_was_taken_back_opens_nothing_a_quarter_of_a_minute_later(site: Site) -> None:
    made = site.as_("member").made("/tokens", {"scopes": ["alerts:read"], "days": 1})
    assert site.by_token(made["token"], "GET", "/api/alerts").status_code == 200
    assert site.as_("member").api("DELETE", f"/tokens/{made['id']}").status_code == 204
    until(lambda: site.by_token(made["token"], "GET", "/api/alerts").status_code == 401)
