"""Networks that are renamed, split, merged, archived and restored, and the register as it stood: without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.flows.system import System

pytestmark = pytest.mark.browser


@pytest.fixture
def staff(system: System, browser: Browser) -> Iterator[Page]:
    """A page of the staff in a browser without JavaScript."""
    page = sign_in(browser, system, "staff", java_script_enabled=False)
    yield page
    page.context.close()


def _add(page: Page, name: str) -> str:
    """Put a network on the register; returns its address."""
    page.goto("/networks/new")
    page.fill("#name", name)
    page.select_option("#type", "disease")
    page.fill("#care_group", "stroke")
    page.check("input[name=bodies] >> nth=0")
    page.click("button:has-text('Add the network')")
    expect(page.locator("h1")).to_have_text(name)
    return page.url.partition("?")[0]


def _press(page: Page, words: str) -> None:
    page.locator("main").get_by_role("button", name=words).click()


def test_a_renamed_network_is_found_at_its_old_address(staff: Page) -> None:
    old = _add(staff, "Before the renaming")
    staff.goto(f"{old}/edit")
    staff.click("a:has-text('Rename it')")
    staff.fill("#name", "After the renaming")
    staff.fill("#reason", "A better name")
    _press(staff, "Rename")
    expect(staff.locator("h1")).to_have_text("After the renaming")
    for path in ("", "/history", "/compare?from=2020-01-01"):
        staff.goto(old + path)
        assert "/networks/after-the-renaming" + path in staff.url
    expect(staff.locator("main")).to_contain_text("put on the register between the two dates")


def test_a_network_leaves_the_register_and_comes_back(staff: Page) -> None:
    there = _add(staff, "Coming and going")
    staff.goto(f"{there}/archive")
    _press(staff, "Take it off the register")
    expect(staff.locator(".nhsuk-error-summary")).to_contain_text("enter why")
    staff.fill("#reason", "Nobody is left")
    _press(staff, "Take it off the register")
    expect(staff.locator("main")).to_contain_text("Nobody is left")
    expect(staff.locator("main button:has-text('Join')")).to_have_count(0)
    staff.click("a:has-text('Put it back')")
    _press(staff, "Put it back on the register")
    expect(staff.locator("main button:has-text('Join')")).to_have_count(1)


def test_a_network_is_split_and_the_part_comes_back(staff: Page) -> None:
    whole = _add(staff, "The whole of it")
    staff.click("main button:has-text('Join')")
    expect(staff.locator("main button:has-text('Leave')")).to_have_count(1)
    staff.goto(f"{whole}/split")
    _press(staff, "See what will happen")
    expect(staff.locator(".nhsuk-error-summary")).to_contain_text("enter what the new network is called")
    staff.fill("#name", "A part of it")
    staff.fill("#reason", "Two places")
    staff.check("input[name=goes] >> nth=0")
    _press(staff, "See what will happen")
    expect(staff.locator("main")).to_contain_text("1 role moves there")
    _press(staff, "Split it")
    expect(staff.locator("h1")).to_have_text("A part of it")
    part = staff.url.partition("?")[0]
    staff.goto(f"{part}/merge?q=whole+of+it")
    staff.click("main li a:has-text('The whole of it')")
    expect(staff.locator("main")).to_contain_text("Nobody is lost and nobody is counted twice")
    staff.fill("#reason", "One place again")
    _press(staff, "Make it part of The whole of it")
    expect(staff.locator("h1")).to_have_text("The whole of it")
    expect(staff.locator("main")).to_contain_text("A part of it became part of this network")
    staff.goto(part)
    expect(staff.locator("h1")).to_have_text("The whole of it")
    staff.goto(f"{part}/history")
    assert staff.title().startswith("History: A part of it")
    staff.goto(part)
    staff.click("a:has-text('Make it a network of its own again')")
    _press(staff, "Make it a network of its own again")
    expect(staff.locator(".nhsuk-error-summary")).to_contain_text("enter why")
    staff.fill("#reason", "Two places after all")
    _press(staff, "Make it a network of its own again")
    expect(staff.locator("h1")).to_have_text("A part of it")
    expect(staff.locator("main")).to_contain_text("It is a network of its own again")


def test_the_record_of_a_day_is_shown_as_the_past_and_cannot_be_edited(staff: Page) -> None:
    staff.goto("/networks/3-counties-cancer-network/history")
    staff.fill("#as_of", "2999-01-01")
    _press(staff, "Show the record")
    expect(staff.locator(".nhsuk-error-summary")).to_contain_text("still to come")
    staff.goto("/networks/compare")
    day = staff.input_value("#from")
    staff.goto(f"/networks/3-counties-cancer-network?as_of={day}")
    expect(staff.locator("main")).to_contain_text("This is the past")
    expect(staff.locator("main a:has-text('Edit')")).to_have_count(0)


def test_two_days_of_the_register_are_compared(staff: Page) -> None:
    staff.goto("/networks/compare")
    expect(staff.locator("main h2").first).to_contain_text("differ between")
    staff.locator("main details summary").first.click()
    expect(staff.locator("main details table").first).to_be_visible()
    staff.fill("#from", "2999-01-01")
    staff.locator("main button:has-text('Compare')").click()
    expect(staff.locator(".nhsuk-error-summary")).to_contain_text("still to come")


def test_the_list_is_shown_as_it_stood_and_leads_to_records_of_that_day_and_back(staff: Page) -> None:
    staff.goto("/networks?q=stroke&stage=emerging")
    now = staff.locator("main [role=status] strong").inner_text()
    staff.click("summary:has-text('On a date')")
    staff.fill("#as_of", "2026-02-01")
    _press(staff, "Show networks")
    expect(staff.locator("main")).to_contain_text("The register as it stood at the end of 1 February 2026.")
    staff.locator("main h2 a").first.click()
    expect(staff.locator("main")).to_contain_text("So the network stood at the end of 1 February 2026")
    staff.go_back()
    staff.click("text=What changed since then")
    expect(staff.locator("main")).to_contain_text("Stage: Emerging")
    expect(staff.locator("main")).to_contain_text("between 1 February 2026 and")
    staff.go_back()
    staff.click("text=Return to today")
    expect(staff.locator("main [role=status] strong")).to_have_text(now)


def test_a_date_that_is_none_is_said_beside_its_field(staff: Page) -> None:
    staff.goto("/networks?as_of=2999-01-01")
    expect(staff.locator(".nhsuk-error-summary")).to_contain_text("The date is still to come")
    expect(staff.locator("#as_of-error")).to_contain_text("choose today or an earlier day")
