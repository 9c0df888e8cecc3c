"""What is written into a long form and not sent is offered again, and forgotten when it was sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
FORM = "/networks/dorset-cancer-network/edit"
KEPT = "text=was kept, and not sent"


def written(page: Page) -> None:
    page.goto(FORM)
    page.fill("#aims", "Words that nobody has sent yet.")
    page.wait_for_timeout(700)


def test_what_was_not_sent_is_offered_and_put_back_when_asked(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    written(page)
    page.goto("/events")
    page.goto(FORM)
    assert page.input_value("#aims") != "Words that nobody has sent yet."
    expect(page.locator(KEPT)).to_be_visible()
    page.click("button:has-text('Put it back')")
    assert page.input_value("#aims") == "Words that nobody has sent yet."


def test_what_was_forgotten_or_sent_is_not_offered_again(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    written(page)
    page.goto(FORM)
    page.click("button:has-text('Forget it')")
    page.goto(FORM)
    assert page.locator(KEPT).count() == 0
    written(page)
    page.click("main button:has-text('Save') >> nth=0")
    page.wait_for_selector(".tidings-done")
    page.goto(FORM)
    assert page.locator(KEPT).count() == 0
