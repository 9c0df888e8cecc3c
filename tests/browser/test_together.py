"""Many networks in the browser: linked to one other, led by one person, all that a search finds, one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import is_sound
from tests.flows.system import System

pytestmark = pytest.mark.browser
BURNS = "/networks/together?q=burns"


def undone(page: Page, button: str) -> None:
    page.click(f"button:has-text('{button}')")
    expect(page.locator("main")).to_contain_text("Undone")


def test_networks_are_linked_to_one_that_is_chosen_by_its_name(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto(BURNS)
    page.click("text=Link them to one other network")
    page.fill("#other_q", "cancer network")
    page.click("#link button:has-text('Do it for all of them')")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Choose the other network that you mean")
    is_sound(page)
    page.get_by_label("Dorset Cancer Network").check()
    page.click("#link button:has-text('Check whom it reaches')")
    expect(page.locator("main")).to_contain_text("now working with Dorset Cancer Network")
    page.locator("main button:has-text('Save')").click()
    expect(page.locator("main")).to_contain_text("Each works with Dorset Cancer Network")
    is_sound(page)
    undone(page, "Undo for all of them")


def test_one_person_leads_the_networks_that_are_ticked_until_it_is_undone(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto(BURNS)
    page.click("text=Give one person a role in them")
    page.click("#role button:has-text('Do it in all of them')")
    expect(page.locator("#person_q-error")).to_contain_text("Write the name of the person")
    page.fill("#person_q", "ha")
    page.click("#role button:has-text('Do it in all of them')")
    page.locator("input[name=person_id]").first.check()
    page.select_option("#role-given", "chair")
    page.click("#role button:has-text('Do it in all of them')")
    expect(page.locator("h1")).to_contain_text("chair of 4 networks")
    is_sound(page)
    undone(page, "Undo in all of them")


def test_all_that_a_search_finds_are_looked_at_first(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/networks/together")
    expect(page.locator("main")).to_contain_text("The first 200 of")
    page.check("#all")
    page.select_option("#side", "both")
    page.click("button:has-text('Check before you save')")
    expect(page.locator("main")).to_contain_text("more networks: side changed")
    page.click("button:has-text('Change it first')")
    assert page.locator("#all").is_checked()
    page.evaluate("document.getElementById('all').value = '7'")
    page.click("button:has-text('Change them')")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("look again and choose all of them anew")


@pytest.mark.parametrize("script", [True, False])
def test_one_by_one_shows_how_far_it_is_and_what_became_of_each(system: System, browser: Browser, script: bool) -> None:
    page = sign_in(browser, system, "staff", java_script_enabled=script)
    page.goto(BURNS)
    page.check("#one_by_one")
    page.check("#minor")
    page.select_option("#side", "both")
    page.click("button:has-text('Change them')")
    expect(page.locator("main")).to_contain_text("4 networks were changed")
    undone(page, "Undo for all of them")
    expect(page.locator(".nhsuk-table")).to_contain_text("As before")
    page.context.close()
