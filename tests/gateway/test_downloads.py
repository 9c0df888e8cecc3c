"""Lists as files: the whole list, as it is filtered, in a form that no spreadsheet runs, and never a shorter one."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.gateway.app import Gateway, gateway
from services.gateway.clients import Upstream
from services.gateway.downloading import TRIES, Download, progress_of
from services.gateway.lists import LISTS
from services.gateway.pages import downloads
from services.registry.app import service
from shared.broadcast.memory import LocalBroadcast
from shared.config import Settings
from shared.errors import Unavailable
from shared.sheets import read
from shared.store.memory import LocalStore
from tests.service_rig import SECRET, STAFF, Rig, rig

TEMPLATES = Path("services/gateway/templates")
NETWORKS = [
    {"name": f"{place} Stroke Network", "type": "disease", "care_group": "stroke", "bodies": ["Q31"], "population": 120}
    for place in ("Ash", "Birch", "Cedar")
]
ODD = {
    "name": "=HYPERLINK(\"http://evil.example\",\"Click\")", "type": "client_group", "care_group": "renal",
    "aims": "-1+2\nand more", "aliases": ["@SUM(A1)", "Plain"], "started_on": "2006-11-23",
}  # fmt: skip


@dataclass
class Site:
    """A gateway before the real register, and a browser's client of it."""

    register: Rig
    gateway: Gateway
    client: httpx.AsyncClient

    async def rows(self, path: str) -> list[list[str]]:
        """The rows of a CSV file, the headings first."""
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Four networks, one of them with an odd name."""
    async with rig(service, tmp_path) as register:
        for network in (*NETWORKS, ODD):
            answer = await register.client.post("/networks", json=network, headers=register.as_(STAFF))
            assert answer.status_code == 201, answer.text
        settings = Settings(secret=SECRET, base_url="http://gateway")
        asked = {"registry": Upstream(register.transport)}
        made = gateway(settings, broadcast=LocalBroadcast(), store=LocalStore(), clients=asked)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://gateway") as client:
            yield Site(register, made, client)


async def test_the_directory_is_downloaded_as_it_is_filtered(site: Site) -> None:
    headings, *rows = await site.rows("/downloads/networks.csv?care_group=stroke&cursor=&show=name")
    assert [row[0] for row in rows] == ["Ash Stroke Network", "Birch Stroke Network", "Cedar Stroke Network"]
    first = dict(zip(headings, rows[0], strict=True))
    assert (first["SHA codes"], first["Population served"], first["Stage"]) == ("Q31", "120", "Informal")
    assert first["Areas covered"].startswith("North West") and first["Page"] == "/networks/ash-stroke-network"
    assert [row[0] for row in (await site.rows("/downloads/networks.csv?q=birch"))[1:]] == ["Birch Stroke Network"]


async def test_every_page_of_the_list_is_in_the_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await site.rows("/downloads/networks.csv")
    object.__setattr__(LISTS["networks"], "limit", 1)
    try:
        assert await site.rows("/downloads/networks.csv") == whole and len(whole) == 5
    finally:
        object.__setattr__(LISTS["networks"], "limit", 100)


async def test_nothing_in_a_file_runs_and_it_stays_readable(site: Site) -> None:
    headings, row = await site.rows("/downloads/networks.csv?care_group=renal")
    cells = dict(zip(headings, row, strict=True))
    assert cells["Name"] == f"'{ODD['name']}" and cells["Aims"] == f"'{ODD['aims']}"
    assert cells["Other names"] == "'@SUM(A1); Plain"
    content = (await site.client.get("/downloads/networks.xlsx?care_group=renal")).content
    async with read(content) as (about, batches):
        (found,) = [batch async for batch in batches]
    assert about.kind == "workbook" and found[1].cells[0] == ODD["name"]


async def test_a_workbook_says_the_same_as_the_text(site: Site) -> None:
    text = await site.rows("/downloads/networks.csv?care_group=stroke")
    answer = await site.client.get("/downloads/networks.xlsx?care_group=stroke")
    assert answer.headers["content-disposition"].startswith("attachment") and answer.headers["content-type"].endswith(
        "spreadsheetml.sheet"
    )
    async with read(answer.content) as (_, batches):
        (rows,) = [batch async for batch in batches]
    moments = text[0].index("Last changed")
    for ours, theirs in zip(text, rows, strict=True):
        padded = [*theirs.cells, *[""] * (len(ours) - len(theirs.cells))]
        del ours[moments], padded[moments]  # to the minute there, to the microsecond here
        assert padded == ours


async def test_what_was_downloaded_is_imported_again_and_changes_nothing(site: Site) -> None:
    for format_ in ("csv", "xlsx"):
        content = (await site.client.get(f"/downloads/networks.{format_}")).content
        staff = site.register.as_(STAFF)
        answer = await site.register.client.post("/networks/imports?dry_run=true", content=content, headers=staff)
        found = answer.json()
        assert (found["new"], found["changed"], found["duplicate"], found["wrong"]) == (0, 0, 4, 0), found


async def test_a_list_as_it_stood_is_downloaded_as_it_stood(site: Site) -> None:
    assert len(await site.rows("/downloads/networks.csv?as_of=2006-01-01")) == 1


async def test_who_may_not_read_a_list_gets_no_file(site: Site) -> None:
    answer = await site.client.get("/downloads/overlaps.csv")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    for path in ("/downloads/secrets.csv", "/downloads/networks.pdf", "/downloads/links.csv"):
        assert (await site.client.get(path)).status_code == 404


async def test_a_long_list_has_a_page_that_shows_how_far_it_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "LONG", 3)
    answer = await site.client.get("/downloads/networks.csv?care_group=")
    assert answer.status_code == 303
    page = await site.client.get(answer.headers["location"])
    assert "4 rows" in page.text and "It has not begun." in page.text
    file = re.search(r'href="(/downloads/networks\.csv[^"]*)"', page.text)
    assert file
    token = re.search(r"progress=([^&\"]+)", file[1])
    assert token and len(await site.rows(file[1].replace("&amp;", "&"))) == 5
    progress = await progress_of(site.gateway.edge.store, token[1])
    assert progress and (progress.done, progress.total, progress.over) == (4, 4, True)
    assert "Complete." in (await site.client.get(answer.headers["location"])).text


async def test_a_list_that_breaks_off_is_no_shorter_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    object.__setattr__(LISTS["networks"], "limit", 2)
    pages, asked = Download._page, 0

    async def away(self: Download, cursor: str) -> Any:
        nonlocal asked
        asked += 1
        if cursor:
            raise Unavailable
        return await pages(self, cursor)

    monkeypatch.setattr(Download, "_page", away)
    monkeypatch.setattr("services.gateway.downloading.PAUSE", 0)
    try:
        with pytest.raises(Unavailable):
            await site.client.get("/downloads/networks.csv")
    finally:
        object.__setattr__(LISTS["networks"], "limit", 100)
    assert asked == 1 + TRIES
    await asyncio.sleep(0)


def test_every_list_is_offered_by_a_page() -> None:
    shown = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    assert [name for name in LISTS if f'downloads(visit, "{name}"' not in shown] == []


async def test_a_list_is_a_file_at_the_api_s_address_with_its_ending_or_by_accept(site: Site) -> None:
    names = [each["name"] for each in NETWORKS]
    by_ending = await site.rows("/api/networks.csv?care_group=stroke&limit=1")
    assert [row[0] for row in by_ending[1:]] == names
    assert by_ending == await site.rows("/downloads/networks.csv?care_group=stroke")
    by_accept = await site.client.get("/api/networks?care_group=stroke", headers={"accept": "text/csv"})
    assert by_accept.content == (await site.client.get("/api/networks.csv?care_group=stroke")).content
    book = await site.client.get("/api/networks.xlsx?care_group=stroke")
    assert book.headers["content-type"].endswith("spreadsheetml.sheet") and book.content[:2] == b"PK"


async def test_a_program_gets_as_json_what_it_does_not_ask_for_as_a_file(site: Site) -> None:
    for accept in ("*/*", "application/json", "text/html, */*"):
        answer = await site.client.get("/api/networks", headers={"accept": accept})
        assert answer.headers["content-type"] == "application/json"
    assert (await site.client.get("/api/networks/ash-stroke-network.pdf")).status_code == 404
    assert (await site.client.post("/api/networks.csv")).status_code in (404, 405)
    head = await site.client.head("/api/networks.csv")
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "text/csv; charset=utf-8")


async def test_a_list_as_a_file_is_refused_as_the_list_is(site: Site) -> None:
    answer = await site.client.get("/api/networks.csv?as_of=never")
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    assert (await site.client.get("/api/overlaps.csv")).status_code == 401


@pytest.mark.parametrize(
    "address", ["/downloads/networks.csv?columns=host,areas", "/api/networks.csv?columns=host,areas"]
)
async def test_a_file_has_the_chosen_columns(site: Site, address: str) -> None:
    headings, *_ = await site.rows(address)
    assert {"Name", "Host organisation", "Areas covered", "Page"} <= set(headings)
    assert not {"Who leads", "Aims", "E-mail", "Population served", "Started on"} & set(headings)
