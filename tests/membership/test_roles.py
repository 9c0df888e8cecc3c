"""Who is what in a network: joining, leading, replacing, and who may say so."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.membership.tables import Role
from services.membership.turning import turn_roles
from shared import clock
from shared.auth import ANYBODY, Principal
from tests.days import today
from tests.membership.conftest import BOTH
from tests.service_rig import STAFF

MEMBERSHIPS = "membership.memberships"


@BOTH
async def test_join_and_leave(membership: Any) -> None:
    ann = await membership.person()
    joined = await membership.ask("POST", "/networks/stroke/join", {}, by=ann)
    assert (joined.status_code, joined.json()["role"], joined.json()["name"]) == (201, "member", "Ann Example")
    assert (await membership.ask("POST", "/networks/stroke/join", {}, by=ann)).status_code == 409
    members = (await membership.ask("GET", "/networks/stroke-network/members", by=ann)).json()
    assert [member["person_id"] for member in members["items"]] == [ann.person_id]
    left = await membership.ask("POST", "/networks/stroke/leave", {}, by=ann)
    assert [role["status"] for role in left.json()["items"]] == ["ended"]
    assert (await membership.ask("GET", "/networks/stroke/members", by=ann)).json()["total"] == 0
    assert (await membership.ask("POST", "/networks/stroke/leave", {}, by=ann)).status_code == 409


async def test_joining_is_told_to_the_person_and_the_leads_alone(membership: Any) -> None:
    lead, ann = await membership.person("Lee Lead"), await membership.person()
    await membership.give("stroke", lead, "lead_manager")
    await membership.ask("POST", "/networks/stroke/join", {}, by=ann)
    told = (await membership.said(MEMBERSHIPS))[-1].announcement
    assert told.headline == f"{{person:{ann.person_id}}} joined Stroke Network"
    assert told.significance == "minor"
    assert set(told.concerns.audiences()) == {f"person:{ann.person_id}", f"person:{lead.person_id}"}


@BOTH
async def test_a_new_lead_replaces_the_present_one_and_is_told_once(membership: Any) -> None:
    old, new = await membership.person("Olga Old"), await membership.person("Nia New")
    first = await membership.give("stroke", old, "lead_manager", **{"from": str(today() - timedelta(days=30))})
    answer = await membership.give("stroke", new, "lead_manager", reason="Olga retired")
    assert answer.status_code == 201 and answer.json()["from"] == str(today())
    roles = (await membership.ask("GET", "/networks/stroke/roles", by=ANYBODY)).json()
    assert [(role["role"], role["name"]) for role in roles["items"]] == [("lead_manager", "Nia New")]
    assert roles["vacancies"] == ["lead_doctor", "lead_nurse", "lead_professional"]
    _, ended, taken = await membership.said(MEMBERSHIPS)
    last = str(today() - timedelta(days=1))
    assert (ended.key, ended.subject, ended.state["until"]) == ("stroke", first.json()["id"], last)
    assert ended.announcement is None
    told = taken.announcement
    assert told.headline == f"{{person:{new.person_id}}} is the new lead manager of Stroke Network"
    assert (told.category, told.significance, told.path) == ("governance", "major", "/networks/stroke-network")
    people = {f"person:{new.person_id}", f"person:{old.person_id}"}
    assert set(told.concerns.audiences()) == {"network:stroke", "body:Q31", "care_group:stroke", *people}


async def test_a_lead_that_ends_without_a_successor_leaves_a_vacancy(membership: Any) -> None:
    ann = await membership.person()
    role = (await membership.give("stroke", ann, "lead_manager", **{"from": "2020-01-01"})).json()
    last = str(today() - timedelta(days=1))
    ended = await membership.ask("POST", f"/networks/stroke/roles/{role['id']}/end", {"to": last})
    assert (ended.status_code, ended.json()["to"], ended.json()["status"]) == (200, last, "ended")
    told = (await membership.said(MEMBERSHIPS))[-1].announcement
    assert told.headline == f"Stroke Network has no lead manager since {today().day} {today():%B}"
    again = await membership.ask("POST", f"/networks/stroke/roles/{role['id']}/end", {})
    assert again.status_code == 409


@BOTH
async def test_of_two_who_replace_a_lead_at_once_one_remains(membership: Any) -> None:
    people = [await membership.person(f"Person {n}") for n in range(8)]
    answers = await asyncio.gather(*(membership.give("stroke", person, "lead_doctor") for person in people))
    assert [answer.status_code for answer in answers] == [201] * 8
    roles = (await membership.ask("GET", "/networks/stroke/roles")).json()["items"]
    assert len(roles) == 1
    said = await membership.said(MEMBERSHIPS)
    active: set[str] = set()
    for message in said:  # told in order: never two at once
        (active.add if message.state["status"] == "active" else active.discard)(message.subject)
        assert len(active) <= 1
    assert active == {roles[0]["id"]}


async def test_a_member_cannot_set_roles_and_a_lead_only_those_of_their_network(membership: Any) -> None:
    lead, ann = await membership.person("Lee Lead"), await membership.person()
    await membership.give("stroke", lead, "lead_manager")
    await membership.ask("POST", "/networks/stroke/join", {}, by=ann)
    assert (await membership.give("stroke", ann, "chair", by=ann)).status_code == 403
    assert (await membership.give("cancer", ann, "chair", by=lead)).status_code == 403
    assert (await membership.give("stroke", ann, "chair", by=ANYBODY)).status_code == 401
    assert (await membership.give("stroke-network", ann, "chair", by=lead)).status_code == 201
    read_only = Principal(lead.person_id, scopes=frozenset({"networks:read"}))
    assert (await membership.give("stroke", ann, "chair", by=read_only)).status_code == 403


@pytest.mark.parametrize(
    ("network", "fields", "status"),
    [
        ("nowhere", {}, 404),
        ("archived", {}, 409),
        ("stroke", {"to": "2001-01-01"}, 422),
        ("stroke", {"role": "king"}, 422),
        ("stroke", {"person_id": "nobody"}, 404),
        ("stroke", {"form": "2026-01-01"}, 422),
        ("stroke", {"from": "yesterday"}, 422),
    ],
)
async def test_a_role_that_makes_no_sense_is_refused(membership: Any, network: str, fields: Any, status: int) -> None:
    ann = await membership.person()
    answer = await membership.ask(
        "POST", f"/networks/{network}/roles", {"person_id": ann.person_id, "role": "chair", **fields}
    )
    assert answer.status_code == status and answer.json()["detail"]
    async with membership.rig.parts.database.reading() as session:
        assert (await session.execute(select(Role.id))).first() is None


@BOTH
async def test_a_role_of_another_day_begins_and_ends_with_the_calendar(membership: Any) -> None:
    old, new = await membership.person("Olga Old"), await membership.person("Nia New")
    await membership.give("stroke", old, "lead_nurse")
    planned = await membership.give("stroke", new, "lead_nurse", **{"from": str(today() + timedelta(days=7))})
    assert planned.json()["status"] == "planned"
    with clock.at(clock.now() + timedelta(days=7)):
        async with membership.rig.parts.database.transaction() as session:
            await turn_roles(session)
    roles = (await membership.ask("GET", "/networks/stroke/roles")).json()["items"]
    assert [(role["name"], role["status"]) for role in roles] == [("Nia New", "active")]
    told = [message.announcement for message in await membership.said(MEMBERSHIPS)]
    heard = [announcement.headline for announcement in told if announcement]
    assert heard[1:] == [f"{{person:{new.person_id}}} is the new lead nurse of Stroke Network"]


async def test_an_interim_lead_leaves_the_planned_one_alone(membership: Any) -> None:
    planned, interim = await membership.person("Pia Planned"), await membership.person("Ina Interim")
    await membership.give("stroke", planned, "lead_nurse", **{"from": str(today() + timedelta(days=30))})
    await membership.give("stroke", interim, "lead_nurse", to=str(today() + timedelta(days=29)))
    roles = (await membership.ask("GET", "/networks/stroke/roles")).json()
    assert {role["name"]: role["status"] for role in roles["items"]} == {
        "Ina Interim": "active",
        "Pia Planned": "planned",
    }
    assert "lead_nurse" not in roles["vacancies"]


async def test_one_key_gives_one_answer_and_an_old_version_is_refused(membership: Any) -> None:
    ann = await membership.person()
    body = {"person_id": ann.person_id, "role": "chair"}
    path = "/networks/stroke/roles"
    first, again = [await membership.ask("POST", path, body, idempotency_key="a") for _ in range(2)]
    assert first.json() == again.json() and again.headers["idempotent-replay"] == "true"
    stale = await membership.ask("POST", f"{path}/{first.json()['id']}/end", {}, if_match='"7"')
    assert (stale.status_code, stale.json()["expected"], stale.json()["present"]) == (412, 7, 1)
    ended = await membership.ask("POST", f"{path}/{first.json()['id']}/end", {}, if_match=first.headers["etag"])
    assert ended.headers["etag"] == '"2"'


async def test_no_name_is_told_about_a_role(membership: Any) -> None:
    ann = await membership.person("Wilhelmina Unmistakable")
    await membership.give("stroke", ann, "chair", by=STAFF)
    await membership.ask("POST", "/networks/stroke/leave", {}, by=ann)
    for message in await membership.said(MEMBERSHIPS):
        assert "Unmistakable" not in str(message.data) and "unmistakable" not in str(message.data)
