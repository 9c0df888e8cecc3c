"""Links, in a real browser: proposed and confirmed, made and ended, and drawn so that nothing overlaps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from shared import clock

pytestmark = pytest.mark.browser
HOME = "/networks/greater-manchester-and-cheshire-cardiac-and-stroke-network"
OVERLAPS = """
() => {
  const texts = [...document.querySelectorAll('.tidings-picture > svg text')]
  const boxes = texts.map(text => text.getBoundingClientRect())
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3
  const found = []
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b, j) => {
    if (meet(a, b)) found.push(`${texts[i].textContent} / ${texts[i + 1 + j].textContent}`)
  }))
  const outside = texts.filter(text => text.closest('a')).filter(text => {
    const t = text.getBoundingClientRect(), b = text.closest('a').querySelector('rect').getBoundingClientRect()
    return t.left < b.left || t.right > b.right || t.top < b.top - 1 || t.bottom > b.bottom + 1
  })
  return [texts.length, found, outside.map(text => text.textContent)]
}
"""
"""How many texts the page's picture has, which of them overlap, and which stick out of their boxes."""


@pytest.mark.parametrize("path", [f"{HOME}/links", "/care-groups/cancer", "/care-groups/research"])
def test_no_words_of_a_picture_overlap_and_each_name_stays_in_its_box(path: str, visitor: Page) -> None:
    visitor.goto(path)
    count, overlapping, outside = visitor.evaluate(OVERLAPS)
    assert count > 10 and overlapping == [] and outside == []


def test_a_lead_confirms_what_another_network_proposed(signed_in: Callable[[str], Page], visitor: Page) -> None:
    lead = signed_in("lead")
    lead.goto(f"{HOME}/links")
    lead.click("main li:has-text('proposed to this network') a")
    lead.fill("#reason", "We meet already")
    lead.click("button:has-text('Confirm the link')")
    expect(lead.locator("main")).to_contain_text("The link is confirmed; both networks are told.")
    visitor.goto(f"{HOME}/links")
    expect(visitor.locator("main table").first).to_contain_text("Greater Manchester Critical Care Network")


def test_a_lead_proposes_a_link_and_withdraws_it_and_nobody_else_sees_it(
    signed_in: Callable[[str], Page], visitor: Page
) -> None:
    lead = signed_in("lead")
    lead.goto(f"{HOME}/links")
    lead.fill("main #q", "burn northern")
    lead.press("main #q", "Enter")
    lead.click("button:has-text('Propose the link')")
    expect(lead.locator(".nhsuk-error-summary")).to_contain_text("choose one")
    lead.locator("input[name=other_id]").first.check()
    lead.select_option("#kind", "parent_of")
    lead.click("button:has-text('Propose the link')")
    expect(lead.locator("main")).to_contain_text("the other network is asked to confirm it")
    visitor.goto(f"{HOME}/links")
    expect(visitor.locator("main")).not_to_contain_text("Northern Burn")
    lead.click("main li a:has-text('Northern Burn')")
    lead.click("button:has-text('Withdraw the proposal')")
    expect(lead.locator("main")).to_contain_text("The proposal is withdrawn.")


def test_staff_are_told_why_a_circle_is_refused_and_then_end_the_link(signed_in: Callable[[str], Page]) -> None:
    staff = signed_in("staff")
    staff.goto(f"{HOME}/links?q=north+of+england+cardiovascular")
    staff.locator("input[name=other_id]").first.check()
    staff.select_option("form[action$='/links'] #kind", "parent_of")
    staff.click("form[action$='/links'] button:has-text('Link them')")
    expect(staff.locator(".nhsuk-error-summary")).to_contain_text("cannot stand below it too")
    staff.click("main tr:has-text('Part of') a:has-text('Change or end')")
    staff.click("summary:has-text('End the link')")
    staff.fill("#to", "2001-01-01")
    staff.click("button:has-text('End the link')")
    expect(staff.locator(".nhsuk-error-summary")).to_contain_text("not before it began")
    staff.fill("#to", clock.today().isoformat())
    staff.click("button:has-text('End the link')")
    expect(staff.locator("main .nhsuk-tag").first).to_have_text("Ended")
    expect(staff.locator("h3").first).to_contain_text("is no longer the parent of")


def test_staff_link_one_overlap_and_dismiss_another_with_a_reason(signed_in: Callable[[str], Page]) -> None:
    staff = signed_in("staff")
    staff.goto("/staff/overlaps?care_group=cancer")
    before = staff.locator("main [role=status] strong").first.inner_text()
    first = staff.locator(".tidings-result").first
    first.locator("summary:has-text('Link them')").click()
    first.locator("button:has-text('Link them')").click()
    expect(staff.locator("main")).to_contain_text("The networks are linked; both are told.")
    staff.goto("/staff/overlaps?care_group=cancer")
    expect(staff.locator("main [role=status] strong").first).not_to_have_text(before)
    second = staff.locator(".tidings-result").first
    name = second.locator("h2").inner_text()
    second.locator("summary:has-text('No link needed')").click()
    second.locator("input[name=reason]").last.fill("One succeeds the other on paper only")
    second.locator("button:has-text('Dismiss')").click()
    expect(staff.locator("main")).to_contain_text("The suggestion is dismissed")
    staff.goto("/staff/overlaps?status=dismissed")
    expect(staff.locator(".tidings-result").first).to_contain_text(name)
    expect(staff.locator(".tidings-result").first).to_contain_text("One succeeds the other on paper only")
