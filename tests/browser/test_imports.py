"""An import in the browser: sent, matched, looked at, applied and undone; with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import is_sound
from tests.flows.system import System

pytestmark = pytest.mark.browser
LIST = """Networks of the valley;;;
;;;
Network;Sort;For whom;Where
Vale Stroke Network;disease;stroke;Q31
Network for Stroke of the Vale;disease;stroke;Q31
Vale Hearing Network;illness;hearing;Q31
Vale Renal Network;disease;renal;North West
"""


def send(page: Page, content: str = LIST, name: str = "valley.csv") -> None:
    """Send a file, and wait until it is read."""
    page.goto("/networks/imports")
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": content.encode("cp1252")})
    page.click("button:has-text('Send and look at it')")
    settled(page)


def settled(page: Page) -> None:
    """Wait until nobody works on the import; the page loads itself."""
    expect(page.locator(".tidings-progress")).to_have_count(0, timeout=30_000)


def compare(page: Page) -> None:
    """Say what the columns are, and wait until the rows are judged."""
    for column, field in enumerate(("name", "type", "care_group", "bodies")):
        page.select_option(f"#column-{column}", field)
    page.click("button:has-text('Compare with the register')")
    settled(page)


def has_figures(page: Page, *figures: str) -> None:
    """Wait until the page says how many rows are new, changed, left out and wrong."""
    expect(page.locator(".tidings-figures strong")).to_have_text(list(figures))


def test_a_file_goes_all_the_way_and_back(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    send(page)
    expect(page.locator("h2").first).to_have_text("Which column is what?")
    is_sound(page)
    compare(page)
    has_figures(page, "2", "0", "1", "1")
    is_sound(page)
    page.locator(".tidings-result", has_text="Network for Stroke of the Vale").get_by_role(
        "button", name=re.compile("^Another network")
    ).click()
    has_figures(page, "3", "0", "0", "1")
    page.click("button:has-text('Add 3')")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("1 row is wrong")
    is_sound(page)
    page.check("#without_wrong")
    page.click("button:has-text('Add 3')")
    settled(page)
    expect(page.locator("h1")).to_contain_text("Applied")
    is_sound(page)
    with page.expect_download() as download:
        page.click("a:has-text('wrong row')")
    assert "illness" in download.value.path().read_text("utf-8-sig")
    page.click("button:has-text('Undo all of it')")
    settled(page)
    expect(page.locator("h1")).to_contain_text("Undone")
    expect(page.locator("main")).to_contain_text("no longer on the register")


def test_what_somebody_changed_since_is_named_before_an_undo_leaves_it(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    send(
        page, "Name,Type,Care group\nHill Stroke Network,disease,stroke\nHill Renal Network,disease,renal\n", "hill.csv"
    )
    page.click("button:has-text('Compare with the register')")
    settled(page)
    page.click("button:has-text('Add 2')")
    settled(page)
    there = page.url
    page.click("a:has-text('Hill Stroke Network')")
    page.goto(f"{page.url}/edit")
    page.fill("#aims", "Mine")
    page.click("button:has-text('Save')")
    page.goto(there)
    page.click("button:has-text('Undo all of it')")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Hill Stroke Network")
    page.check("#keep_changed")
    page.click("button:has-text('Undo all of it')")
    settled(page)
    expect(page.locator("main")).to_contain_text("1 network was changed since and stayed as it is")


@pytest.fixture
def plain(system: System, browser: Browser) -> Iterator[Page]:
    """Staff without JavaScript, on a phone."""
    page = sign_in(browser, system, "staff", java_script_enabled=False, viewport={"width": 320, "height": 800})
    yield page
    page.context.close()


def test_without_javascript_the_page_is_loaded_again(plain: Page) -> None:
    send(plain, "Network,Type,Condition\nPlain Network,disease,stroke\n", "plain.csv")
    plain.click("button:has-text('Compare with the register')")
    settled(plain)
    has_figures(plain, "1", "0", "0", "0")
    plain.click("button:has-text('Discard this file')")
    expect(plain.locator("main")).to_contain_text("The file is discarded")


def test_no_file_is_said_beside_the_field(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/networks/imports")
    page.click("button:has-text('Send and look at it')")
    expect(page.locator("#file-error")).to_contain_text("Choose a file")
    is_sound(page)


def test_whoever_is_not_staff_cannot_send_a_file(signed_in: Callable[[str], Page]) -> None:
    page: Any = signed_in("member")
    assert page.goto("/networks/imports").status == 403
    is_sound(page)
