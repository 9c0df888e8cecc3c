"""Pictures of the real pages, into docs/screenshots: `make screenshots`. It starts the demonstration for itself.

`scripts/screenshots.py home alerts` takes these again and leaves the others.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.pictured import LINKED, MAILED, NETWORK, PAGES  # noqa: E402
from tests.browser.test_html import pages_not_among  # noqa: E402
from tests.flows.system import PASSWORD, System, build, running, wait_until_settled  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
DARK = ("home", "networks", "network", "alerts", "oversight")
"""Taken in dark colours as well."""
MAIL_SECONDS = 30
WIDTHS = (320, 768, 1280)
TAKEN = set[str]()
"""The paths of which there is a picture."""
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
        if not sys.argv[1:]:
            take_mailed(browser, system)
            take_made_together(browser, system)
            take_unsubscribe(browser, system)
        browser.close()
    if not sys.argv[1:]:
        require_every_page()


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


def take_mailed(browser: Browser, system: System) -> None:
    """What only mails lead to: they are asked for as people ask for them, and read in the mailbox."""
    visitor, member = signed_in(browser, system.url, "", ""), signed_in(browser, system.url, "member", PASSWORD)
    for path in ("/sign-in/forgotten", "/newsletter/sign-up"):
        visitor.goto(system.url + path)
        visitor.fill("#email", "lead@tidings.example" if "sign-in" in path else "reader@readers.example")
        visitor.click("main button.nhsuk-button")
    member.goto(f"{system.url}/account/email")
    member.fill("#email", "member.anew@people.example")
    member.fill("#present", PASSWORD)
    member.click("main button:has-text('Send the link')")
    with as_staff(system) as staff:
        staff.post("/invitations", json={"email": "invited@people.example", "name": "Quill"}).raise_for_status()
        for path, name in MAILED:
            visitor.goto(system.url + mailed(staff, path))
            shoot(visitor, name)
            print(f"{name}: {visitor.title()}")


def take_unsubscribe(browser: Browser, system: System) -> None:
    """The newsletter goes out, last of all because there is no draft after it; its copies lead to the way out."""
    page = signed_in(browser, system.url, "", "")
    with as_staff(system) as staff:
        draft = staff.get("/newsletter/issues", params={"status": "draft"}).json()["items"][0]["id"]
        for press in ("approve", "send"):
            staff.post(f"/newsletter/issues/{draft}/{press}", json={}).raise_for_status()
        page.goto(system.url + mailed(staff, "/unsubscribe/"))
    shoot(page, "unsubscribe")


def take_made_together(browser: Browser, system: System) -> None:
    """What became of many networks changed together, and of one person's role in several."""
    page = signed_in(browser, system.url, "staff", PASSWORD)
    with as_staff(system) as staff:
        networks = [one["id"] for one in staff.get("/networks", params={"q": "renal"}).json()["items"]][:8]
        person = staff.get("/people", params={"q": "ha"}).json()["items"][0]["id"]
        change = {"networks": networks, "change": {"level": "national"}, "one_by_one": True, "reason": "Agreed"}
        role = {"networks": networks[:3], "person_id": person, "role": "co_ordinator", "reason": "Agreed"}
        for path, asked, there, name in (
            ("/batches", change, "/networks/together", "changed-together"),
            ("/role-batches", role, "/networks/together/roles", "role-in-many"),
        ):
            made = staff.post(path, json=asked).raise_for_status().json()
            page.goto(f"{system.url}{there}/{made['id']}")
            page.wait_for_timeout(1500)
            shoot(page, name)
            print(f"{name}: {page.title()}")


def as_staff(system: System) -> httpx.Client:
    """Asks the API as the demonstration staff member."""
    return httpx.Client(base_url=f"{system.url}/api", headers={"authorization": f"Bearer {system.token('staff')}"})


def mailed(staff: httpx.Client, path: str) -> str:
    """The address, below *path*, that the newest mail with one leads to. Raises LookupError."""
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        for mail in staff.get("/mailbox", params={"limit": 100}).raise_for_status().json()["items"]:
            text = staff.get(f"/mailbox/{quote(mail['message_id'], safe='')}").raise_for_status().json()["text"]
            if found := re.search(rf"{path}[\w.-]+", text):
                return found[0]
        time.sleep(0.5)
    raise LookupError(f"no mail leads to {path}")


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
    TAKEN.add(urlsplit(page.url).path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": 900}
        keep(page.screenshot(clip=clip), f"{name}-{width}")
        if name in DARK:
            page.emulate_media(color_scheme="dark")
            keep(page.screenshot(clip=clip), f"{name}-dark-{width}")
            page.emulate_media(color_scheme="light")


def require_every_page() -> None:
    """Raises LookupError where there is a page of which no picture was taken."""
    if missing := pages_not_among(TAKEN):
        raise LookupError(f"add to scripts/pictured.py: {', '.join(sorted(missing))}")


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
