"""A running system and a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.flows.system import PASSWORD, System, build, running

CHROMIUM = os.environ.get("TIDINGS_CHROMIUM", "/usr/bin/chromium")
SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
"""The same browser without what draws its own window, which takes a third of the processor. It shows no messages of
the system's."""
expect.set_options(timeout=20_000)  # what is expected comes; how soon, the benchmarks say
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demonstration register, embedded, with a mail in its mailbox."""
    with running(build(tmp_path_factory.mktemp("browser"))) as started:
        httpx.post(
            f"{started.url}/api/newsletter/sign-ups", json={"email": "reader@browser.example"}
        ).raise_for_status()
        yield started


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests beside this alone: while it is there its event loop runs, and no other test can."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=SHELL, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def whole_browser(browser: Browser) -> Iterator[Browser]:
    """Chromium with all that it has."""
    started = browser.browser_type.launch(executable_path=CHROMIUM, args=QUIET)
    yield started
    started.close()


@pytest.fixture
def visitor(system: System, browser: Browser) -> Iterator[Page]:
    """A page of nobody in particular."""
    context = browser.new_context(base_url=system.url, viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="package")
def signed_in(system: System, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Pages of demonstration people, such as `staff`; each signs in once."""
    pages: dict[str, Page] = {}

    def open_page(who: str) -> Page:
        if who not in pages:
            pages[who] = sign_in(browser, system, who)
        return pages[who]

    yield open_page
    for page in pages.values():
        page.context.close()


def sign_in(browser: Browser, system: System, who: str, **options: Any) -> Page:
    """A page of a demonstration person who has just signed in; *options* are its context's."""
    chosen = {"viewport": {"width": 1280, "height": 900}, **options}
    page = browser.new_context(base_url=system.url, **chosen).new_page()
    page.goto("/sign-in")
    page.fill("#email", f"{who}@tidings.example")
    page.fill("#password", PASSWORD)
    page.click("main button:has-text('Sign in')")
    page.wait_for_url("/")
    return page
