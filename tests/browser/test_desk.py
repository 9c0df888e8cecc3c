"""Two people at the newsletter desk: what is written saves itself, is seen by the other, and is never overwritten."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import is_sound

pytestmark = pytest.mark.browser


@pytest.fixture
def two(signed_in: Callable[[str], Page]) -> tuple[Page, Page]:
    """Two people at the same draft."""
    one, other = signed_in("staff"), signed_in("second.staff")
    one.goto("/staff/newsletter")
    there = str(one.locator("table a").first.get_attribute("href"))
    for page in (one, other):
        page.goto(there)
    return one, other


def _card(page: Page, number: int) -> str:
    return f"#{page.locator('[data-desk-items] [data-card]').nth(number).get_attribute('id')}"


def test_what_one_writes_saves_itself_and_appears_for_the_other(two: tuple[Page, Page]) -> None:
    one, other = two
    card = _card(one, 1)
    one.locator(f"{card} summary").click()
    one.locator(f"{card} textarea").fill("Written by one")

    expect(one.locator("[data-desk-status]")).to_contain_text("Saved")
    expect(other.locator(f"{card} textarea")).to_have_value("Written by one")
    expect(other.locator("[data-desk-status]")).to_contain_text("changed something just now")


def _until_one_is_late(two: tuple[Page, Page], card: str) -> None:
    """Wait until one of the two is told that the other was first."""
    for _ in range(100):
        if any(page.locator(f"{card}[data-conflict]").count() for page in two):
            return
        two[0].wait_for_timeout(200)
    raise AssertionError("Both were saved, or neither.")


def test_both_write_at_once_and_the_later_is_shown_both(two: tuple[Page, Page]) -> None:
    one, other = two
    card = _card(one, 2)
    for page, words in ((one, "Words of one"), (other, "Words of the other")):
        page.locator(f"{card} summary").click()
        page.locator(f"{card} textarea").fill(words)
    _until_one_is_late(two, card)
    late, words, theirs = (
        (one, "Words of one", "Words of the other")
        if one.locator(f"{card}[data-conflict]").count()
        else (other, "Words of the other", "Words of one")
    )
    assert one.locator(f"{card}[data-conflict]").count() + other.locator(f"{card}[data-conflict]").count() == 1
    expect(late.locator(f"{card} textarea")).to_have_value(words)
    expect(late.locator(card)).to_contain_text(theirs)
    is_sound(late)
    late.locator(f"{card} textarea").fill("Words of both")
    late.locator(f"{card} button:has-text('Keep yours')").click()
    expect(one.locator(f"{card} textarea")).to_have_value("Words of both")


def test_last_issue_offers_a_correction_of_what_has_changed_since(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/staff/newsletter")
    page.goto(str(page.locator("table tr:has-text('Sent') a").first.get_attribute("href")))
    offer = page.locator("form:has(button:has-text('Tell this to those who were told'))")
    expect(offer.first).to_contain_text("Announced since")
    is_sound(page)


def test_words_about_an_event_that_is_cancelled_are_warned_of_until_somebody_looked(two: tuple[Page, Page]) -> None:
    one, other = two
    desk, title = one.url, "Study day that is rewritten"
    event = _scheduled(one, title)
    one.goto(desk)
    card = one.locator("[data-card]").filter(has_text=title).first
    there = f"#{card.get_attribute('id')}"
    one.locator(f"{there} summary").click()
    one.locator(f"{there} input[name=headline]").fill("Do come to the study day")
    one.locator(f"{there} details button").click()
    one.wait_for_url("**#item-*")
    one.goto(event)
    with one.expect_navigation():
        one.locator("form[action$='/cancel'] button").click()

    other.goto(desk)
    expect(other.locator(there)).to_contain_text("This has changed since these words were written")
    other.reload()
    expect(other.locator("main .tidings-inset").first).to_contain_text("Do come to the study day")
    is_sound(other)
    other.locator(f"{there} button[value=keep]").focus()
    other.keyboard.press("Enter")
    other.wait_for_url("**#item-*")
    expect(other.locator(there)).not_to_contain_text("This has changed since")
    other.locator(f"{there} button[value=drop]").click()


def _scheduled(page: Page, title: str) -> str:
    """Schedule an event of a network by its form; returns its page."""
    page.goto("/events/new")
    page.fill("#title", title)
    page.locator("#networks").select_option(index=0)
    page.fill("#place", "Copperdale Centre")
    page.fill("#starts_at", "2031-03-04T10:00")
    page.fill("#ends_at", "2031-03-04T12:00")
    with page.expect_navigation():
        page.locator("main form button:has-text('Schedule')").click()
    return page.url.partition("?")[0]


def test_desk_works_by_keyboard_and_the_preview_is_sound(two: tuple[Page, Page]) -> None:
    one, _ = two
    before = [_card(one, number) for number in range(12)]
    group = one.locator("[data-desk-items] section").filter(has=one.locator("[data-card]").nth(1)).first
    cards = group.locator("[data-card]")
    second = f"#{cards.nth(1).get_attribute('id')}"
    one.locator(f"{second} button[value=up]").focus()
    one.keyboard.press("Enter")
    one.wait_for_url("**#item-*")
    assert [_card(one, number) for number in range(12)] != before
    one.goto(one.url.partition("#")[0] + "/preview")
    expect(one.frame_locator("iframe").locator("h1")).to_contain_text("Networks this week")
    is_sound(one)
