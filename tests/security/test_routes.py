"""Every route of the running system, gone to as everybody: it answers as docs/routes.md says, and never with an error.

Changes are asked for as previews: each is authorised and made as ever, and then taken back.
"""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from services.cli.composition import load
from services.cli.routes import INTERNAL as INTERNAL_RULE
from services.cli.routes import PEOPLE, TEAM, WHO, YES, Entry, entries
from shared.auth import ANYBODY, AREAS, GATEWAY, Principal, sign
from shared.config import SERVICES
from tests.security.samples import Samples
from tests.security.visiting import Site
from tests.service_rig import STAFF, rig

ENTRIES = entries()
API = [entry for entry in ENTRIES if entry.part == "api"]
INTERNAL = [entry for entry in ENTRIES if entry.part.endswith("(internal)") and entry.rule == INTERNAL_RULE]
SCOPES = {f"{area}:{verb}" for area in AREAS for verb in ("read", "write")}
ONLY_A_MAIL_HAS_IT = {
    "/invitation/{key}", "/confirm-address/{key}", "/sign-in/end/{made}",
    "/newsletter/confirm/{token}", "/unsubscribe/{token}", "/preferences/{made}", "/preferences/{made}/why/{id}",
    "/api/unsubscribe/{token}", "/api/newsletter/confirmations/{token}", "/api/preferences/pass/{made}",
    "/api/preferences/pass/{made}/why/{message_id}",
}  # fmt: skip
"""Routes whose links are signed for one reader, so that the walk finds nothing there."""
NOTHING_THERE = {
    "/{path:path}", "/fhir{rest:path}", "/api/me/email-change", "/api/networks/{network_id}/merge",
    "/sign-in/provider", "/sign-in/provider/back",
}  # fmt: skip
"""No address waits to be confirmed, no merge to be undone; the last two are there where an identity provider is set."""

TAKES_MORE = {
    "DELETE /api/people/{person_id}/second-factor", "POST /api/feed-key",
    "PATCH /api/subscriptions/{subscription_id}", "POST /api/subscriptions/{subscription_id}/secret",
}  # fmt: skip
"""What a token of this scope alone may not do, lest it makes itself wider: by way of an account, or of a feed."""


def asked(site: Site, samples: Samples, entry: Entry, who: str) -> httpx.Response:
    """*entry* as *who* asks for it: a page by its form, the API by a program."""
    if entry.method == "POST" and entry.path == "/sign-out":
        return site.signing_out(who)
    person = site.as_(who)
    path = "/api" * entry.part.endswith("(internal)") + samples.address(entry.path)
    if entry.part == "pages":
        return (
            person.get(path) if entry.method == "GET" else person.post(path, preview="yes", **samples.form(entry.path))
        )
    if entry.part == "streams":
        with person.browser.stream("GET", path) as answer:
            return answer
    if entry.method == "GET":
        return person.get(path)
    person.browser.headers["x-csrf-token"] = person.form_token
    return person.browser.request(entry.method, path, params={"preview": "true"}, json={})


def said(answer: httpx.Response, expected: str) -> str:
    """An answer in the words of the table."""
    if answer.url.path.startswith("/sign-in") and answer.status_code in (200, 303, 401):
        return YES
    if answer.status_code == 404 and expected in ("403", "404"):
        return expected
    if answer.status_code == 303 and answer.headers["location"].startswith("/sign-in"):
        return "303"
    if answer.status_code in (401, 403) or answer.status_code >= 500:
        return str(answer.status_code)
    return YES


@pytest.mark.parametrize("who", PEOPLE)
def test_every_route_answers_everybody_as_the_table_says(site: Site, samples: Samples, who: str) -> None:
    wrong = []
    for entry in ENTRIES:
        answer = asked(site, samples, entry, who)
        expected = entry.expected(who)
        found = said(answer, expected)
        if found != expected:
            wrong.append(f"{entry.method} {entry.path}: {answer.status_code}, expected {expected}: {answer.text[:100]}")
    assert wrong == []


def test_the_walk_arrives_wherever_there_is_something(site: Site, samples: Samples) -> None:
    missed = set()
    for entry in ENTRIES:
        if entry.method == "GET" and not entry.part.endswith("(internal)"):
            answers = (asked(site, samples, entry, who) for who in ("staff", "member"))
            if not any(answer.status_code < 400 for answer in answers):
                missed.add(entry.path)
    assert missed == ONLY_A_MAIL_HAS_IT | NOTHING_THERE


def test_a_token_does_what_its_scope_says_and_nothing_else(site: Site, samples: Samples) -> None:
    wrong = []
    for entry in API:
        path = samples.address(entry.path)
        path += "" if entry.method == "GET" else "?preview=true"
        others = site.by_token(site.token(*(SCOPES - {entry.scope})), entry.method, path, {})
        if others.status_code != 403 or entry.scope not in others.json()["detail"]:
            wrong.append(f"{entry.method} {entry.path} without {entry.scope}: {others.status_code}")
        with_it = site.by_token(site.token(entry.scope), entry.method, path, {})
        is_enough = f"{entry.method} {entry.path}" not in TAKES_MORE
        if (with_it.status_code in (401, 403)) is is_enough and WHO[entry.rule] >= TEAM:
            wrong.append(f"{entry.method} {entry.path} with {entry.scope}: {with_it.status_code}")
    assert wrong == []


@pytest.mark.parametrize("name", SERVICES)
async def test_what_is_internal_is_for_the_gateway_alone(name: str, tmp_path: Path) -> None:
    strangers = (ANYBODY, STAFF, Principal("gateway"), Principal("somebody", is_staff=True, scopes=GATEWAY.scopes))
    async with rig(load(name), tmp_path) as running:
        for entry in (entry for entry in INTERNAL if entry.part.startswith(name)):
            path = entry.path.replace("{", "").replace("}", "")
            for by in strangers:
                answer = await running.client.request(entry.method, path, json={}, headers=running.as_(by))
                assert answer.status_code == 403, f"{entry.method} {path} by {by}"
            forged = {"authorization": f"Bearer {sign(GATEWAY, 'another key of thirty-two letters')}"}
            answer = await running.client.request(entry.method, path, json={}, headers=forged)
            assert answer.status_code == 401, f"{entry.method} {path} with a forged token"
            answer = await running.client.request(entry.method, path, json={}, headers=running.as_(GATEWAY))
            assert answer.status_code not in (401, 403, 500), f"{entry.method} {path}: {answer.text}"
