"""Pictures of the real pages, into docs/screenshots: `make screenshots`. It starts the demonstration for itself."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.flows.system import PASSWORD, build, running, wait_until_settled  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
NETWORK = "/networks/greater-manchester-and-cheshire-cardiac-and-stroke-network"
PAGES = (
    ("", "/", "home"),
    ("", "/networks?q=stroke", "networks"),
    ("", NETWORK, "network"),
    ("", "/leads?care_group=stroke&sha=Q31", "leads"),
    ("", "/pathway?care_group=stroke&care_group=renal&care_group=diabetes&sha=Q31", "pathway"),
    ("", "/events", "events"),
    ("", "/newsletter", "newsletter"),
    ("", "/networks?as_of=2026-03-01&q=stroke", "networks-then"),
    ("", "/newsletter/sign-up", "newsletter-sign-up"),
    ("", "/standards", "standards"),
    ("", "/how-fast", "how-fast"),
    ("", "/api/docs", "api"),
    ("", "/api/docs/change_network_networks__network_id__patch", "api-operation"),
    ("", "/api/messages", "messages"),
    ("member", "/alerts", "alerts"),
    ("member", "/me", "me"),
    ("member", "/preferences", "preferences"),
    ("member", "/account", "my-data"),
    ("member", "/account/sessions", "sessions"),
    ("member", "/account/tokens", "tokens"),
    ("member", "first alert", "why"),
    ("officer", "/oversight/Q31", "oversight"),
    ("staff", "/staff", "staff"),
    ("staff", "/staff/failures", "failures"),
    ("staff", "/networks/together?q=stroke", "together"),
    ("staff", "/search?q=stroke", "search"),
    ("staff", "/staff/newsletter", "newsletter-desk"),
    ("staff", "draft preview", "newsletter-preview"),
    ("staff", "/networks/imports", "imports"),
    ("staff", "/staff/newsletter-readers", "newsletter-readers"),
    ("staff", "/staff/mail", "suppressed-addresses"),
    ("staff", "/staff/invitations", "invitations"),
    ("staff", "/mailbox", "mailbox"),
    ("staff", "/staff/standards/audit/retire", "standard-trial"),
    ("staff", f"{NETWORK}/roles", "roles"),
    ("staff", f"{NETWORK}/history", "history"),
    ("staff", "first change", "follow-a-change"),
)
WIDTHS = (320, 768, 1280)


def main() -> None:
    """Take every page at every width, as the person it is for."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="tidings-pictures-") as folder,
        running(build(Path(folder))) as system,
        sync_playwright() as playwright,
    ):
        wait_until_settled(system)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for who in dict.fromkeys(who for who, _, _ in PAGES):
            page = signed_in(browser, system.url, who, PASSWORD)
            for _, path, name in (entry for entry in PAGES if entry[0] == who):
                take(page, system.url, path, name)
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
    if path == "draft preview":
        page.goto(f"{base}/staff/newsletter")
        path = f"{page.locator('main table a').first.get_attribute('href')}/preview"
    if path == "first alert":
        page.goto(f"{base}/alerts")
        path = str(page.locator("main a[href$='/why']").first.get_attribute("href"))
    page.goto(base + path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        page.screenshot(path=FOLDER / f"{name}-{width}.png", clip={"x": 0, "y": 0, "width": width, "height": 900})
    print(f"{name}: {page.title()}")


if __name__ == "__main__":
    main()
