"""A change is made only by a page of ours, at its reader's own press of a button."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from services.cli.routes import entries
from tests.security.samples import Samples
from tests.security.visiting import Person, Site

FORMS = [entry for entry in entries() if entry.part == "pages" and entry.method == "POST"]
CHANGES = [entry for entry in entries() if entry.part == "api" and entry.method != "GET"]
ONE_CLICK = "/unsubscribe/{token}"
"""Pressed by mail programs, which have neither a cookie nor a page of ours (RFC 8058): its link is the proof."""
NOWHERE = "/{path:path}"
Sending = Callable[[Person, str], httpx.Response]


@pytest.fixture(scope="module")
def strangers_token(site: Site) -> str:
    return site.as_("anonymous").form_token


def _plain(person: Person, path: str) -> httpx.Response:
    return person.browser.post(path, data={"preview": "yes"})


def _by_fetch(person: Person, path: str) -> httpx.Response:
    headers = {"sec-fetch-site": "cross-site"}
    return person.browser.post(path, data={"preview": "yes", "form_token": person.form_token}, headers=headers)


def _by_origin(person: Person, path: str) -> httpx.Response:
    headers = {"origin": "https://evil.example"}
    return person.browser.post(path, data={"preview": "yes", "form_token": person.form_token}, headers=headers)


def _by_null(person: Person, path: str) -> httpx.Response:
    return person.browser.post(path, data={"form_token": person.form_token}, headers={"origin": "null"})


@pytest.mark.parametrize("sending", [_by_fetch, _by_origin, _by_null])
def test_no_form_of_another_site_is_taken_even_with_the_token(site: Site, samples: Samples, sending: Sending) -> None:
    for entry in FORMS:
        assert sending(site.as_("staff"), samples.address(entry.path)).status_code == 403, entry.path


def test_whose_browser_was_tricked_reads_a_page_and_keeps_every_cookie(site: Site) -> None:
    headers = {"sec-fetch-site": "cross-site", "accept": "text/html,*/*;q=0.8"}
    answer = site.as_("anonymous").browser.post("/alerts/read", headers=headers)
    assert answer.status_code == 403 and answer.headers["content-type"].startswith("text/html")
    assert "sent from another site, so nothing was done" in answer.text and "set-cookie" not in answer.headers
    told = site.as_("anonymous").browser.post("/api/networks", headers=headers, json={})
    assert told.headers["content-type"] == "application/problem+json"


def test_no_form_is_taken_without_its_token(site: Site, samples: Samples) -> None:
    for entry in FORMS:
        answer = _plain(site.as_("staff"), samples.address(entry.path))
        expected = 404 if entry.path in (ONE_CLICK, NOWHERE) else 403
        assert answer.status_code == expected, f"{entry.path}: {answer.status_code}"


def test_no_form_is_taken_with_the_token_of_another_visitor(site: Site, samples: Samples, strangers_token: str) -> None:
    for entry in FORMS:
        data = {"preview": "yes", "form_token": strangers_token}
        answer = site.as_("staff").browser.post(samples.address(entry.path), data=data)
        expected = 404 if entry.path in (ONE_CLICK, NOWHERE) else 403
        assert answer.status_code == expected, f"{entry.path}: {answer.status_code}"


def test_a_cookie_alone_changes_nothing_by_the_api(site: Site, samples: Samples) -> None:
    browser = site.as_("staff").browser
    kept = browser.headers.pop("x-csrf-token", None)
    for entry in CHANGES:
        answer = browser.request(entry.method, f"{samples.address(entry.path)}?preview=true", json={})
        assert answer.status_code == 403 and "form" in answer.json()["detail"], f"{entry.method} {entry.path}"
    if kept:
        browser.headers["x-csrf-token"] = kept


def test_a_program_without_cookies_is_no_other_site(site: Site) -> None:
    answer = site.by_token(site.token("networks:write"), "POST", "/api/networks?preview=true", {})
    assert answer.status_code == 422
