"""What a browser that has nothing yet gets: little over the wire, and a page that stays where it was drawn."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.flows.system import System

pytestmark = pytest.mark.browser
NETWORK = "/networks/greater-manchester-and-cheshire-cardiac-and-stroke-network"
PAGES = ("/", "/networks", NETWORK)
MOST_BYTES = 100_000
NOT_SEEN = 0.001
"""Of layout shift: less than a line that moves by its own thickness."""
WEIGHS = """() => [performance.getEntriesByType("navigation")[0], ...performance.getEntriesByType("resource")]
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""
SHIFTED = """() => new Promise(done => {
  const found = [];
  new PerformanceObserver(list => found.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(found.map(entry => [entry.value, ...entry.sources.map(({ node }) => node?.className)])), 400);
})"""
"""Each shift: how much of the page moved, and the classes of what did."""


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", [*PAGES, f"{NETWORK}/history", "/events", "/newsletter", "/standards", "/how-fast"])
def test_nothing_shifts_while_a_page_comes_up(path: str, width: int, system: System, browser: Browser) -> None:
    context = browser.new_context(base_url=system.url, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(path, wait_until="load")
    shifts = page.evaluate(SHIFTED)
    assert sum(shift[0] for shift in shifts) < NOT_SEEN, shifts
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visit_takes_a_hundred_kilobytes_at_most(path: str, visitor: Page) -> None:
    visitor.goto(path, wait_until="load")
    visitor.wait_for_timeout(300)
    assert 10_000 < visitor.evaluate(WEIGHS) <= MOST_BYTES


def test_a_second_page_takes_no_more_than_itself(visitor: Page) -> None:
    visitor.goto("/", wait_until="load")
    visitor.wait_for_timeout(300)  # the icon comes after the page
    visitor.goto("/networks", wait_until="load")
    fetched = "performance.getEntriesByType('resource').filter(entry => entry.transferSize).map(entry => entry.name)"
    assert [name for name in visitor.evaluate(fetched) if "/static/" in name] == []


@pytest.mark.parametrize("path", [NETWORK, "/newsletter", "/leads?care_group=stroke"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_paper_has_what_is_read_and_nothing_that_is_pressed(
    path: str, colours: Literal["light", "dark"], visitor: Page
) -> None:
    visitor.emulate_media(media="print", color_scheme=colours)
    visitor.goto(path)
    assert visitor.locator("h1").is_visible()
    for pressed in (".nhsuk-header__navigation", ".nhsuk-header__account", "main button", ".tidings-live"):
        assert not [part for part in visitor.locator(pressed).all() if part.is_visible()]
