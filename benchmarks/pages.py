"""Pages as people get them: p95 of each at 50 requests a second beside 1,000 live streams, and what a browser says.

Every page that has an address of its own is asked for, as often as every other and in no order. The load is open: a
request is sent at its time whether or not the one before has been answered, so waiting counts.
"""

from __future__ import annotations

import asyncio
import gc
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import httpx
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from benchmarks.asking import at_most
from benchmarks.figures import Figure, percentile
from benchmarks.streams import clients, more_files
from benchmarks.whole import with_register
from scripts.pictured import LINKED, NETWORK, PAGES
from tests.browser.conftest import CHROMIUM, QUIET
from tests.flows.system import PASSWORD, System, running, wait_until_settled

STREAMS, RATE, TIMES = 1000, 50, 50
WIDTHS = (320, 1280)
ADDRESSES = tuple(dict.fromkeys(path for _, path, _ in PAGES if LINKED not in path))
LEAST = 95
"""So many of them are there for staff who are signed in; the others tell that something is not."""
SLOWEST = 10
PUBLIC = (
    "/", "/networks", "/networks?q=stroke", NETWORK, f"{NETWORK}/history", f"{NETWORK}/links", "/events", "/newsletter",
    "/leads?care_group=stroke&sha=Q31", "/standards", "/api/docs",
)  # fmt: skip
STAFF = ("/staff", "/alerts", "/oversight/Q31", "/preferences")
LISTEN = b"GET /live/changes HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\n\r\n"
TIMINGS = """() => new Promise(done => {
  const found = { lcp: 0, cls: 0 };
  new PerformanceObserver(list => list.getEntries().forEach(e => { found.lcp = e.startTime; }))
    .observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) found.cls += e.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => {
    const here = performance.getEntriesByType("navigation")[0];
    const all = [here, ...performance.getEntriesByType("resource")];
    found.bytes = all.reduce((sum, e) => sum + e.transferSize, 0);
    found.ttfb = here.responseStart;
    found.ready = here.domContentLoadedEventEnd;
    done(found);
  }, 600);
})"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a browser says of one visit: milliseconds, a score, bytes over the wire."""

    lcp: float
    cls: float
    ttfb: float
    ready: float
    bytes: float


def measure() -> list[Figure]:
    """Under load first, then alone in a browser."""
    more_files()
    with with_register() as system, running(system, seed=False):
        wait_until_settled(system)
        return [*_under_load(system), *_in_a_browser(system)]


def _under_load(system: System) -> list[Figure]:
    with clients() as listening:
        listening.open(system.ports["all"], [LISTEN] * STREAMS)
        taken = asyncio.run(_asked(system.url))
    slowest = sorted(taken, key=lambda path: percentile(taken[path], 0.95), reverse=True)
    every = [milliseconds for times in taken.values() for milliseconds in times]
    beside = f"{STREAMS:,} live streams, {RATE} requests/s over {len(taken)} pages"
    return [
        at_most(
            f"any page under load, p95 of the slowest ({_short(slowest[0])})",
            percentile(taken[slowest[0]], 0.95),
            50,
            beside,
        ),
        Figure("all pages under load, p50", percentile(every, 0.5), "ms", beside=beside),
        Figure("all pages under load, p95", percentile(every, 0.95), "ms"),
        *(Figure(f"  {_short(path)}, p95", percentile(taken[path], 0.95), "ms") for path in slowest[1:SLOWEST]),
    ]


def _short(path: str) -> str:
    return path.replace(NETWORK, "/networks/{network}")


async def _asked(url: str) -> dict[str, list[float]]:
    """Page → milliseconds of each of its requests, all sent at their times."""
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=30) as client:
        await _sign_in(client)
        pages = [path for path in ADDRESSES if (await client.get(path)).status_code == 200]
        assert len(pages) >= LEAST, f"only {len(pages)} pages answer"
        mixed = pages * TIMES
        Random(1).shuffle(mixed)
        with _no_pauses():
            began = time.perf_counter()
            timed = [_timed(client, path, began + number / RATE) for number, path in enumerate(mixed)]
            found: dict[str, list[float]] = {}
            for path, milliseconds in await asyncio.gather(*timed):
                found.setdefault(path, []).append(milliseconds)
        return found


@contextmanager
def _no_pauses() -> Iterator[None]:
    """The client's own, of half a second in the middle, are not the server's."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _timed(client: httpx.AsyncClient, path: str, at: float) -> tuple[str, float]:
    await asyncio.sleep(max(0.0, at - time.perf_counter()))
    answer = await client.get(path)
    assert answer.status_code == 200, f"{path} answered {answer.status_code}"
    return path, (time.perf_counter() - at) * 1000


async def _sign_in(client: httpx.AsyncClient) -> None:
    page = (await client.get("/sign-in")).text
    token = re.search(r'name="form_token" value="([^"]+)"', page.partition("<main")[2])
    assert token
    form = {"email": "staff@tidings.example", "password": PASSWORD, "form_token": token[1]}
    assert (await client.post("/sign-in", data=form)).status_code == 303


def _in_a_browser(system: System) -> list[Figure]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        first = {path: _visit(browser, system.url, path) for path in ("/", "/networks", NETWORK)}
        staff = _known_as_staff(browser, system.url)
        shifts = {
            f"{path} at {width}": _visit(browser, system.url, path, width, known).cls
            for width in WIDTHS
            for pages, known in ((PUBLIC, None), (STAFF, staff))
            for path in pages
        }
        browser.close()
    return [*_first_visit(first), _shift(shifts)]


def _first_visit(first: Mapping[str, Seen]) -> list[Figure]:
    kilobytes = max(seen.bytes for seen in first.values()) / 1000
    weight = "first visit, over the wire, the heaviest of home, directory and network"
    home = first["/"]
    return [
        Figure(weight, kilobytes, "KB", "≤ 100 KB", kilobytes <= 100),
        Figure("home in Chromium, first byte", home.ttfb, "ms"),
        Figure("home in Chromium, DOMContentLoaded", home.ready, "ms"),
        Figure("home in Chromium, largest contentful paint", home.lcp, "ms"),
        Figure("  the slowest of home, directory and network", max(seen.lcp for seen in first.values()), "ms"),
    ]


def _shift(shifts: Mapping[str, float]) -> Figure:
    worst = max(shifts, key=lambda path: shifts[path])
    name = f"layout shift, the worst of {len(shifts)} pages and widths ({worst})"
    return Figure(name, shifts[worst], "CLS", "0", shifts[worst] < 0.005)


def _known_as_staff(browser: Browser, url: str) -> StorageState:
    """The cookies of somebody who has signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("#email", "staff@tidings.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda there: "/sign-in" not in there)
    known = context.storage_state()
    context.close()
    return known


def _visit(browser: Browser, url: str, path: str, width: int = 1280, known: StorageState | None = None) -> Seen:
    """A visit by a browser that has nothing yet, but for the cookies that it is *known* by."""
    page: Page = browser.new_context(viewport={"width": width, "height": 900}, storage_state=known).new_page()
    page.goto(url + path, wait_until="load")
    found = page.evaluate(TIMINGS)
    page.context.close()
    return Seen(found["lcp"], found["cls"], found["ttfb"], found["ready"], found["bytes"])
