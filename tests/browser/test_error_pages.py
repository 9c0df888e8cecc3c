"""Every page that says what went wrong: what happened, what is kept, and where to go from here."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, Route

from services.gateway.clients import ServiceAway
from services.gateway.gone_wrong import ACCIDENT
from services.gateway.guard import TooLarge
from services.gateway.operations import Gone
from services.gateway.rendering import Renderer
from shared.auth import ANYBODY
from shared.errors import BadRequest, Conflict, Forbidden, NotFound, PerhapsSaved, Problem, Stale, TooMany
from tests.browser.test_accessibility import is_sound

pytestmark = pytest.mark.browser


PROBLEMS = (
    BadRequest(), Forbidden("This page is for the staff of the national team."), NotFound(), Conflict(),
    Gone(), Stale(), TooLarge(), TooMany("You have asked often; try again in 40 seconds.", retry_after=40),
    Problem(ACCIDENT, reference="7f3c9a"),
    ServiceAway(), PerhapsSaved(),
)  # fmt: skip


def _as_a_page(problem: Problem, assets: str) -> str:
    visit = SimpleNamespace(colours="device", query={})
    whole = {
        "title": problem.title, "visit": visit, "me": ANYBODY, "unread": None, "my_name": "", "here": "/gone-wrong",
        "form_token": lambda: "", "errors": [], "done_sentence": lambda _: "", "problem": problem, "again": "/networks",
    }  # fmt: skip
    made = Renderer(assets, "Tidings", secure=False).page("problem.html", whole, status=problem.status, zipped=False)
    return bytes(made.body).decode()


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: str(problem.status))
def test_a_page_that_says_what_went_wrong_is_accessible_and_leads_on(problem: Problem, visitor: Page) -> None:
    visitor.goto("/help")
    sheet = str(visitor.locator("link[rel=stylesheet]").first.get_attribute("href"))
    page = _as_a_page(problem, sheet.rpartition("/")[0])

    def answered(route: Route) -> None:
        route.fulfill(status=problem.status, content_type="text/html; charset=utf-8", body=page)

    visitor.route("**/gone-wrong", answered)
    visitor.goto("/gone-wrong")
    assert visitor.locator("h1").inner_text() == problem.title
    assert visitor.locator("main p a[href^='/']").count() >= 1
    assert visitor.title() == f"{problem.title} – Tidings"
    is_sound(visitor)


def test_too_long_a_text_is_answered_by_a_page_and_not_by_a_program_s_words(visitor: Page) -> None:
    visitor.goto("/newsletter/sign-up")
    visitor.evaluate("document.querySelector('#name').value = 'x'.repeat(1100000)")
    visitor.fill("#email", "somebody@long.example")
    with visitor.expect_navigation() as answer:
        visitor.click("main button:has-text('Send me the link')")
    assert answer.value is not None and answer.value.status == 413
    assert visitor.locator("h1").inner_text() == "Too large"
    assert "Go back in your browser" in visitor.locator("main").inner_text()
