"""Pictures of the real pages, into docs/screenshots: `make screenshots`. It starts the demonstration for itself.

`scripts/screenshots.py home alerts` takes these again and leaves the others.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.flows.system import PASSWORD, System, build, running, wait_until_settled  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
NETWORK = "/networks/greater-manchester-and-cheshire-cardiac-and-stroke-network"
ASKS = "/networks/north-west-specialised-commissioning-group"
WHOLE, PART = "/networks/cheshire-and-merseyside-cardiac-and-stroke-network", "/networks/example-heart-failure-exchange"
LINKED = " › "
"""Between a page, the link on it that is followed, and what comes after that link's address."""
HOOK = f"/subscriptions?everybody=1{LINKED}.tidings-line:has-text('Trust intranet') a"
PAGES = (
    ("", "/", "home"),
    ("", "/networks?q=stroke", "networks"),
    ("", "/networks?q=nothing-has-this-name", "networks-none"),
    ("", NETWORK, "network"),
    ("", f"{NETWORK}?as_of=2026-06-01", "network-then"),
    ("", f"{NETWORK}/compare?from=2026-01-01", "network-compared"),
    ("", f"{NETWORK}/links", "links"),
    ("", f"{NETWORK}/standards", "network-standards"),
    ("", f"{NETWORK}/challenges", "network-challenges"),
    ("", f"{NETWORK}/service-changes", "network-service-changes"),
    ("", "/networks/compare", "register-compared"),
    ("", f"{WHOLE}?was=example-heart-failure-exchange", "merged-network"),
    ("", f"{WHOLE}/history", "merged-network-history"),
    ("", "/leads?care_group=stroke&sha=Q31", "leads"),
    ("", "/care-groups", "care-groups"),
    ("", "/care-groups/cancer", "care-group"),
    ("", "/pathway?care_group=stroke&care_group=renal&care_group=diabetes&sha=Q31", "pathway"),
    ("", "/organisations/Q31", "organisation"),
    ("", "/events", "events"),
    ("", f"/events{LINKED}main h2 a", "event"),
    ("", "/challenges", "challenges"),
    ("", f"/challenges{LINKED}main h2 a", "challenge"),
    ("", "/service-changes", "service-changes"),
    ("", f"/service-changes{LINKED}main h2 a", "service-change"),
    ("", "/newsletter", "newsletter"),
    ("", f"/newsletter{LINKED}main h2 a", "newsletter-issue"),
    ("", "/networks?as_of=2026-03-01&q=stroke", "networks-then"),
    ("", "/newsletter/sign-up", "newsletter-sign-up"),
    ("", "/standards", "standards"),
    ("", "/how-fast", "how-fast"),
    ("", "/help", "help"),
    ("", "/help/keyboard", "keyboard"),
    ("", "/colours", "colours"),
    ("", "/sign-in", "sign-in"),
    ("", "/sign-in/forgotten", "forgotten-password"),
    ("", "/there-is-no-such-page", "not-found"),
    ("", "/api/docs", "api"),
    ("", "/api/docs/change_network_networks__network_id__patch", "api-operation"),
    ("", "/api/messages", "messages"),
    ("", "/api/messages/registry_network_changed_v1", "message"),
    ("member", "/alerts", "alerts"),
    ("member", f"/alerts{LINKED}main a[href$='/why']", "why"),
    ("member", "/me", "me"),
    ("member", "/preferences", "preferences"),
    ("member", "/account", "my-data"),
    ("member", "/account/record", "my-record"),
    ("member", "/account/who-sees-me", "who-sees-me"),
    ("member", "/account/password", "password"),
    ("member", "/account/second-factor", "second-step"),
    ("member", "/account/sessions", "sessions"),
    ("member", "/account/email", "change-address"),
    ("member", "/account/tokens", "tokens"),
    ("member", "/account/erase", "erase"),
    ("member", "/searches", "saved-searches"),
    ("member", "/searches/new?q=stroke", "save-a-search"),
    ("member", "/subscriptions", "subscriptions"),
    ("member", "/staff", "not-allowed"),
    ("officer", "/oversight/Q31", "oversight"),
    ("officer", f"/oversight/Q31{LINKED}#feed a:has-text('Follow up')", "follow-up"),
    ("officer", "/workforce?sha=Q31", "workforce"),
    ("staff", "/oversight", "oversight-country"),
    ("staff", "/staff", "staff"),
    ("staff", "/staff/failures", "failures"),
    ("staff", "/networks/new", "new-network"),
    ("staff", f"{NETWORK}/edit", "edit-network"),
    ("staff", f"{NETWORK}/rename", "rename"),
    ("staff", f"{NETWORK}/archive", "archive"),
    ("staff", f"{NETWORK}/split", "split"),
    ("staff", f"{NETWORK}/merge?into=dorset-cancer-network", "merge"),
    ("staff", f"{PART}/restore", "undo-this-merge"),
    ("staff", f"{NETWORK}/links?q=stroke", "new-link"),
    ("staff", f"{NETWORK}/links{LINKED}main table a[href^='/links/']", "link"),
    ("staff", f"{NETWORK}/overlaps", "overlaps"),
    ("staff", "/staff/overlaps?sha=Q31", "overlaps-everywhere"),
    ("staff", f"{NETWORK}/standards?kind=audit", "record-evidence"),
    ("staff", f"{ASKS}/challenges/new?provider=3-counties-cancer-network", "new-challenge"),
    ("staff", f"{NETWORK}/service-changes/new", "new-service-change"),
    ("staff", f"{NETWORK}/invitations", "network-invitations"),
    ("staff", "/networks/together?q=stroke", "together"),
    ("staff", "/networks/together", "together-all"),
    ("staff", "/search?q=stroke", "search"),
    ("staff", f"/search?q=ha{LINKED}main a[href^='/people/']", "person"),
    ("staff", "/events/new", "new-event"),
    ("staff", "/staff/newsletter", "newsletter-desk"),
    ("staff", f"/staff/newsletter{LINKED}main table a", "newsletter-draft"),
    ("staff", f"/staff/newsletter{LINKED}main table a{LINKED}/preview", "newsletter-preview"),
    ("staff", f"/staff/newsletter{LINKED}main table tr:nth-child(2) a", "newsletter-correction"),
    ("staff", "/networks/imports", "imports"),
    ("staff", "/staff/newsletter-readers", "newsletter-readers"),
    ("staff", "/staff/newsletter-readers/import", "newsletter-readers-import"),
    ("staff", "/staff/mail", "suppressed-addresses"),
    ("staff", "/staff/invitations", "invitations"),
    ("staff", "/mailbox", "mailbox"),
    ("staff", "/staff/standards", "standards-desk"),
    ("staff", "/staff/standards/audit/edit", "standard-form"),
    ("staff", "/staff/standards/audit/retire", "standard-trial"),
    ("staff", HOOK, "webhook"),
    ("staff", f"{HOOK}{LINKED}/edit", "webhook-form"),
    ("staff", f"{HOOK.replace('Trust intranet', 'Data warehouse')}{LINKED}/log/1", "webhook-log"),
    ("staff", f"{NETWORK}/roles", "roles"),
    ("staff", f"{NETWORK}/history", "history"),
    ("staff", f"{NETWORK}/history{LINKED}main a[href^='/changes/']", "follow-a-change"),
)
"""Not here: what only a mail's or an invitation's link opens, what an import shows on its way, and the cookies,
privacy, terms, contact and accessibility pages, which are words alone. All of them are checked by tests/browser.
"""
DARK = ("home", "networks", "network", "alerts", "oversight")
"""Taken in dark colours as well."""
WIDTHS = (320, 768, 1280)
SHADES = 64
"""Colours that are kept of a picture: what a page has, and the edges of its letters."""


def main() -> None:
    """Take every page at every width, as the person it is for."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [entry for entry in PAGES if entry[2] in sys.argv[1:] or not sys.argv[1:]]
    with (
        tempfile.TemporaryDirectory(prefix="tidings-pictures-") as folder,
        running(build(Path(folder))) as system,
        sync_playwright() as playwright,
    ):
        wait_until_settled(system)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        take_moments(browser, system)
        for who in dict.fromkeys(who for who, _, _ in wanted):
            page = signed_in(browser, system.url, who, PASSWORD)
            for _, path, name in (entry for entry in wanted if entry[0] == who):
                take(page, system.url, path, name)
        browser.close()


def take_moments(browser: Browser, system: System) -> None:
    """What passes: three changes that wait to be looked at, and a page that has lost its stream."""
    page = signed_in(browser, system.url, "member", PASSWORD)
    page.goto(f"{system.url}/alerts")
    page.wait_for_selector("[data-live-status][data-state=live]")
    headers = {"authorization": f"Bearer {system.token('staff')}"}
    network = httpx.get(f"{system.url}/api{NETWORK}").json()["id"]
    for population in (3_170_000, 3_175_000, 3_180_000):
        body = {"population": population, "reason": "Counted again"}
        httpx.patch(f"{system.url}/api/networks/{network}", json=body, headers=headers).raise_for_status()
    page.wait_for_selector("[data-live-show]:text('Show 3 new')")
    shoot(page, "alerts-waiting")
    page.context.set_offline(True)
    page.wait_for_selector("[data-live-word]:text('Reconnecting…')")
    shoot(page, "alerts-reconnecting")
    page.context.close()


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
    """One page at every width."""
    page.goto(base + address(page, base, path))
    shoot(page, name)
    print(f"{name}: {page.title()}")


def shoot(page: Page, name: str) -> None:
    """A page as it stands, at every width, some in the dark too; each is cropped to what a first look shows."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": 900}
        keep(page.screenshot(clip=clip), f"{name}-{width}")
        if name in DARK:
            page.emulate_media(color_scheme="dark")
            keep(page.screenshot(clip=clip), f"{name}-dark-{width}")
            page.emulate_media(color_scheme="light")


def keep(picture: bytes, name: str) -> None:
    """Write a picture with as few colours as it can be seen with: a third of the size, and no difference to the eye."""
    with Image.open(io.BytesIO(picture)) as taken:
        few = taken.convert("RGB").quantize(SHADES, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)


def address(page: Page, base: str, path: str) -> str:
    """*path*, or where the link on its page leads, and what comes after."""
    start, *further = path.split(LINKED)
    if not further:
        return path
    page.goto(base + start)
    there = urlsplit(str(page.locator(further[0]).first.get_attribute("href"))).path
    return there + "".join(further[1:])


if __name__ == "__main__":
    main()
