"""Whole journeys with the keyboard alone: nothing is clicked, and the focus is never lost or hidden."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows.system import PASSWORD, System

pytestmark = pytest.mark.browser
MOST_TABS = 120
SEEN = """element => {
  const box = element.getBoundingClientRect(), style = getComputedStyle(element);
  return box.width > 0 && box.height > 0 && style.visibility === "visible"
    && box.bottom > 0 && box.top < innerHeight && (style.outlineStyle !== "none" || style.boxShadow !== "none");
}"""


@pytest.fixture
def fresh(system: System, browser: Browser) -> Page:
    """A page of a browser that nobody has used."""
    return browser.new_context(base_url=system.url, viewport={"width": 1280, "height": 900}).new_page()


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until *selector* has the focus, and look whether it shows it."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        wanted = page.locator(selector).first
        if wanted.count() and wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate(SEEN), f"{selector} does not show that it has the focus"
            return
    raise AssertionError(f"{selector} is not reached by the Tab key")


def _press(page: Page, selector: str, key: str = "Enter") -> None:
    """Go there with Tab, and press *key*."""
    _tab_to(page, selector)
    page.keyboard.press(key)


def _type(page: Page, selector: str, text: str) -> None:
    _tab_to(page, selector)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def _sign_in(page: Page, who: str) -> None:
    page.goto("/")
    _press(page, "a[href='/sign-in']")
    page.wait_for_url("**/sign-in")
    _type(page, "#email", f"{who}@tidings.example")
    _type(page, "#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("button:has-text('Sign out')")).to_be_visible()


def test_the_first_tab_leads_past_the_header(fresh: Page) -> None:
    fresh.goto("/networks")
    fresh.keyboard.press("Tab")
    fresh.keyboard.press("Enter")
    assert fresh.evaluate("document.activeElement.closest('main') !== null")


def test_somebody_finds_a_network_and_joins_it(fresh: Page) -> None:
    _sign_in(fresh, "associate")
    _press(fresh, "nav a[href='/networks']")
    fresh.wait_for_url("**/networks")
    _type(fresh, "#q", "paediatric neurology")
    fresh.keyboard.press("Enter")
    expect(fresh.locator("main [role=status]").first).to_contain_text("paediatric neurology")
    _press(fresh, "#results a[href*='birmingham-regional-paediatric-neurology-forum']")
    fresh.wait_for_url("**/networks/birmingham-*")
    _press(fresh, "main button:has-text('Join')")
    expect(fresh.locator("main")).to_contain_text("You are a member of this network")


def test_staff_give_a_network_a_new_lead(fresh: Page) -> None:
    _sign_in(fresh, "staff")
    fresh.goto("/networks/3-counties-cancer-network/roles")
    _type(fresh, "#q", "ha")
    fresh.keyboard.press("Enter")
    fresh.wait_for_url("**q=ha*")
    _press(fresh, "input[name=person_id]", "Space")
    _tab_to(fresh, "#role")
    fresh.keyboard.type("Lead nurse")
    _type(fresh, "#reason", "Agreed by the board")
    _press(fresh, "button:has-text('Give the role')")
    expect(fresh.locator("main")).to_contain_text("The role is given")
    expect(fresh.locator("main table")).to_contain_text("Lead nurse")


def test_one_drafts_an_issue_a_second_pair_of_eyes_approves_it_and_all_of_it_can_be_begun_anew(
    fresh: Page, system: System, browser: Browser
) -> None:
    _sign_in(fresh, "staff")
    _press(fresh, "nav a[href='/staff']")
    _press(fresh, "main a[href='/staff/newsletter']")
    _press(fresh, "button:has-text('Draft an issue now')")
    fresh.wait_for_url("**/staff/newsletter/*-*")
    second = browser.new_context(base_url=system.url, viewport={"width": 1280, "height": 900}).new_page()
    _sign_in(second, "second.staff")
    second.goto(fresh.url.partition("?")[0])
    _press(second, "main button:has-text('Approve')")
    expect(second.locator("main")).to_contain_text("The issue is approved")
    _press(second, "main button:has-text('Cancel this issue')")
    expect(second.locator("main")).to_contain_text("The issue is cancelled")
    fresh.goto("/staff/newsletter")
    _press(fresh, "button:has-text('Draft an issue now')")
    expect(fresh.locator("[data-desk-items] [data-card]").nth(12)).to_be_attached()


def test_an_officer_acknowledges_what_is_new_in_the_feed(fresh: Page) -> None:
    _sign_in(fresh, "officer")
    _press(fresh, "nav a[href='/oversight']")
    fresh.wait_for_url("**/oversight/Q31")
    _press(fresh, "button:has-text('I have read this')")
    expect(fresh.locator("main")).to_contain_text("You have read the feed up to here")


def test_somebody_tries_an_operation_of_the_api(fresh: Page) -> None:
    fresh.goto("/api/docs")
    _type(fresh, "#q", "care groups in use")
    fresh.keyboard.press("Enter")
    _press(fresh, "main ul a")
    _press(fresh, "button:has-text('Send it')")
    expect(fresh.locator("[data-answer-status]")).to_contain_text("200")
    expect(fresh.locator("[data-answer-body]")).to_contain_text('"items"')
