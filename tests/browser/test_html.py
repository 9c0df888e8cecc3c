"""What browsers are sent is HTML without an error, by the Nu checker, and there is no page that nobody looks at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from starlette.routing import Match, Route

from services.gateway.pages import reference, routes
from tests.browser import checker
from tests.browser.test_accessibility import BEHIND, DEEPER, PUBLIC, REFUSED, STAFF

pytestmark = pytest.mark.browser
NOT_PAGES = re.compile(
    r"^/(push-worker\.js|downloads/(progress/\{token\}|\{list\}.*)|mailbox/\{id\}/html|\{path:path\}"
    r"|staff/newsletter/\{id\}/(preview/html|items)|networks/imports/\{id\}/(progress|download/\{what\})"
    r"|networks/together/\{batch_id\}/progress"
    r"|.*feed\.atom|account/my-data\.json|sign-in/provider(/back)?)$"
)
"""What answers with something else than a page of ours: files, feeds, mails as they are, pieces of a page."""


@pytest.fixture(scope="module")
def sent(signed_in: Callable[[str], Page]) -> dict[str, str]:
    """Path → the HTML that was sent, of every page in the lists; `POST` before the path of a refused form."""
    staff = signed_in("staff")
    visitor = staff.context.browser.new_context(base_url="/".join(staff.url.split("/")[:3]))  # type: ignore[union-attr]
    found = {path: visitor.request.get(path).text() for path in PUBLIC}
    found |= {path: staff.context.request.get(path).text() for path in STAFF}
    for start, link, *beyond in (*DEEPER, *BEHIND):
        staff.goto(start)
        there = urlsplit(str(staff.locator(link).first.get_attribute("href"))).path + "".join(beyond)
        found[there] = staff.context.request.get(there).text()
    visitor.close()
    return found | {f"POST {path}": _refused(staff, path, button) for path, button in REFUSED}


def _refused(page: Page, path: str, button: str) -> str:
    page.goto(path)
    page.locator("main form").first.evaluate("form => form.noValidate = true")
    with page.expect_navigation() as answer:
        page.locator(button).last.click()
    return answer.value.text()


def test_every_page_is_html_without_an_error(sent: dict[str, str], tmp_path: Path) -> None:
    wrong = checker.problems(sent, tmp_path)
    assert not wrong, "\n".join(wrong)


def test_the_checker_sees_what_is_wrong(tmp_path: Path) -> None:
    found = checker.problems({"/wrong": "<!doctype html><title>Wrong</title><p id=a><p id=a><div hx-get=/x>"}, tmp_path)
    assert any("Duplicate ID" in each for each in found) and not any("hx-get” not allowed" in each for each in found)


def pages_not_among(paths: Iterable[str]) -> set[str]:
    """The pages that there are, as they are declared, of which none of *paths* is one."""
    ours = [route for route in [*reference.ROUTES, *routes()] if isinstance(route, Route)]
    missing = {route.path for route in ours if "GET" in (route.methods or ()) and not NOT_PAGES.match(route.path)}
    for path in paths:
        scope = {"type": "http", "method": "GET", "path": urlsplit(path).path, "headers": []}
        missing.discard(next((route.path for route in ours if route.matches(scope)[0] is Match.FULL), ""))
    return missing


def test_every_page_that_there_is_is_in_a_list(sent: dict[str, str]) -> None:
    missing = pages_not_among(sent)
    assert missing == set(), "add them to PUBLIC, STAFF, DEEPER or BEHIND of tests/browser/test_accessibility.py"
