"""Every list as a file, of the demonstration register: each has its rows, and no column is empty throughout."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from services.gateway.lists import LISTS
from tests.flows.system import System

pytestmark = pytest.mark.browser
HOME = "greater-manchester-and-cheshire-cardiac-and-stroke-network"
MAY_BE_EMPTY = {
    "networks": {"Other names", "Population served", "Started on"}, "leads": {"Nobody since"},
    "members": {"Until"}, "links": {"Care group of the pathway", "Until", "Note"},
    "overlaps": {"Why dismissed"}, "network-overlaps": {"Why dismissed"},
    "challenges": {"Answered", "Ended", "How it ended"},
    "network-challenges": {"Answered", "Ended", "How it ended", "Subject"},
    "network-standards": {"Why"}, "history": {"Reason"}, "feed": {"Network"},
    "service-changes": {"Approved", "Description"}, "network-service-changes": {"Approved", "Description"},
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_a_file_with_something_in_every_column(
    name: str, system: System, signed_in: Callable[[str], Page]
) -> None:
    page = signed_in("staff")
    record = page.request.get(f"{system.url}/api/networks/{HOME}").json()
    answer = page.request.get(f"{system.url}/downloads/{name}.csv?network={record['id']}&body=Q31&care_group=")
    assert answer.status == 200, answer.text()[-500:]
    headings, *rows = csv.reader(io.StringIO(answer.body().decode("utf-8-sig"), newline=""))
    assert rows or name.startswith("network-")
    empty = {heading for place, heading in enumerate(headings) if not any(row[place] for row in rows)}
    assert not rows or empty <= MAY_BE_EMPTY.get(name, set()), empty


def test_a_page_offers_its_list_as_it_is_filtered(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("staff")
    page.goto("/networks?care_group=stroke")
    with page.expect_download() as download:
        page.click("a:has-text('Excel')")
    assert download.value.suggested_filename.endswith(".xlsx")
    page.goto("/networks?care_group=stroke")
    assert "care_group=stroke" in str(page.locator("a:has-text('CSV')").first.get_attribute("href"))
