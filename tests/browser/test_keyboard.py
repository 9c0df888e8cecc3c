"""The keys: `/` searches from anywhere, arrows go through what was found, `?` shows the sheet, and they can be off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
FOUND = "#header-found a"


def test_slash_searches_everything_from_any_page_and_arrows_go_through_it(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/events")
    page.keyboard.press("/")
    page.keyboard.type("critical care")
    page.wait_for_selector(FOUND)
    assert page.locator("#header-found h2", has_text="Networks").count() == 1
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.locator(FOUND).first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#search-field")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert page.locator(FOUND).count() == 0
    expect(page.locator("#search-field")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=critical+care")
    assert page.locator("main #found a").count() > 3


def test_results_over_a_page_are_accessible(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/events")
    page.fill("#search-field", "stroke")
    page.wait_for_selector(FOUND)
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]}).response["violations"]
    assert [problem["id"] for problem in found] == []


def test_results_come_as_somebody_types_and_the_address_keeps_them(visitor: Page) -> None:
    visitor.goto("/search")
    visitor.keyboard.press("/")
    visitor.keyboard.type("renal")
    visitor.wait_for_selector("#found a")
    visitor.wait_for_url("**/search?q=renal")
    assert visitor.locator("#found h2", has_text="People").count() == 0


def test_question_mark_shows_the_sheet_and_escape_takes_it_away(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/networks")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open] kbd")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/staff")
    page.keyboard.press("j")
    expect(page.locator("main .tidings-line__text a").first).to_be_focused()


def test_shortcuts_that_are_off_stay_off_and_let_people_type(visitor: Page) -> None:
    visitor.goto("/help/keyboard")
    visitor.click("[data-keys-toggle]")
    expect(visitor.locator("[data-keys-state]")).to_have_text("Shortcuts are off.")
    visitor.goto("/events")
    for key in ("/", "?", "g", "n"):
        visitor.keyboard.press(key)
    visitor.wait_for_timeout(300)
    assert visitor.url.endswith("/events") and visitor.locator("dialog").count() == 0
    visitor.goto("/help/keyboard")
    visitor.click("[data-keys-toggle]")
    expect(visitor.locator("[data-keys-state]")).to_have_text("Shortcuts are on.")


def test_letters_written_into_a_field_are_letters(visitor: Page) -> None:
    visitor.goto("/networks")
    visitor.fill("#q", "")
    visitor.focus("#q")
    visitor.keyboard.type("g/n?")
    assert visitor.input_value("#q") == "g/n?"
