"""Every page passes axe-core at WCAG 2.2 AA, in light and dark colours, fits a narrow screen, and says nothing in the
browser's console.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Literal
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from services.gateway.signing_in.new_browsers import end_of
from services.gateway.signing_in.session import Session, key_of
from shared.config import Settings
from tests.flows.system import PASSWORD, System
from tests.security.visiting import Person

pytestmark = pytest.mark.browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LIGHT, DARK, INK = "rgb(240, 244, 245)", "rgb(18, 25, 30)", "rgb(33, 43, 50)"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""How many pixels a page is wider than its window."""
IN_THE_DARK = {"runOnly": ["color-contrast"]}
NETWORK = "/networks/3-counties-cancer-network"
COMMISSIONER = "/networks/north-west-specialised-commissioning-group"
EMERGING = "/networks/birmingham-regional-paediatric-neurology-forum"
WHOLE, PART = "/networks/cheshire-and-merseyside-cardiac-and-stroke-network", "/networks/example-heart-failure-exchange"
HOME = "/networks/greater-manchester-and-cheshire-cardiac-and-stroke-network"
PUBLIC = (
    "/", "/networks", "/networks?q=nothing-has-this-name", NETWORK, f"{NETWORK}/history", f"{HOME}/history",
    f"{NETWORK}?as_of=2026-06-01", f"{WHOLE}?was=example-heart-failure-exchange", f"{WHOLE}/history",
    f"{NETWORK}/compare?from=2020-01-01", "/networks/compare", "/leads?care_group=stroke",
    "/events", "/challenges", f"{NETWORK}/challenges", f"{NETWORK}/service-changes", "/service-changes",
    "/newsletter", "/newsletter/sign-up", "/sign-in", "/help", "/accessibility", "/cookies", "/privacy", "/terms",
    "/colours", "/contact", "/signed-out", "/sign-in/forgotten", "/sign-in/new-password/none", "/invitation/none",
    "/how-fast", "/how-fast?per=month", "/search", "/search?q=stroke", "/search?q=nothing-has-this-name",
    "/help/keyboard", "/organisations/Q31", "/there-is-no-such-page", "/preferences/nobody.20250101.0",
    f"{NETWORK}/links", f"{HOME}/links", "/care-groups", "/care-groups/cancer", "/care-groups/renal?sha=Q31",
    "/standards", "/networks?as_of=2026-03-01&care_group=stroke", "/networks?as_of=2999-01-01",
    "/networks/compare?from=2026-03-01&stage=managed",
    "/pathway", "/pathway?care_group=burns",
    "/pathway?care_group=stroke&care_group=renal&care_group=diabetes&sha=Q31",
    "/pathway?care_group=cancer&care_group=cardiovascular&care_group=burns",
    "/networks?q=who+leads+storke+in+North+West", "/leads?q=who+leads+burns",
    "/api/docs", "/api/docs?q=nothing-is-called-this", "/api/docs/no-such-operation", "/api/messages",
    "/api/docs/change_network_networks__network_id__patch", "/api/docs/import_networks_networks_imports_post",
    "/api/messages/registry_network_changed_v1", "/first-account/nobody", "/confirm-address/nobody",
    "/sign-in/end/nobody", "/newsletter/confirm/nobody",
    "/unsubscribe/nobody", "/preferences/nobody.20250101.0/why/nobody",
)  # fmt: skip
STAFF = (
    "/search?q=stroke", "/search?q=ha",
    "/networks/new", NETWORK, f"{NETWORK}/edit", f"{NETWORK}/roles?q=ha", "/oversight",
    "/alerts", "/alerts?q=zzz", "/alerts?unread=1", "/preferences",
    f"{NETWORK}/standards", f"{NETWORK}/standards?kind=audit", f"{EMERGING}/standards",
    f"{NETWORK}/rename", f"{NETWORK}/archive", f"{NETWORK}/merge?q=cancer",
    f"{NETWORK}/merge?into=dorset-cancer-network", f"{NETWORK}/split",
    "/oversight/Q31", "/staff", "/staff/newsletter", "/staff/newsletter-readers",
    "/staff/newsletter-readers?q=nobody-is-called-this",
    "/staff/newsletter-readers/import", "/staff/mail", "/mail", "/mailbox", "/events/new", "/sign-out",
    "/staff/failures", "/me", "/oversight/Q31?which=mine",
    "/networks?q=stroke&show=name&show=host",
    "/networks/together", "/networks/together/roles/none",
    "/networks/together?q=stroke", "/networks/together?q=nothing-has-this-name",
    f"{COMMISSIONER}/challenges", f"{COMMISSIONER}/challenges/new",
    f"{NETWORK}/service-changes/new", "/workforce", "/workforce?sha=Q31&proposed=yes",
    f"{COMMISSIONER}/challenges/new?provider=3-counties-cancer-network",
    f"{HOME}/links?q=stroke",
    "/subscriptions", "/subscriptions?everybody=1", "/subscriptions/new",
    f"{HOME}/links?q=stroke", f"{HOME}/overlaps", "/staff/overlaps?sha=Q31", "/staff/overlaps?status=dismissed",
    "/searches", "/searches/new?q=stroke", "/searches?deleted=yes&name=Stroke&q=stroke",
    "/staff/standards", "/staff/standards/new", "/staff/standards/lead_nurse", "/staff/standards/lead_nurse/edit",
    "/staff/standards/audit/edit", "/staff/standards/audit/retire",
    "/networks/imports", "/networks/together/none", "/account/second-factor", "/searches/none-of-mine",
    f"{NETWORK}/restore", f"{PART}/restore",
    "/account", "/account/record", "/account/email", "/account/password", "/account/sessions", "/account/tokens",
    "/account/who-sees-me", "/account/erase", "/staff/invitations", f"{NETWORK}/invitations",
)  # fmt: skip
DEEPER = (
    ("/oversight/Q31", "#feed a:has-text('Follow up')"),
    ("/search?q=ha", "main a[href^='/people/']"),
    ("/", "a:has-text('How it spread')"), ("/events", "main h2 a"), ("/newsletter", "main h2 a"),
    ("/alerts", "main a[href$='/why']"),
    ("/subscriptions?everybody=1", ".tidings-line:has-text('Trust intranet') a"),
    ("/subscriptions?everybody=1", ".tidings-line:has-text('Data warehouse') a"),
    ("/staff/newsletter", "table a"), ("/staff/newsletter", "table tr:nth-child(2) a"),
    ("/mailbox", "main a[href^='/mailbox/']"), ("/challenges", "main h2 a"), ("/service-changes", "main h2 a"),
    ("/networks/imports", "main h3 a"),
    (f"{HOME}/links", "main li a[href^='/links/']"), (f"{HOME}/links", "main table a[href^='/links/']"),
)  # fmt: skip

BEHIND = (
    ("/staff/newsletter", "table a", "/preview"), ("/service-changes", "main h2 a", "/edit"),
    ("/subscriptions?everybody=1", ".tidings-line:has-text('Trust intranet') a", "/edit"),
    ("/subscriptions?everybody=1", ".tidings-line:has-text('Data warehouse') a", "/log/1"),
)  # fmt: skip
"""Pages behind those behind a list: the list, the link, and what comes after its address."""
REFUSED = (
    ("/networks/new", "main form:has(#name) button"), ("/events/new", "main form:has(#title) button"),
    ("/subscriptions/new", "button:has-text('Add the webhook')"),
)  # fmt: skip
"""Forms that are sent with nothing in them."""


def _problems(page: Page, rules: Mapping[str, list[str]]) -> list[str]:
    found = Axe().run(page, options=rules).response["violations"]
    return [f"{problem['id']}: {problem['nodes'][0]['html'][:200]}" for problem in found]


def is_sound(page: Page) -> None:
    assert _problems(page, RULES) == []
    page.emulate_media(color_scheme="dark")
    assert _problems(page, IN_THE_DARK) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 320, "height": 800})
    page.wait_for_timeout(200)  # the header folds its menu a moment after the window changes
    assert page.evaluate(WIDER) <= 0
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_accessible_and_fits_a_phone(path: str, visitor: Page) -> None:
    visitor.goto(path)
    is_sound(visitor)


@pytest.mark.parametrize("path", STAFF)
def test_a_staff_page_is_accessible_and_fits_a_phone(path: str, signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto(path)
    is_sound(page)


@pytest.mark.parametrize(("path", "link"), DEEPER)
def test_a_page_behind_a_list_is_accessible(path: str, link: str, signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto(path)
    page.goto(str(page.locator(link).first.get_attribute("href")))
    is_sound(page)


@pytest.mark.parametrize(("path", "link", "beyond"), BEHIND)
def test_a_page_behind_such_a_page_is_accessible(
    path: str, link: str, beyond: str, signed_in: Callable[[str], Page]
) -> None:
    page = signed_in("staff")
    page.goto(path)
    there = urlsplit(str(page.locator(link).first.get_attribute("href"))).path
    page.goto(there + beyond)
    is_sound(page)


@pytest.mark.parametrize(("path", "button"), REFUSED)
def test_a_form_that_is_refused_is_accessible(path: str, button: str, signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto(path)
    page.locator("main form").first.evaluate("form => form.noValidate = true")
    with page.expect_navigation():
        page.locator(button).last.click()
    assert page.title().startswith("Error: ")
    is_sound(page)


def test_the_page_that_sets_up_an_app_is_accessible(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("officer")
    page.goto("/account/second-factor")
    page.fill("#password", PASSWORD)
    page.click("main button:has-text('Set up an app')")
    page.wait_for_selector("#code")
    is_sound(page)


@pytest.mark.parametrize(
    ("path", "fields", "button"),
    [
        ("/account/email", {"#email": "no address", "#present": "wrong"}, "Send the link"),
        ("/account/password", {"#present": "wrong", "#password": "passwordpassword"}, "Change it"),
        ("/account/record", {"#name": ""}, "Save"), ("/account/erase", {}, "Erase"),
        ("/account/tokens", {"#name": "A program"}, "Make the token"),
        ("/staff/invitations", {"#email": "nobody"}, "Invite"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_account_s_form_is_said_accessibly(
    path: str, fields: dict[str, str], button: str, signed_in: Callable[[str], Page]
) -> None:
    page = signed_in("officer" if "/account" in path else "staff")
    page.goto(path)
    for place, value in fields.items():
        page.fill(place, value)
    page.click(f"main button:has-text('{button}')")
    page.wait_for_selector(".nhsuk-error-summary")
    is_sound(page)


def test_the_page_that_a_mail_leads_to_signs_a_browser_out_accessibly(system: System, visitor: Page) -> None:
    visitor.goto(link_that_ends_a_session(system))
    visitor.wait_for_selector("main button:has-text('Sign that browser out')")
    is_sound(visitor)
    visitor.click("main button:has-text('Sign that browser out')")
    visitor.wait_for_selector("h1:has-text('That session has ended')")
    is_sound(visitor)


def link_that_ends_a_session(system: System) -> str:
    """The page that a mail leads to about somebody who has just signed in."""
    person = Person(system.url, "associate")
    with closing(person.browser):
        cookie = person.browser.cookies["tidings"]
        me = person.api("GET", "/me").json()["person"]["id"]
    settings = Settings(secret=system.env["TIDINGS_SECRET"], base_url=system.url)
    return end_of(settings, Session(cookie, key_of(cookie), me, "", 0, 0))


def test_a_new_token_is_shown_accessibly(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("officer")
    page.goto("/account/tokens")
    page.fill("#name", "A program")
    page.check("input[value='networks:read']")
    page.click("main button:has-text('Make the token')")
    page.wait_for_selector("text=It is shown this once")
    is_sound(page)


def test_the_page_that_takes_a_merge_back_is_accessible(system: System, signed_in: Callable[[str], Page]) -> None:
    headers = {"authorization": f"Bearer {system.token('staff')}"}
    with httpx.Client(base_url=f"{system.url}/api", headers=headers, timeout=20) as staff:
        fields = {"type": "disease", "care_group": "stroke", "bodies": ["Q31"]}
        part, whole = (
            staff.post("/networks", json={**fields, "name": name}).raise_for_status().json()
            for name in ("Sound part", "Sound whole")
        )
        staff.post(f"/networks/{part['id']}/merge", json={"into": whole["id"]}).raise_for_status()
    page = signed_in("staff")
    for path in (f"/networks/{part['slug']}/restore", f"/networks/{whole['slug']}?was={part['slug']}"):
        page.goto(path)
        is_sound(page)


@pytest.mark.parametrize("device", ["light", "dark"])
def test_a_choice_of_colours_goes_before_the_device_s_and_back(visitor: Page, device: Literal["light", "dark"]) -> None:
    ground, said = "getComputedStyle(document.body).backgroundColor", dict[str, str]()
    visitor.emulate_media(color_scheme=device)
    for choice in ("light", "dark", "device"):
        visitor.goto("/events")
        visitor.click("footer a:has-text('Light or dark')")
        visitor.check(f"input[value={choice}]")
        visitor.click("main button:has-text('Use this')")
        visitor.wait_for_url("**/events")  # Until it has loaded: there is no body before.
        assert urlsplit(visitor.url).path == "/events"
        said[choice] = visitor.evaluate(ground)
    assert said == {"light": LIGHT, "dark": DARK, "device": DARK if device == "dark" else LIGHT}
    assert not [cookie for cookie in visitor.context.cookies() if "colours" in str(cookie.get("name"))]


def test_paper_is_light_also_where_pages_are_dark(visitor: Page) -> None:
    visitor.emulate_media(color_scheme="dark", media="print")
    visitor.goto("/")
    assert visitor.evaluate("getComputedStyle(document.querySelector('h1')).color") in ("rgb(0, 0, 0)", INK)


def test_no_page_breaks_its_own_content_policy(signed_in: Callable[[str], Page]) -> None:
    page, said = signed_in("staff"), list[str]()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("/", "/networks", NETWORK, "/alerts", "/preferences", "/oversight/Q31", "/staff"):
        page.goto(path)
        page.wait_for_timeout(200)
    assert said == []
