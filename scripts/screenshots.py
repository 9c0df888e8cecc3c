"""Pictures of the real pages, into docs/screenshots: `make screenshots`, with `make run` running beside it.

python scripts/screenshots.py http://127.0.0.1:8080 <the demonstration password>
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
NETWORK = "/networks/greater-manchester-and-cheshire-cardiac-and-stroke-network"
PAGES = (
    ("", "/", "home"),
    ("", "/networks?q=stroke", "networks"),
    ("", NETWORK, "network"),
    ("", "/leads?care_group=stroke&sha=Q31", "leads"),
    ("", "/events", "events"),
    ("", "/newsletter", "newsletter"),
    ("member", "/alerts", "alerts"),
    ("member", "/preferences", "preferences"),
    ("officer", "/oversight/Q31", "oversight"),
    ("staff", "/staff", "staff"),
    ("staff", "/staff/newsletter", "newsletter-desk"),
    ("staff", "/mailbox", "mailbox"),
    ("staff", f"{NETWORK}/roles", "roles"),
    ("staff", f"{NETWORK}/history", "history"),
    ("staff", "first change", "follow-a-change"),
)
WIDTHS = (320, 768, 1280)


def main(base: str, password: str) -> None:
    """Take every page at every width, as the person it is for."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for who in dict.fromkeys(who for who, _, _ in PAGES):
            page = signed_in(browser, base, who, password)
            for _, path, name in (entry for entry in PAGES if entry[0] == who):
                take(page, base, path, name)
        browser.close()


def signed_in(browser: Browser, base: str, who: str, password: str) -> Page:
    """A page of a fresh browser, signed in as a demonstration person (or nobody)."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    if who:
        page.goto(f"{base}/sign-in")
        page.fill("input[name=email]", f"{who}@tidings.example")
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def take(page: Page, base: str, path: str, name: str) -> None:
    """One page at every width; the widest is cropped to what a first look shows."""
    if path == "first change":
        page.goto(f"{base}/networks")
        page.goto(f"{base}{NETWORK}/history")
        path = str(page.locator("main a[href^='/changes/']").first.get_attribute("href"))
    page.goto(base + path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        page.screenshot(path=FOLDER / f"{name}-{width}.png", clip={"x": 0, "y": 0, "width": width, "height": 900})
    print(f"{name}: {page.title()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
