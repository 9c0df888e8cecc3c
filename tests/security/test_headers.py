"""Every answer, whatever it is, tells a browser what to refuse."""

from __future__ import annotations

import re

import httpx
import pytest

from services.gateway.guard import HARDENED, Guard
from shared.config import Settings
from tests.flows.system import System
from tests.security.visiting import HOME, Site

ANSWERS = (
    ("GET", "/", 200), ("GET", "/there-is-no-page", 404), ("GET", f"/networks/{HOME}", 200), ("GET", "/staff", 303),
    ("GET", "/sign-in", 200), ("POST", "/sign-in", 403), ("DELETE", "/", 405), ("GET", "/downloads/networks.csv", 200),
    ("GET", "/downloads/networks.xlsx", 200), ("GET", "/api/networks", 200), ("GET", "/api/me", 401),
    ("GET", "/api/nothing", 404), ("POST", "/api/networks", 401), ("PUT", "/api/networks", 405),
    ("GET", "/api/networks?limit=wide", 422), ("GET", "/api/openapi.json", 200), ("GET", "/api/asyncapi.json", 200),
    ("GET", "/fhir/metadata", 200), ("GET", "/fhir/Nothing", 404), ("GET", f"/networks/{HOME}/feed.atom", 200),
    ("GET", "/oversight/Q31/feed.atom", 401), ("GET", "/health/live", 200), ("GET", "/metrics", 200),
    ("GET", "/static/old/nhsuk-frontend-10.6.1.min.css", 200), ("GET", "/static/old/none.css", 404),
    ("GET", "/push-worker.js", 200), ("GET", "/live/alerts", 401), ("GET", "/live/changes", 200),
    ("GET", "/api/newsletter/issues/none/progress", 401), ("OPTIONS", "/api/networks", 405),
)  # fmt: skip
PAGES = ("/", "/networks", f"/networks/{HOME}", "/alerts", "/staff", "/there-is-no-page", "/sign-out", "/preferences")


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_an_answer_says_what_to_refuse(system: System, method: str, path: str, status: int) -> None:
    with httpx.stream(method, system.url + path) as answer:
        assert answer.status_code == status
        assert {name.decode() for name, _ in HARDENED} - set(answer.headers) == set()
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "default-src '" in answer.headers["content-security-policy"]
        assert not {"server", "x-powered-by", "access-control-allow-origin"} & set(answer.headers)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_its_own_scripts_and_no_other(site: Site, path: str) -> None:
    answers = [site.as_("staff").get(path) for _ in range(2)]
    nonces = [re.search(r"'nonce-([\w-]+)'", answer.headers["content-security-policy"]) for answer in answers]
    assert nonces[0] and nonces[1] and nonces[0][1] != nonces[1][1]
    for inline in re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", answers[0].text):
        assert f'nonce="{nonces[0][1]}"' in inline, inline
    assert not re.search(r"<[^>]+\s(?:on\w+|style)=", answers[0].text), "an inline handler or style"
    assert not re.search(r"""(?:href|src|action)=["']?\s*javascript:""", answers[0].text, re.IGNORECASE)


@pytest.mark.parametrize(("base", "expected"), [("https://tidings.example", True), ("http://tidings.example", False)])
async def test_a_browser_is_told_to_insist_on_https_where_it_is_served(base: str, expected: bool) -> None:
    async def app(_scope: object, _receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    guarded = Guard(app, Settings(base_url=base, secret="s" * 32))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=guarded), base_url=base) as client:
        assert ("strict-transport-security" in (await client.get("/")).headers) is expected


def test_nobody_elsewhere_may_read_with_a_reader_s_cookies(site: Site) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "PATCH"}
    for path in ("/api/me", "/alerts", "/live/alerts", "/fhir/metadata"):
        answer = site.as_("staff").browser.options(path, headers=asked)
        assert answer.status_code in (404, 405)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    mine = site.as_("staff").get("/api/me", origin="https://evil.example")
    assert not [name for name in mine.headers if name.startswith("access-control-")]
