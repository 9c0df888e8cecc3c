"""A token with few scopes makes itself no wider: not by another token, a password, an address, or somebody of staff."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.service_rig import STAFF

NARROW = replace(STAFF, scopes=frozenset({"people:read", "people:write"}))
"""A staff token that may read and change people, and nothing else."""
PASSWORD = "violet-otter-marches-north"


@pytest.mark.parametrize("standing", [{"is_staff": True}, {"bodies": ["Q31"]}, {"is_associate": True}])
async def test_it_makes_nobody_staff_officer_or_associate(membership: Any, standing: dict[str, Any]) -> None:
    ann = await membership.person()
    path = f"/people/{ann.person_id}"
    assert (await membership.ask("PATCH", path, standing, by=NARROW)).status_code == 403
    body = {"name": "Eve Example", "email": "eve@people.example", **standing}
    refused = await membership.ask("POST", "/people", body, by=NARROW)
    assert refused.status_code == 403 and "takes a token with the scopes read and write" in refused.json()["detail"]
    assert (await membership.ask("GET", "/people?q=eve")).json()["total"] == 0


async def test_it_gives_nobody_a_password_an_address_or_back_the_way_in_without_the_app(membership: Any) -> None:
    ann = await membership.person()
    path = f"/people/{ann.person_id}"
    for method, there, body in (
        ("POST", f"{path}/password", {"password": PASSWORD}), ("PATCH", path, {"email": "eve@people.example"}),
        ("DELETE", f"{path}/second-factor", None),
    ):  # fmt: skip
        assert (await membership.ask(method, there, body, by=NARROW)).status_code == 403, there
    own = replace(ann, scopes=NARROW.scopes)
    assert (await membership.ask("POST", f"{path}/password", {"password": PASSWORD}, by=own)).status_code == 403
    assert (await membership.ask("GET", path)).json()["email"] == "ann.example@people.example"


async def test_what_opens_nothing_it_may_still_change_and_a_whole_token_may_do_all(membership: Any) -> None:
    ann = await membership.person()
    path = f"/people/{ann.person_id}"
    assert (await membership.ask("PATCH", path, {"professions": ["nurse"]}, by=NARROW)).status_code == 200
    assert (await membership.ask("POST", "/people", {"name": "Ben Example"}, by=NARROW)).status_code == 201
    assert (await membership.ask("PATCH", path, {"is_staff": True, "email": "a@people.example"})).status_code == 200
    assert (await membership.ask("POST", f"{path}/password", {"password": PASSWORD})).status_code == 204
    with_present = {"password": "amber-heron-walks-southward", "present": PASSWORD}
    own = replace(ann, scopes=NARROW.scopes)
    assert (await membership.ask("POST", f"{path}/password", with_present, by=own)).status_code == 204


@pytest.mark.parametrize("wanted", [["read"], ["write"], ["networks:read"], ["people:write", "alerts:read"]])
async def test_it_makes_no_token_that_may_do_more_than_itself(membership: Any, wanted: list[str]) -> None:
    staff = await membership.person("Stan Staff", is_staff=True)
    narrow = replace(staff, scopes=NARROW.scopes)
    refused = await membership.ask("POST", "/tokens", {"scopes": wanted, "days": 1}, by=narrow)
    assert refused.status_code == 403
    body = {"scopes": ["people:read"], "days": 1}
    assert (await membership.ask("POST", "/tokens", body, by=narrow)).status_code == 201
