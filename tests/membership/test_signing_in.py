"""Signing in, personal tokens, and what only the gateway may ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.membership.commands import first_account_link, make_token
from services.membership.commands.tokens import UnknownScope
from services.membership.queries import principal_by_email
from services.membership.tables import Account
from shared import clock
from shared.auth import Principal
from tests.membership.conftest import BOTH, everything
from tests.service_rig import STAFF

RIGHT = {"email": "ann.example@people.example", "password": "correct horse battery"}


async def with_account(membership: Any, **fields: Any) -> Principal:
    ann: Principal = await membership.person(**fields)
    path = f"/people/{ann.person_id}/password"
    assert (await membership.ask("POST", path, {"password": RIGHT["password"]})).status_code == 204
    return ann


@BOTH
async def test_the_right_password_signs_in_and_nothing_else_does(membership: Any) -> None:
    ann = await with_account(membership, bodies=["Q31"])
    answer = await membership.gateway("POST", "/internal/sign-in", {**RIGHT, "email": "Ann.Example@people.example"})
    who = {"person_id": ann.person_id, "name": "Ann Example", "is_staff": False, "bodies": ["Q31"]}
    assert answer.json() == {**who, "email": "ann.example@people.example", "has_second_factor": False}
    for wrong in ({"password": "wrong"}, {"email": "nobody@people.example"}, {"email": ""}, {"password": ""}):
        refused = await membership.gateway("POST", "/internal/sign-in", {**RIGHT, **wrong})
        assert refused.status_code == 401, wrong
        assert refused.json()["detail"].startswith("The e-mail address or the password is not right")


async def test_a_password_is_stored_as_argon2(membership: Any) -> None:
    await with_account(membership)
    async with membership.rig.parts.database.reading() as session:
        assert (await session.execute(select(Account.password))).scalar_one().startswith("$argon2id$")


async def test_ones_own_password_changes_only_with_the_present_one(membership: Any) -> None:
    ann = await with_account(membership)
    path, new = f"/people/{ann.person_id}/password", {"password": "another long one"}
    assert (await membership.ask("POST", path, new, by=ann)).status_code == 403
    assert (await membership.ask("POST", path, {**new, "present": RIGHT["password"]}, by=ann)).status_code == 204
    assert (await membership.gateway("POST", "/internal/sign-in", RIGHT)).status_code == 401


async def test_internal_routes_are_for_the_gateway_alone(membership: Any) -> None:
    for by in (STAFF, Principal("someone", scopes=frozenset({"internal"}))):
        assert (await membership.ask("POST", "/internal/sign-in", RIGHT, by=by)).status_code == 403
        assert (await membership.ask("GET", "/internal/principals/x", by=by)).status_code == 403


@BOTH
async def test_a_token_stands_for_its_owner_with_its_scopes_until_withdrawn(membership: Any) -> None:
    ann = await membership.person()
    made = (await membership.ask("POST", "/tokens", {"scopes": ["networks:read"], "days": 1}, by=ann)).json()
    resolved = (await membership.gateway("POST", "/internal/tokens/resolve", {"token": made["token"]})).json()
    assert (resolved["person_id"], resolved["scopes"]) == (ann.person_id, ["networks:read"])
    assert (await membership.ask("DELETE", f"/tokens/{made['id']}", by=STAFF)).status_code == 404
    assert (await membership.ask("DELETE", f"/tokens/{made['id']}", by=ann)).status_code == 204
    gone = await membership.gateway("POST", "/internal/tokens/resolve", {"token": made["token"]})
    assert gone.status_code == 401


async def test_the_secret_of_a_token_is_kept_nowhere(membership: Any) -> None:
    ann = await membership.person()
    made = await membership.ask("POST", "/tokens", {"scopes": ["read"]}, by=ann, idempotency_key="once")
    assert made.json()["token"] not in await everything(membership)


async def test_a_token_makes_none_that_may_do_more(membership: Any) -> None:
    ann = await membership.person()
    narrow = Principal(ann.person_id, scopes=frozenset({"people:write", "people:read"}))
    assert (await membership.ask("POST", "/tokens", {"scopes": ["write"]}, by=narrow)).status_code == 403
    assert (await membership.ask("POST", "/tokens", {"scopes": ["people:read"]}, by=narrow)).status_code == 201
    unknown = await membership.ask("POST", "/tokens", {"scopes": ["everything"]}, by=ann)
    assert unknown.status_code == 422 and "networks:read" in unknown.json()["detail"]


async def test_the_command_lines_token_says_which_scopes_there_are(membership: Any) -> None:
    ann = await membership.person()
    async with membership.rig.parts.database.transaction() as session:
        secret = await make_token(session, email="Ann.Example@people.example", scopes=["read"], days=2)
        assert (await principal_by_email(session, "ann.example@people.example")).person_id == ann.person_id
        with pytest.raises(UnknownScope, match="oversight:write"):
            await make_token(session, email="ann.example@people.example", scopes=["reed"], days=2)
    assert secret.startswith("tid_")
    with clock.at(clock.now() + timedelta(days=3)):
        late = await membership.gateway("POST", "/internal/tokens/resolve", {"token": secret})
    assert late.status_code == 401


async def test_me_says_who_and_where_i_am(membership: Any) -> None:
    ann = await membership.person(bodies=["Q31"])
    await membership.give("stroke", ann, "chair")
    me = (await membership.ask("GET", "/me", by=ann)).json()
    assert (me["person"]["id"], me["scopes"], me["is_staff"]) == (ann.person_id, ["read", "write"], False)
    assert me["networks"] == [{"id": "stroke", "name": "Stroke Network", "slug": "stroke-network", "role": "chair"}]
    assert me["bodies"] == [{"code": "Q31", "name": "North West Strategic Health Authority"}]


@BOTH
async def test_the_first_link_makes_one_member_of_staff(membership: Any) -> None:
    async with membership.rig.parts.database.transaction() as session:
        link = await first_account_link(session)
    body = {**RIGHT, "name": "First Staff", "link": link}
    assert (await membership.gateway("POST", "/internal/accounts/first", {**body, "link": "x"})).status_code == 401
    made = await membership.gateway("POST", "/internal/accounts/first", body)
    assert (made.status_code, made.json()["is_staff"]) == (201, True)
    again = {**body, "email": "two@people.example"}
    assert (await membership.gateway("POST", "/internal/accounts/first", again)).status_code == 401
    assert (await membership.gateway("POST", "/internal/sign-in", RIGHT)).status_code == 200
    async with membership.rig.parts.database.transaction() as session:
        assert await first_account_link(session) is None


@BOTH
async def test_a_token_is_listed_with_its_name_and_when_it_was_used_last(membership: Any) -> None:
    ann = await membership.person()
    body = {"name": "Data warehouse", "scopes": ["networks:read"], "days": 1}
    made = (await membership.ask("POST", "/tokens", body, by=ann)).json()
    listed = (await membership.ask("GET", "/tokens", by=ann)).json()["items"][0]
    assert (listed["name"], listed["used_at"]) == ("Data warehouse", None)
    await membership.gateway("POST", "/internal/tokens/resolve", {"token": made["token"]})
    assert (await membership.ask("GET", "/tokens", by=ann)).json()["items"][0]["used_at"]
