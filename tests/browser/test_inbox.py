"""Alerts and what reaches a reader, in a real browser: counts, choices, links in mails, notifications."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from services.notifications.passes import Passes
from shared.config import Settings
from tests.browser.conftest import sign_in
from tests.flows.system import System

pytestmark = pytest.mark.browser
COUNT = "[data-unread-number]"


def _pass(system: System, page: Page) -> str:
    """The link that a mail to the signed-in reader of *page* would hold."""
    reader = str(page.locator("[data-reader]").first.get_attribute("data-reader"))
    return f"/preferences/{Passes(Settings(secret=system.env['TIDINGS_SECRET'])).made(reader)}"


def test_the_count_in_the_header_is_right_in_every_open_tab(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("member")
    tabs = [page.context.new_page() for _ in range(7)]  # more than a browser opens connections to one address
    for tab in tabs:
        tab.goto("/help")
    page.goto("/alerts?unread=1")
    before = int(page.locator(COUNT).first.inner_text())
    page.locator("summary:has-text('Mark as read')").first.click()
    page.locator("button:has-text('Mark as read')").first.click()
    for tab in [page, *tabs]:
        expect(tab.locator(COUNT).first).to_have_text(str(before - 1))
    tabs[0].close()  # whoever listened for the others may go
    page.click("button:has-text('Undo')")
    for tab in [page, *tabs[1:]]:
        expect(tab.locator(COUNT).first).to_have_text(str(before))
    for tab in tabs[1:]:
        tab.close()


def test_all_are_read_and_it_is_taken_back_without_javascript(system: System, browser: Browser) -> None:
    page = sign_in(browser, system, "lead", java_script_enabled=False)
    page.goto("/alerts")
    unread = page.locator(COUNT).first.inner_text()
    page.click("button:has-text('Mark all as read')")
    expect(page.locator(COUNT).first).to_be_hidden()
    expect(page.locator("main")).to_contain_text("Marked as read.")
    page.click("button:has-text('Undo')")
    expect(page.locator(COUNT).first).to_have_text(unread)
    page.fill("#q", "no such words")
    page.press("#q", "Enter")
    expect(page.locator("main")).to_contain_text("No alert of yours fits")
    page.context.close()


def test_a_link_in_a_mail_opens_the_preferences_without_signing_in(
    system: System, visitor: Page, signed_in: Callable[[str], Page]
) -> None:
    signed_in("associate").goto("/help")
    visitor.goto(_pass(system, signed_in("associate")))
    expect(visitor.locator("main")).to_contain_text("You came by the link in a mail")
    visitor.select_option("select[name='all:news']", "daily")
    visitor.fill("#quiet_begins", "22:00")
    visitor.fill("#quiet_ends", "07:00")
    visitor.click("button:has-text('Save')")
    expect(visitor.locator("main")).to_contain_text("Your changes are saved.")
    expect(visitor.locator("#sentence")).to_contain_text("what came is in one summary at 07:00")
    visitor.fill("#quiet_ends", "22:00")
    visitor.click("button:has-text('Save')")
    expect(visitor.locator(".nhsuk-error-summary")).to_contain_text("Quiet hours")
    visitor.goto("/alerts")
    expect(visitor.locator("h1")).to_have_text("Sign in")


def test_why_is_answered_and_one_click_gives_less(system: System, signed_in: Callable[[str], Page]) -> None:
    page = signed_in("officer")
    page.goto("/alerts")
    page.locator("main a[href$='/why']").first.click()
    expect(page.locator("main")).to_contain_text("because you are")
    expect(page.locator("main li")).to_contain_text(["It was changed", "The change was on the log"])
    page.locator("button:has-text('only once a week')").click()
    expect(page.locator("main")).to_contain_text("You get this once a week")
    path = (
        page.url.removeprefix(system.url).replace("/alerts/", f"{_pass(system, page)}/why/").removesuffix("?done=less")
    )
    page.goto(path.removesuffix("/why"))
    expect(page.locator("main")).to_contain_text("You get this once a week")


def test_the_service_worker_shows_what_is_pushed(system: System, whole_browser: Browser) -> None:
    page = sign_in(whole_browser, system, "lead")
    page.context.grant_permissions(["notifications"])
    page.goto("/preferences")
    page.evaluate("navigator.serviceWorker.register('/push-worker.js')")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    session, found = page.context.new_cdp_session(page), list[str]()
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    page.wait_for_timeout(300)
    pushed = {"title": "Stroke network", "body": "Aims changed", "path": "/help", "why": "", "reason": "", "tag": "m1"}
    push = {"origin": system.url, "registrationId": found[0], "data": json.dumps(pushed)}
    session.send("ServiceWorker.deliverPushMessage", push)
    page.wait_for_timeout(500)
    shown = "navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) => all.map((n) => n.body))"
    assert page.evaluate(shown) == ["Aims changed"]
