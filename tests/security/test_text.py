"""Whatever people write stays text: on every page, in mails, feeds, files and streams, in questions and in the log."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import pytest

from services import gateway
from services.cli.routes import entries
from tests.flows.system import System
from tests.security.hostile import CHARACTERS, MARK, SCRIPT, SYNTAX, Made, harm_in
from tests.security.samples import Samples
from tests.security.visiting import HOME, Site

PAGES = [entry for entry in entries() if entry.part in ("pages", "programs") and entry.method == "GET"]
READ = re.compile(r"""query(?:_params)?(?:\.get(?:list)?\(|\[)"(\w+)\"""")
PAGES_OF_OURS = Path(gateway.__file__).parent
BY_NAME = ("sha", "care_group", "done", "type", "stage", "as_of", "from", "to", "level", "purpose", "side", "health")
"""Parameters that pages read by a name in a variable."""
ASKED = sorted({*BY_NAME, *(name for file in PAGES_OF_OURS.rglob("*.py") for name in READ.findall(file.read_text()))})
"""Every parameter that the gateway reads, as its code says, so that a new one is not forgotten."""
READY = "/health/ready"
"""Answers 503 where a part is away for a moment, whatever was asked."""
AT_ONCE = 4
HARMLESS = [*SYNTAX, *(text for text in CHARACTERS if len(text) < 10_000)]


def test_nothing_that_was_written_runs_on_any_page(site: Site, made: Made) -> None:
    found, shown = {}, 0
    for path in made.pages:
        answer = site.as_("staff").get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["content-security-policy"])
        shown += MARK in answer.text
        if harm := harm_in(answer.text, nonce[1] if nonce else ""):
            found[path] = harm
    assert found == {}
    assert shown > len(made.pages) / 2, "the text stands on most of these pages"


@pytest.mark.parametrize("what", [SCRIPT, f'"><img src=x onerror=pwned()>{SCRIPT}', "' onfocus=pwned() autofocus='"])
def test_what_is_asked_comes_back_as_text(site: Site, samples: Samples, what: str) -> None:
    found = {}
    for entry in (entry for entry in PAGES if entry.part == "pages"):
        path = samples.address(entry.path)
        answer = site.as_("staff").browser.get(path.partition("?")[0], params=dict.fromkeys(ASKED, what))
        nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["content-security-policy"])
        if "html" in answer.headers.get("content-type", "") and (
            harm := harm_in(answer.text, nonce[1] if nonce else "")
        ):
            found[path] = harm
    assert found == {}


def test_no_question_breaks_a_page(site: Site, samples: Samples) -> None:
    paths = [samples.address(entry.path).partition("?")[0] for entry in PAGES]
    texts = (*SYNTAX[::3], *CHARACTERS[5:8])

    def ask(asked: tuple[str, str]) -> httpx.Response:
        return site.as_("staff").browser.get(asked[0], params=dict.fromkeys(ASKED, asked[1]))

    broken = broken_by(ask, [(path, text) for path in paths for text in texts])
    assert [said for said in broken if not (READY in said and said.endswith(": 503"))] == []


@pytest.mark.parametrize(
    "text", ["'\"<%_", "..", "?x=y", "#", "%00", "a\x00b", "\r\n", "%2e%2e%2f", "\ud7ff\uffff", "x" * 5000]
)
def test_no_address_breaks_a_page_or_the_api(site: Site, text: str) -> None:
    broken = []
    for entry in entries():
        if entry.method == "GET" and "{" in entry.path and not entry.part.endswith("(internal)"):
            path = re.sub(r"\{[^}]+\}", lambda _: quote(text, safe=""), entry.path)
            with site.as_("staff").browser.stream("GET", path) as answer:
                if answer.status_code >= 500:
                    broken.append(f"{path[:100]}: {answer.status_code}")
    assert broken == []


def test_no_search_of_the_api_is_broken_by_syntax(site: Site, samples: Samples, document: dict[str, Any]) -> None:
    wanted = []
    for path, item in document["paths"].items():
        names = [p["name"] for p in item.get("get", {}).get("parameters", []) if p["in"] == "query"]
        if names and not path.endswith("/stream"):
            there = samples.address(f"/api{path}").partition("?")[0]
            wanted += [(there, name, text) for text in HARMLESS for name in names]

    def ask(asked: tuple[str, str, str]) -> httpx.Response:
        return site.by_session("GET", asked[0], params={asked[1]: asked[2]})

    assert broken_by(ask, wanted) == []


def test_no_body_of_the_api_is_broken_by_its_text(site: Site, samples: Samples, document: dict[str, Any]) -> None:
    wanted = []
    for path, item in document["paths"].items():
        for method in {"post", "patch", "put"} & set(item):
            content = item[method].get("requestBody", {}).get("content", {}).get("application/json")
            there = samples.address(f"/api{path}").partition("?")[0]
            texts = (*SYNTAX[:6], *CHARACTERS) if content else ()
            wanted += [(method.upper(), there, filled(document, content["schema"], text)) for text in texts]

    def ask(asked: tuple[str, str, Any]) -> httpx.Response:
        return site.by_session(asked[0], asked[1], params={"preview": "true"}, json=asked[2])

    assert broken_by(ask, wanted) == []


def broken_by(ask: Callable[[Any], httpx.Response], wanted: Sequence[Any]) -> list[str]:
    """What of *wanted* broke something; several are asked at once, as the client takes as long as the server."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        statuses = list(threads.map(lambda asked: ask(asked).status_code, wanted))
    return [f"{str(asked)[:200]}: {status}" for asked, status in zip(wanted, statuses, strict=True) if status >= 500]


def filled(document: dict[str, Any], schema: dict[str, Any], text: str) -> Any:
    """A body as *schema* asks for it, with *text* wherever there may be text."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return filled(document, schema[several][0], text)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") in ("date", "date-time"):
        return "2099-01-01" + "T10:00:00Z" * (schema["format"] == "date-time")
    kind = schema.get("type")
    if kind == "object":
        return {name: filled(document, field, text) for name, field in schema.get("properties", {}).items()}
    plain = {"array": [text], "integer": 1, "number": 1, "boolean": False}
    return plain.get(str(kind), text)


NO_TEXT = (
    b'{"name": "\\ud800", "type": "disease", "care_group": "x"}', b'{"name": "a\\u0000b"}', b"\xff\xfe{",
    b'{"name": ' + b"[" * 30_000, b'{"name": 1e999}', b"[" * 100_000,
)  # fmt: skip


@pytest.mark.parametrize("raw", NO_TEXT, ids=range(len(NO_TEXT)))
def test_what_no_text_is_is_refused_with_a_sentence(site: Site, raw: bytes) -> None:
    headers = {"content-type": "application/json", "authorization": f"Bearer {site.token('networks:write')}"}
    answer = httpx.post(f"{site.url}/api/networks", content=raw, headers=headers)
    assert answer.status_code in (400, 422) and answer.json()["detail"]


@pytest.mark.parametrize("address", ["javascript:pwned()", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x", "//evil"])
def test_an_address_that_runs_is_no_address(site: Site, samples: Samples, address: str) -> None:
    tries = (
        ("PATCH", "/api/networks/{network_id}", "web"), ("PATCH", "/api/events/{event_id}", "online_url"),
        ("PATCH", "/api/networks/{network_id}/evidence/{evidence_id}", "link"),
        ("PATCH", "/api/subscriptions/{subscription_id}", "url"),
    )  # fmt: skip
    for method, path, field in tries:
        answer = site.by_session(method, samples.address(path), json={field: address}, params={"preview": "true"})
        assert answer.status_code == 422, f"{path} {field}: {answer.status_code}"


@pytest.mark.parametrize(
    "name", ["idempotency-key", "if-match", "accept", "x-correlation-id", "cookie", "authorization"]
)
def test_no_header_breaks_the_api_or_a_page(site: Site, name: str) -> None:
    for value in ("é", "\x80\xff", "a" * 8000, '"', "W/", "=;=,", "Bearer é"):
        headers = [(b"x-csrf-token", site.as_("staff").form_token.encode()), (name.encode(), value.encode("latin-1"))]
        for method, path in (
            ("GET", "/"),
            ("POST", "/api/networks?preview=true"),
            ("GET", "/api/me"),
            ("GET", "/live/alerts"),
        ):
            with site.as_("staff").browser.stream(method, path, headers=headers) as answer:
                assert answer.status_code < 500, f"{method} {path} with {name} {value[:10]!r}"


def test_feeds_stay_xml_and_say_what_was_written(site: Site, made: Made) -> None:
    for path in (f"/networks/{made.slug}/feed.atom", f"/networks/{HOME}/feed.atom"):
        content = site.as_("anonymous").get(path).content
        root = ET.fromstring(content)
        titles = [entry.findtext("{*}title") or "" for entry in root.iter("{http://www.w3.org/2005/Atom}entry")]
        assert any(SCRIPT in title for title in titles) and b"<script" not in content
    assert b"BEGIN:VCALENDAR" in (calendar := site.as_("anonymous").get(f"/api{_event(site)}/calendar.ics").content)
    assert not re.search(rb"^Bcc:", calendar, re.MULTILINE)


def _event(site: Site) -> str:
    found = site.as_("staff").api("GET", "/events?limit=100&from=2098-01-01").json()["items"]
    return f"/events/{found[0]['id']}"


def test_no_cell_of_a_download_is_a_formula(site: Site, made: Made) -> None:
    content = site.as_("staff").get(f"/downloads/networks.csv?q={MARK}").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert any(MARK in cell for cell in rows[1])
    assert [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell] == []


def test_no_mail_has_another_header_or_anything_that_runs(site: Site, made: Made) -> None:
    mails = site.as_("staff").api("GET", "/mailbox?limit=50").json()["items"]
    assert mails
    for mail in mails:
        found = site.as_("staff").api("GET", f"/mailbox/{quote(mail['message_id'])}").json()
        assert not {name.lower() for name in found["headers"]} & {"bcc", "cc"}
        assert "\n" not in found["subject"] and harm_in(found["html"]) == []


def test_a_stream_s_lines_are_its_own(site: Site, made: Made) -> None:
    staff = site.as_("staff")
    with staff.browser.stream("GET", "/live/changes?after=none") as stream:
        staff.api(
            "PATCH", f"/networks/{made.network_id}", {"aims": "Changed.", "reason": f"\r\nevent: evil\r\n\r\n{SCRIPT}"}
        )
        for line in stream.iter_lines():
            assert not line or line.startswith(("data:", "id:", "event:", "retry:", ":")), line
            if MARK in line:
                assert SCRIPT not in line and harm_in(line) == []
                break


def test_a_line_of_the_log_cannot_be_forged(system: System, site: Site) -> None:
    forged = '\n{"event": "forged_event", "level": "error"}'
    site.as_("anonymous").get(f"/networks/{quote(forged)}?q={quote(forged)}")
    httpx.get(f"{system.url}/networks/none", headers={"x-correlation-id": "x\x1b[2J" + "y" * 500})
    for line in (system.folder / "all.log").read_text().splitlines():
        if line.startswith("{"):
            assert json.loads(line)["event"] != "forged_event"
        assert "\x1b" not in line
