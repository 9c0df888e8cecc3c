"""Whom a change reaches, as a step before it is saved, also without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import HOME, is_sound
from tests.flows.system import System

pytestmark = pytest.mark.browser


def test_without_a_script_it_is_a_step_from_which_one_saves_or_goes_back(system: System, browser: Browser) -> None:
    page = sign_in(browser, system, "staff", java_script_enabled=False)
    page.goto(f"{HOME}/edit")
    page.fill("#aims", "Checked first")
    page.click("text=Check before you save")
    expect(page.locator("h1")).to_have_text("Check before you save")
    expect(page.locator("main")).to_contain_text("People alerted live")
    page.click("text=Change it first")
    expect(page.locator("#aims")).to_have_value("Checked first")
    expect(page.locator("main")).not_to_contain_text("There is a problem")
    page.click("text=Check before you save")
    page.click("main button:has-text('Save')")
    expect(page.locator("main")).to_contain_text("Your changes are saved")
    expect(page.locator("main")).to_contain_text("Checked first")
    page.context.close()


@pytest.mark.parametrize("what", ["archive", "rename", "roles?q=ha", "merge?into=dorset-cancer-network"])
def test_the_step_before_saving_is_accessible_and_fits_a_phone(what: str, signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto(f"{HOME}/{what}")
    if what == "rename":
        page.fill("#name", "Another name for it")
    if what.startswith("roles"):
        page.locator("input[name=person_id]").first.check(force=True)
    page.fill("#reason", "To see whom it reaches")
    page.locator("button:has-text('Check before you save')").click()
    expect(page.locator("h1")).to_have_text("Check before you save")
    is_sound(page)
