"""What is live moves nothing under a reader's eyes, waits behind "3 new", and says how it stands."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.test_accessibility import is_sound
from tests.flows.system import System

pytestmark = pytest.mark.browser
STANDS = """() => [...document.querySelectorAll("main h1, main h2, main h3, main li, main p")].map(part => {
  const { x, y, width, height } = part.getBoundingClientRect();
  return [part.textContent.trim().slice(0, 60), x, y, width, height];
})"""
"""Where each part of a page stands on the screen."""
LISTEN = """() => {
  const word = document.querySelector("[data-live-word]");
  window.said = [word.textContent];
  new MutationObserver(() => window.said.push(word.textContent)).observe(word, { childList: true });
}"""
"""Note what is said of the stream from now on."""
NO_CLOCK = "const soon = setTimeout; setTimeout = (what, ms, ...rest) => soon(what, ms < 300 ? ms : 1e6, ...rest)"
"""Who waits for 0.3 s or longer waits for ever."""
CUT_OFF = "Object.defineProperty(navigator, 'onLine', { value: false }); dispatchEvent(new Event('offline'))"
"""What a browser says that is offline; what is on its way arrives."""
CUT = "document.querySelector('[data-live]')._htmx.sse.reader.cancel()"
"""The stream ends, as when its server goes."""


class Network:
    """A network of its own, changed by staff through the API."""

    def __init__(self, staff: httpx.Client) -> None:
        self._staff = staff
        self.name = f"Network that is watched {secrets.token_hex(3)}"
        fields = {"name": self.name, "type": "disease", "care_group": "stroke", "bodies": ["Q31"]}
        made = staff.post("/networks", json=fields).raise_for_status().json()
        self.id, self.slug, self.times = made["id"], made["slug"], 0

    def change(self) -> None:
        """Change its aims, which its members, its area and everybody are told."""
        self.times += 1
        aims = {"aims": f"To be read while it changes, for the {self.times}. time."}
        self._staff.patch(f"/networks/{self.id}", json=aims).raise_for_status()

    def archive(self) -> None:
        """Take it off the register."""
        self._staff.post(f"/networks/{self.id}/archive", json={"reason": "Watched", "minor": True}).raise_for_status()


@pytest.fixture(scope="module")
def network(system: System) -> Iterator[Network]:
    """A network that the member follows; gone afterwards."""
    with _api(system, "staff") as staff, _api(system, "member") as member:
        made = Network(staff)
        _until_followed(member, made.id)
        yield made
        member.post(f"/networks/{made.id}/unfollow", json={}).raise_for_status()
        made.archive()


def _until_followed(member: httpx.Client, network_id: str) -> None:
    """Follow it as soon as notifications has heard of it."""
    deadline = time.monotonic() + 20
    while not (answer := member.post(f"/networks/{network_id}/follow", json={})).is_success:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)


def _api(system: System, who: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {system.token(who)}"}
    return httpx.Client(base_url=f"{system.url}/api", headers=headers, timeout=20)


@pytest.fixture
def page_of(signed_in: Callable[[str], Page], visitor: Page, network: Network) -> Callable[[str, str], Page]:
    """A page of somebody (or of nobody), open and live; NETWORK in a path is the watched network's."""

    def opened(who: str, path: str) -> Page:
        page = signed_in(who) if who else visitor
        page.goto(path.replace("NETWORK", f"/networks/{network.slug}"))
        expect(page.locator("[data-live-word]")).to_have_text("Live")
        return page

    return opened


@pytest.mark.parametrize(
    ("who", "path"),
    [("", "/"), ("", "NETWORK"), ("staff", "/staff"), ("officer", "/oversight/Q31"), ("member", "/alerts")],
)
@pytest.mark.parametrize("width", [1280, 320])
def test_a_change_moves_nothing_and_waits_until_it_is_asked_for(
    who: str, path: str, width: int, page_of: Callable[[str, str], Page], network: Network
) -> None:
    page = page_of(who, path)
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(200)  # the header folds its menu a moment after the window changes
    page.locator("[data-live-status]").scroll_into_view_if_needed()
    stood = page.evaluate(STANDS)
    network.change()
    button = page.locator("[data-live-show]")
    expect(button).to_have_text(re.compile(r"Show \d+ new"))
    assert _moved(stood, page.evaluate(STANDS)) == []
    button.click()
    line = page.locator("[data-live] li").first
    expect(line).to_contain_text(f"{network.name}: aims changed")
    expect(line.locator("a").first).to_be_focused()
    expect(button).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})


def _moved(before: list[Any], after: list[Any]) -> list[Any]:
    return [part for part in before if part not in after]


def test_without_javascript_a_page_says_to_reload_and_a_reload_shows_what_is_new(
    system: System, browser: Browser, network: Network
) -> None:
    context = browser.new_context(base_url=system.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    expect(page.locator("[data-live-status]")).to_have_text("Reload the page to see what is new")
    page.goto(f"/networks/{network.slug}")
    shown = page.locator("[data-live] li").count()
    network.change()
    page.reload()
    assert page.locator("[data-live] li").count() == shown + 1 or shown == 8
    expect(page.locator("[data-live] li").first).to_contain_text("aims changed")
    context.close()


def test_a_stream_begins_however_late_its_script_arrives(visitor: Page, network: Network) -> None:
    visitor.route("**/hx-sse-*.js", lambda route: (time.sleep(0.3), route.continue_()))
    visitor.goto(f"/networks/{network.slug}")
    expect(visitor.locator("[data-live-word]")).to_have_text("Live")


@pytest.mark.parametrize("answer", [{"status": 503, "body": "<p>Away"}, None], ids=["refused", "cut"])
def test_a_stream_that_did_not_begin_is_asked_for_again(
    answer: dict[str, Any] | None, visitor: Page, network: Network
) -> None:
    is_up: list[bool] = []

    def answered(route: Route) -> None:
        if is_up:
            route.continue_()
        elif answer:
            route.fulfill(**answer)
        else:
            route.abort()

    visitor.route("**/live/changes/*", answered)
    visitor.goto(f"/networks/{network.slug}")
    expect(visitor.locator("[data-live-word]")).to_have_text("Reconnecting…")
    expect(visitor.locator("[data-live]")).not_to_contain_text("Away")
    is_up.append(True)
    expect(visitor.locator("[data-live-word]")).to_have_text("Live")


def test_what_a_stream_fills_holds_no_failure_and_is_filled_later(visitor: Page) -> None:
    answers: list[dict[str, Any]] = [{"status": 503, "body": "<p>Away"}]
    filled = {"content_type": "text/event-stream", "body": "data: <p>5 sent\n\n"}  # ends, so that it is asked for again
    visitor.route("**/live/progress", lambda route: route.fulfill(**(answers.pop() if answers else filled)))
    visitor.goto("/")
    visitor.evaluate("""() => {
      const part = document.createElement("section");
      part.id = "progress";
      part.setAttribute("hx-sse:connect", "/live/progress");
      document.querySelector("main").append(part);
      htmx.process(part);
    }""")
    expect(visitor.locator("#progress")).to_have_text("5 sent")
    assert answers == []


def test_a_reader_who_was_cut_off_is_told_so_and_misses_nothing(
    page_of: Callable[[str, str], Page], network: Network
) -> None:
    page = page_of("member", "/alerts")
    page.evaluate(LISTEN)
    page.context.set_offline(True)
    try:
        expect(page.locator("[data-live-word]")).to_have_text("Reconnecting…")
        is_sound(page)
        network.change()
    finally:
        page.context.set_offline(False)
    expect(page.locator("[data-live-show]")).to_have_text(re.compile(r"Show \d+ new"), timeout=30_000)
    expect(page.locator("[data-live-status]")).to_have_attribute("data-state", "live")
    said = page.evaluate("window.said")
    assert [said[0], said[-1]] == ["Live", "Live"] and said.index("Reconnecting…") < said.index("Catching up…")
    is_sound(page)


def test_what_was_on_its_way_when_a_reader_was_cut_off_does_not_say_live(visitor: Page, network: Network) -> None:
    visitor.goto(f"/networks/{network.slug}")
    expect(visitor.locator("[data-live-word]")).to_have_text("Live")
    visitor.evaluate(CUT_OFF)
    network.change()
    expect(visitor.locator("[data-live-show]")).to_have_text("Show 1 new")
    expect(visitor.locator("[data-live-word]")).to_have_text("Reconnecting…")


def test_who_is_back_is_live_at_once_however_long_they_were_away(visitor: Page, network: Network) -> None:
    visitor.add_init_script(NO_CLOCK)
    visitor.goto(f"/networks/{network.slug}")
    expect(visitor.locator("[data-live-word]")).to_have_text("Live")
    visitor.evaluate(CUT)
    expect(visitor.locator("[data-live-word]")).to_have_text("Reconnecting…")
    visitor.evaluate("dispatchEvent(new Event('online'))")
    expect(visitor.locator("[data-live-word]")).to_have_text("Live")


def test_a_stream_that_did_not_begin_is_asked_for_at_once_when_the_reader_is_back(
    visitor: Page, network: Network
) -> None:
    visitor.add_init_script(NO_CLOCK)
    visitor.route("**/live/changes/*", lambda route: route.abort())
    visitor.goto(f"/networks/{network.slug}")
    expect(visitor.locator("[data-live-word]")).to_have_text("Reconnecting…")
    visitor.unroute("**/live/changes/*")
    visitor.evaluate("dispatchEvent(new Event('online'))")
    expect(visitor.locator("[data-live-word]")).to_have_text("Live")


@pytest.mark.parametrize("status", [401, 410])
def test_a_stream_that_is_over_says_to_load_the_page_again(status: int, page_of: Callable[[str, str], Page]) -> None:
    page = page_of("member", "/alerts")
    page.route("**/live/alerts*", lambda route: route.fulfill(status=status, body=""))
    try:
        page.context.set_offline(True)
        page.context.set_offline(False)
        status_line = page.locator("[data-live-status]")
        expect(status_line).to_have_attribute("data-state", "off", timeout=30_000)
        expect(status_line).to_contain_text("Not live: load the page again")
        is_sound(page)
    finally:
        page.context.set_offline(False)
        page.unroute("**/live/alerts*")
