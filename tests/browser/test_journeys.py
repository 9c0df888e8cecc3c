"""What people do, in a real browser: with the keyboard alone, without JavaScript, and live."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.flows.system import PASSWORD, System

pytestmark = pytest.mark.browser


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until *selector* has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(selector).first.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{selector} is not reached by the Tab key")


def test_somebody_signs_in_with_the_keyboard_alone(visitor: Page) -> None:
    visitor.goto("/")
    _tab_to(visitor, "a[href='/sign-in']")
    visitor.keyboard.press("Enter")
    _tab_to(visitor, "#email")
    visitor.keyboard.type("member@tidings.example")
    _tab_to(visitor, "#password")
    visitor.keyboard.type(PASSWORD)
    visitor.keyboard.press("Enter")
    expect(visitor.locator("button:has-text('Sign out')")).to_be_visible()
    _tab_to(visitor, "a[href='/alerts']")
    visitor.keyboard.press("Enter")
    expect(visitor.locator("h1")).to_contain_text("Your alerts")


def test_a_wrong_password_is_said_above_the_form_and_beside_the_field(visitor: Page) -> None:
    visitor.goto("/sign-in")
    visitor.fill("#email", "nobody@tidings.example")
    visitor.fill("#password", "wrong")
    visitor.click("main button:has-text('Sign in')")
    expect(visitor.locator(".nhsuk-error-summary")).to_contain_text("There is a problem")
    expect(visitor.locator("#email-error")).to_contain_text("is not right")
    assert visitor.title().startswith("Error: ")
    assert visitor.input_value("#email") == "nobody@tidings.example"


def test_the_directory_works_without_javascript(system: System, browser: Browser) -> None:
    context = browser.new_context(base_url=system.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/networks")
    page.fill("#q", "stroke")
    page.keyboard.press("Enter")
    expect(page.locator("main [role=status]")).to_contain_text("found for “stroke”")
    page.click("summary:has-text('Stage')")
    page.locator(".tidings-facet input[name=stage]").first.check()
    page.click("button:has-text('Show networks')")
    expect(page.locator(".tidings-facets")).to_contain_text("Remove")
    page.context.close()


def test_search_as_you_type_keeps_the_address_and_the_focus(visitor: Page) -> None:
    visitor.goto("/networks")
    visitor.locator("#q").press_sequentially("cancer", delay=20)
    expect(visitor.locator("main [role=status]")).to_contain_text("for “cancer”")
    expect(visitor.locator("#q")).to_be_focused()
    visitor.wait_for_url("**/networks?q=cancer*")


def test_a_question_in_the_search_box_is_answered_in_one_step(visitor: Page) -> None:
    visitor.goto("/")
    visitor.fill("#q", "Who leads stroke in the North West?")
    visitor.keyboard.press("Enter")
    expect(visitor.locator("#answer")).to_have_text("Who leads stroke in North West?")
    expect(visitor.locator(".tidings-answer dd").first).to_contain_text("since")


def test_a_slip_is_said_and_the_hits_are_marked_while_typing(visitor: Page) -> None:
    visitor.goto("/networks")
    visitor.locator("#q").press_sequentially("strok", delay=20)
    expect(visitor.locator("#results mark").first).to_have_text("Strok")
    visitor.locator("#q").fill("storke")
    expect(visitor.locator("#results")).to_contain_text("Nothing begins with “storke”: these have stroke")


def test_a_search_is_saved_used_renamed_and_deleted(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("associate")
    page.goto("/networks?q=renal&sha=Q31")
    page.click("text=Save this search")
    expect(page.locator("#name")).to_have_value("renal, North West")
    page.fill("#name", "Kidneys")
    page.click("button:has-text('Save this search')")
    expect(page.locator("main")).to_contain_text("You are told of each network")
    page.click("h2 a:has-text('Kidneys')")
    expect(page.locator("#q")).to_have_value("renal")
    page.click("nav[aria-labelledby=saved] >> text=All of yours")
    page.click("a:has-text('rename or delete')")
    page.fill("#name", "Renal care")
    page.click("button:has-text('Rename')")
    expect(page.locator("h1")).to_have_text("Renal care")
    page.click("button:has-text('Delete this search')")
    expect(page.locator("main")).to_contain_text("You have saved no search yet")
    page.click("button:has-text('Save it again')")
    expect(page.locator("h2 a:has-text('Renal care')")).to_have_attribute("href", "/networks?q=renal&sha=Q31")
    page.click("a:has-text('rename or delete')")
    page.click("button:has-text('Delete this search')")
    expect(page.locator("main")).to_contain_text("You have saved no search yet")


def test_a_new_lead_appears_live_to_member_officer_and_visitor(signed_in: Callable[[str], Page], visitor: Page) -> None:
    staff, member, officer = signed_in("staff"), signed_in("member"), signed_in("officer")
    member.goto("/preferences")
    network = str(member.locator("main ul a[href^='/networks/']").first.get_attribute("href"))
    for page, path in ((member, "/alerts"), (officer, "/oversight/Q31"), (visitor, network)):
        page.goto(path)
        page.wait_for_selector("[data-live-status][data-state=live]")
    staff.goto(f"{network}/roles?q=ha")
    staff.locator("input[name=person_id]").nth(3).check()
    staff.select_option("#role", "chair")
    staff.click("button:has-text('Give the role')")
    staff.wait_for_url("**done=role")
    for page in (member, officer, visitor):
        page.click("[data-live-show]")
        expect(page.locator("[data-live] li").first).to_contain_text("is the new chair of")


def test_officer_takes_note_of_a_line_gives_it_to_themselves_and_comments(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("officer")
    page.goto("/oversight/Q31?which=open")
    there = str(page.locator("#feed a:has-text('Follow up')").first.get_attribute("href"))
    page.locator("#feed button:has-text('Take note')").first.click()
    expect(page.locator("main")).to_contain_text("You took note of it.")
    page.goto(there)
    expect(page.locator("main")).to_contain_text("took note of it")
    page.select_option("#person_id", label="Me")
    page.click("button:has-text('Give it')")
    page.fill("#text", "I ask the network.")
    page.click("main button:has-text('Comment')")
    expect(page.locator(".tidings-thread")).to_contain_text("I ask the network.")
    page.goto("/oversight/Q31?which=mine")
    expect(page.locator("#feed")).to_contain_text("1 comment")


def test_many_networks_are_changed_together_after_a_look_and_undone_as_one(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/networks?q=burns")
    page.click("text=Do something with all of them")
    ticked = page.locator("input[name=networks]:checked").count()
    assert ticked > 1
    page.locator("input[name=networks]").first.uncheck()
    page.select_option("#side", "both")
    page.click("button:has-text('Check before you save')")
    expect(page.locator("main")).to_contain_text("This reaches")
    page.locator("main button:has-text('Save')").click()
    expect(page.locator("h1")).to_contain_text(f"{ticked - 1} network")
    page.click("button:has-text('Undo for all of them')")
    expect(page.locator("main")).to_contain_text("It is undone")


def test_networks_ticked_in_the_directory_are_told_something_once(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/networks?q=stroke")
    for number in (0, 1):
        page.locator(".tidings-tick").nth(number).check()
    page.wait_for_timeout(400)  # longer than a choice of the directory waits before it looks again
    assert page.locator(".tidings-tick:checked").count() == 2
    page.click("text=Do something with those ticked")
    expect(page.locator("main")).to_contain_text("2 networks that you ticked")
    page.click("text=Tell their people something")
    page.fill("#headline", "The office is closed on Friday")
    page.click("button:has-text('Check whom it reaches'):visible")
    expect(page.locator("main")).to_contain_text("This reaches")
    page.locator("main button:has-text('Save')").click()
    expect(page.locator("h1")).to_contain_text("The office is closed on Friday")
    expect(page.locator("main")).to_contain_text("They are told, each person once.")


def test_networks_that_cannot_be_changed_so_are_named_and_left_out(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/networks/together?q=burns")
    listed = page.locator("input[name=networks]:checked").count()
    page.select_option("#stage", "managed")
    page.fill("#reason", "Tried")
    page.click("button:has-text('Check before you save')")
    expect(page.locator(".nhsuk-error-summary")).to_be_visible()
    refused = page.locator(".nhsuk-error-summary__list li").count()
    assert 0 < refused <= listed
    page.click("button:has-text('Leave them out')")
    expect(page.locator("input[name=networks]:checked")).to_have_count(listed - refused)
    expect(page.locator("#stage")).to_have_value("managed")


def test_columns_are_shown_for_good_and_taken_along_in_the_file(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/networks?show=name&show=host&show=population")
    page.click("text=Always show these")
    expect(page.locator("main")).to_contain_text("These are shown from now on")
    page.goto("/networks")
    assert page.locator("#show-host").is_checked() and not page.locator("#show-aims").is_checked()
    assert "columns=host%2Cpopulation" in str(page.locator(".tidings-downloads a").first.get_attribute("href"))
    page.goto("/networks?show=name&show=leads&show=areas")
    page.click("text=Always show these")


def test_two_editors_of_one_network_see_both_versions(signed_in: Callable[[str], Page], browser: Browser) -> None:
    first, path = signed_in("staff"), "/networks/3-counties-cancer-network/edit"
    second = first.context.new_page()
    for page in (first, second):
        page.goto(path)
    for page, aims in ((first, "The aims of the first editor."), (second, "The aims of the second.")):
        page.fill("#aims", aims)
        page.click("button:has-text('Save')")
        page.wait_for_load_state()
    expect(second.locator("h1")).to_contain_text("Somebody else changed this network first")
    expect(second.locator("table")).to_contain_text("The aims of the first editor.")
    expect(second.locator("table")).to_contain_text("The aims of the second.")
    second.click("button:has-text('Save mine over')")
    expect(second.locator("main")).to_contain_text("The aims of the second.")
    second.close()


def test_a_webhook_is_added_tested_and_removed(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("lead")
    page.goto("/subscriptions/new")
    page.fill("#url", "ftp://nowhere")
    page.fill("#networks", "No such network")
    page.click("button:has-text('Add the webhook')")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Name: Enter something")
    expect(page.locator("#url-error")).to_contain_text("must begin with https://")
    expect(page.locator("#networks-error")).to_contain_text("is not on the register")
    page.fill("#name", "Ward screen")
    page.fill("#url", "http://127.0.0.1:9/hook")
    page.fill("#networks", "/networks/3-counties-cancer-network\n3 Counties Cancer Network")
    page.click("button:has-text('Add the webhook')")
    expect(page.locator("main")).to_contain_text("whsec_")
    page.click("button:has-text('Send a test')")
    expect(page.locator("h1")).to_contain_text("A test")
    expect(page.locator("main")).to_contain_text("refused")
    page.click(".nhsuk-back-link a")
    expect(page.locator("main")).not_to_contain_text("whsec_")
    page.click("summary:has-text('Remove this webhook')")
    page.click("button:has-text('Remove Ward screen')")
    expect(page.locator("main")).to_contain_text("The webhook is removed.")
    expect(page.locator("main")).not_to_contain_text("Ward screen")


def test_a_standard_is_tried_on_the_whole_register_before_it_is_saved_without_javascript(
    system: System, browser: Browser
) -> None:
    page = sign_in(browser, system, "staff", java_script_enabled=False)
    page.goto("/staff/standards/new")
    page.check("input[value=evidence]")
    page.click("button:has-text('Continue')")
    page.fill("#evidence-kind", "Sharing agreement")
    page.fill("#sentence", "No sharing agreement is in date")
    page.press("#sentence", "Enter")
    expect(page.locator("#name-error")).to_contain_text("Enter something")
    page.fill("#name", "Sharing agreement")
    page.check("input[name=severity][value=amber]")
    page.press("#name", "Enter")
    expect(page.locator("h1")).to_contain_text("This would turn")
    expect(page.locator("main")).to_contain_text("Evidence of the kind “Sharing agreement” is in date")
    page.fill("#reason", "Agreed by all")
    page.click("button:has-text('Save it')")
    expect(page.locator("main")).to_contain_text("The standard is in force")
    expect(page.locator("main")).to_contain_text("Agreed by all")
    page.goto("/standards#sharing_agreement")
    expect(page.locator("#sharing_agreement")).to_contain_text("No sharing agreement is in date")
    page.goto("/staff/standards/sharing_agreement/retire")
    page.click("button:has-text('Retire it')")
    expect(page.locator("main")).to_contain_text("no longer held to it")
    page.context.close()


def test_a_gate_names_what_is_missing_and_leads_to_where_it_is_put_right(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/networks/birmingham-regional-paediatric-neurology-forum/standards")
    stage = page.locator("section:has(h2:text-is('Stage'))")
    expect(stage.locator("h3:has-text('Managed')")).to_contain_text("closed")
    gate = stage.locator("li:has-text('Audit')")
    expect(gate).to_contain_text("No audit is in date")
    gate.locator("a:has-text('Mend this')").click()
    expect(page.locator("#kind")).to_have_value("audit")
    page.fill("#title", "Audit of the year")
    page.fill("#link", "https://papers.example/audit")
    page.click("button:has-text('Record it')")
    expect(gate).to_contain_text("“Audit of the year” of")
    expect(gate.locator("a[href='https://papers.example/audit']")).to_be_visible()
