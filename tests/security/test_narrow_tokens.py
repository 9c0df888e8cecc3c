"""A token gets by every way what its scopes let it read, and nothing more: lists in each form, searches, batches."""

from __future__ import annotations

import httpx
import pytest

from services.gateway.lists import LISTS
from shared.auth import AREAS
from tests.security.samples import Samples
from tests.security.visiting import Site

FORMS = {"": "application/json", ".csv": "text/csv", ".xlsx": "application/vnd.openxml"}
AREA = {"membership": "people", "oversight": "oversight"}
"""The area of a service's lists, where it is not networks."""
GIVEN = {"{network}": "{network_id}", "{body}": "{body}"}
KINDS = {
    "networks:read": {"network"}, "people:read": {"person", "organisation"}, "events:read": {"event"},
    "newsletter:read": {"issue"}, "alerts:read": {"change"},
}  # fmt: skip


@pytest.fixture(scope="module")
def samples(site: Site) -> Samples:
    """Real things to ask for."""
    return Samples(site)


def asked(site: Site, token: str, path: str) -> httpx.Response:
    return httpx.get(f"{site.url}/api{path}", headers={"authorization": f"Bearer {token}"}, timeout=30)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_with_its_own_scope_alone_in_every_form(name: str, site: Site, samples: Samples) -> None:
    listing = LISTS[name]
    path, area = listing.path, AREA.get(listing.service, "networks")
    for theirs, ours in GIVEN.items():
        path = path.replace(theirs, ours)
    path, query = samples.address(path).partition("?")[::2]
    fitting = site.token(f"{area}:read")
    others = site.token(*(f"{each}:read" for each in AREAS if each != area), f"{area}:write")
    for ending, kind in FORMS.items():
        there = f"{path}{ending}?{query}"
        assert asked(site, others, there).status_code == 403, there
        found = asked(site, fitting, there)
        assert (found.status_code, found.headers["content-type"].startswith(kind)) == (200, True), there
    by_header = {"authorization": f"Bearer {others}", "accept": "text/csv"}
    assert httpx.get(f"{site.url}/api{path}?{query}", headers=by_header, timeout=30).status_code == 403


@pytest.mark.parametrize("scope", KINDS)
def test_a_search_finds_what_the_scopes_let_it_read(scope: str, site: Site) -> None:
    kinds = set()
    for word in ("ha", "stroke", "network"):
        found = asked(site, site.token(scope), f"/search?q={word}").json()
        kinds |= {group["kind"] for group in found["items"]}
    assert kinds <= KINDS[scope]
    everything = asked(site, site.token("read"), "/search?q=ha").json()
    assert {"network", "person"} <= {group["kind"] for group in everything["items"]}


def test_batches_are_read_and_made_each_with_its_own_scope(site: Site, samples: Samples) -> None:
    reading, writing = site.token("networks:read"), site.token("networks:write")
    batch = samples.address("/batches/{batch_id}")
    roles = samples.address("/role-batches/{batch_id}")
    for path in ("/batches", "/role-batches", batch, roles, f"{batch}/networks"):
        assert site.by_token(reading, "GET", f"/api{path}").status_code == 200, path
        assert site.by_token(writing, "GET", f"/api{path}").status_code == 403, path
    body = {"networks": [samples.network_id], "change": {"level": "national"}}
    role = {"networks": [samples.network_id], "person_id": samples.member_id, "role": "chair"}
    for path, sent in (("/batches", body), ("/role-batches", role), (f"{batch}/undo", {}), (f"{batch}/stop", {})):
        for token in (reading, site.token("people:write", "people:read")):
            assert site.by_token(token, "POST", f"/api{path}?preview=true", sent).status_code == 403, path
    assert site.by_token(writing, "POST", "/api/batches?preview=true", body).status_code == 200


def test_a_narrow_token_opens_no_wider_way_in(site: Site, samples: Samples) -> None:
    token = site.token("people:read", "people:write")
    assert site.by_token(token, "POST", "/api/tokens", {"scopes": ["read", "write"], "days": 1}).status_code == 403
    person = f"/api/people/{samples.member_id}"
    for method, path, body in (
        ("POST", f"{person}/password", {"password": "violet-otter-marches-north"}),
        ("PATCH", person, {"is_staff": True}), ("PATCH", person, {"email": "eve@people.example"}),
        ("POST", "/api/people", {"name": "Eve Example", "email": "eve@people.example", "is_staff": True}),
    ):  # fmt: skip
        assert site.by_token(token, method, path, body).status_code == 403, path
    for page in ("/staff", "/account", "/networks/together"):
        opened = httpx.get(site.url + page, headers={"authorization": f"Bearer {token}"}, timeout=30)
        assert "sign-in" in opened.headers.get("location", ""), page


def test_what_needs_the_staff_is_told_to_a_token_for_operations_alone(site: Site) -> None:
    found = site.by_token(site.token("operations:read"), "GET", "/api/needs")
    assert found.status_code == 200 and {"Failures", "Imports", "Red networks"} <= {
        kind["name"] for kind in found.json()["items"]
    }
    assert all(kind["total"] >= len(kind["needs"]) for kind in found.json()["items"])
    for token in (site.token("networks:read"), site.token("people:read", "people:write")):
        assert site.by_token(token, "GET", "/api/needs").status_code == 403
    assert site.as_("member").api("GET", "/needs").status_code == 403
