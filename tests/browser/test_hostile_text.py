"""Text that was written to do harm, on the pages that show it, in a real browser: nothing runs, nothing is tried, and
its long words, which have no gap to break at, stay within a phone's width.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.test_accessibility import WIDER
from tests.flows.system import System
from tests.security.hostile import MARK, made_by
from tests.security.visiting import Person

pytestmark = pytest.mark.browser
NOTICE = "window.pwned = () => { window.wasPwned = true }"


def test_no_page_runs_what_was_written(system: System, signed_in: Callable[[str], Page]) -> None:
    staff = Person(system.url, "staff")
    made = made_by(staff)
    staff.browser.close()
    page, said, ran, shown = signed_in("staff"), list[str](), list[str](), 0
    wide: list[str] = []
    page.set_viewport_size({"width": 320, "height": 800})
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: ran.append(dialog.message))
    page.add_init_script(NOTICE)
    for path in made.pages:
        page.goto(path)
        shown += MARK in page.content()
        if page.evaluate("window.wasPwned === true"):
            ran.append(path)
        if page.evaluate(WIDER) > 0:
            wide.append(path)
    page.set_viewport_size({"width": 1280, "height": 900})  # others have this page after us
    assert wide == []
    assert (ran, said) == ([], [])
    assert shown > len(made.pages) / 2
