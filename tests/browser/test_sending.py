"""An issue is sent while somebody looks on: when the last copy has gone, its page says so by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import is_sound

pytestmark = pytest.mark.browser


def test_the_page_of_an_issue_says_sent_and_offers_no_pause_when_the_last_copy_has_gone(
    signed_in: Callable[[str], Page],
) -> None:
    page = _approved(signed_in)
    page.locator("main button:has-text('Send to')").click()
    page.wait_for_url("**done=send")
    page.evaluate("window.is_the_same_page = true")
    expect(page.locator("h1")).to_contain_text("Sent", timeout=30_000)
    expect(page.locator("main")).to_contain_text("copies sent")
    expect(page.locator("main a:has-text('Read it as the public does')")).to_be_visible()
    expect(page.locator("main button:has-text('Pause')")).to_have_count(0)
    assert page.evaluate("window.is_the_same_page")
    is_sound(page)
    page.goto("/staff/newsletter")
    page.locator("button:has-text('Draft an issue now')").click()


def _approved(signed_in: Callable[[str], Page]) -> Page:
    """The page of the open draft, looked through by one and approved by whoever of the two did not change it last."""
    for who in ("staff", "second.staff"):
        page = _at_the_draft(signed_in(who))
        while (looked_at := page.locator("[data-card] button[value=keep]")).count():
            with page.expect_navigation():
                looked_at.first.click()
        if (approve := page.locator("main button:has-text('Approve')")).count():
            approve.click()
            page.wait_for_url("**done=approve")
            return page
    raise AssertionError("neither of the two may approve the draft")


def _at_the_draft(page: Page) -> Page:
    page.goto("/staff/newsletter")
    page.goto(str(page.locator("main table tr:has-text('Draft') a").first.get_attribute("href")))
    return page
