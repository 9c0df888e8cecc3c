"""People: their records, who sees them, and that an erasure leaves nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select

from services.membership.tables import Organisation
from shared.auth import ANYBODY
from tests.membership.conftest import BOTH, everything


async def test_staff_see_records_and_others_only_names(membership: Any) -> None:
    ann, bob = await membership.person(organisation="R1A"), await membership.person("Bob Example")
    seen = (await membership.ask("GET", "/people?q=ANN", by=bob)).json()["items"]
    assert seen == [{"id": ann.person_id, "name": "Ann Example", "professions": [], "organisation": "R1A"}]
    by_email = (await membership.ask("GET", "/people?q=ann.example@")).json()["items"]
    assert [person["email"] for person in by_email] == ["ann.example@people.example"]
    assert (await membership.ask("GET", "/people?q=ann.example@", by=bob)).json()["total"] == 0
    assert (await membership.ask("GET", f"/people/{ann.person_id}", by=bob)).status_code == 403
    assert (await membership.ask("GET", f"/people/{ann.person_id}", by=ann)).status_code == 200
    assert (await membership.ask("GET", "/people", by=ANYBODY)).status_code == 401


@BOTH
async def test_people_are_listed_page_by_page(membership: Any) -> None:
    names = sorted(f"Person {n}" for n in range(5))
    for name in reversed(names):
        await membership.person(name)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await membership.ask("GET", f"/people?limit=2&cursor={cursor}")).json()
        seen, cursor = seen + [person["name"] for person in page["items"]], page["next"]
    assert seen == names
    assert (await membership.ask("GET", "/people?cursor=nonsense")).status_code == 400


@BOTH
async def test_an_address_with_a_nul_is_no_accident(membership: Any) -> None:
    for path in ("/people/%00", "/networks/%00/roles"):
        assert (await membership.ask("GET", path)).status_code in (400, 404)
    sign_in = {"email": "\u0000", "password": "x"}
    assert (await membership.gateway("POST", "/internal/sign-in", sign_in)).status_code in (400, 401)


@BOTH
async def test_one_address_is_one_persons_also_at_once(membership: Any) -> None:
    body = {"name": "Ann", "email": "ann@people.example"}
    answers = await asyncio.gather(*(membership.ask("POST", "/people", body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]


async def test_nobody_makes_themselves_staff(membership: Any) -> None:
    ann = await membership.person()
    for standing in ({"is_staff": True}, {"bodies": ["Q31"]}, {"is_associate": True}):
        assert (await membership.ask("PATCH", f"/people/{ann.person_id}", standing, by=ann)).status_code == 403
    changed = await membership.ask("PATCH", f"/people/{ann.person_id}", {"name": "Ann Other"}, by=ann)
    assert (changed.status_code, changed.json()["name"], changed.json()["revision"]) == (200, "Ann Other", 2)
    stale = await membership.ask("PATCH", f"/people/{ann.person_id}", {"name": "A"}, by=ann, if_match='"1"')
    assert stale.status_code == 412


async def test_a_record_that_makes_no_sense_is_refused(membership: Any) -> None:
    await membership.person()
    wrong = [
        ({"name": ""}, 422),
        ({"name": "A" * 10_000}, 422),
        ({"name": "A\u0000"}, 422),
        ({"name": "A", "email": "nonsense"}, 422),
        ({"name": "A", "organisation": "ZZ9"}, 422),
        ({"name": "A", "bodies": ["R1A"]}, 422),
        ({"name": "A", "shoe_size": 9}, 422),
        ({"name": "A", "email": "ANN.EXAMPLE@people.example"}, 409),
    ]
    for body, status in wrong:
        answer = await membership.ask("POST", "/people", body)
        assert answer.status_code == status, body
    assert (await membership.ask("GET", "/people")).json()["total"] == 1


@BOTH
async def test_an_erasure_leaves_nothing(membership: Any) -> None:
    ann = await membership.person("Wilhelmina Unmistakable", organisation="R1A")
    body = {"person_id": ann.person_id, "role": "chair", "reason": "Unmistakable is willing"}
    await membership.ask("POST", "/networks/stroke/roles", body, idempotency_key="k")
    await membership.ask("PATCH", f"/people/{ann.person_id}", {"name": "W. Unmistakable"}, by=ann, idempotency_key="k")
    await membership.ask("POST", f"/people/{ann.person_id}/password", {"password": "long enough"})
    await membership.ask("POST", "/tokens", {"scopes": ["read"]}, by=ann)
    await membership.said("membership.people")
    assert "unmistakable" in (await everything(membership)).lower()
    assert (await membership.ask("DELETE", f"/people/{ann.person_id}", by=ann)).status_code == 204
    told = (await membership.said("membership.people"))[-1]
    assert (told.key, told.data, told.type) == (ann.person_id, None, "networks.membership.person.erased.v1")
    ended = (await membership.said("membership.memberships"))[-1]
    assert (ended.state["status"], ended.announcement.headline[:29]) == ("ended", "Stroke Network has no chair s")
    assert "unmistakable" not in (await everything(membership)).lower()
    assert (await membership.gateway("GET", f"/internal/principals/{ann.person_id}")).status_code == 404
    assert (await membership.ask("DELETE", f"/people/{ann.person_id}")).status_code == 404


async def test_another_persons_erasure_is_refused(membership: Any) -> None:
    ann, bob = await membership.person(), await membership.person("Bob Example")
    assert (await membership.ask("DELETE", f"/people/{ann.person_id}", by=bob)).status_code == 403
    assert (await membership.ask("GET", f"/people/{ann.person_id}")).status_code == 200


@BOTH
async def test_the_reference_organisations_are_there_once(membership: Any) -> None:
    from services.membership.commands import load_reference

    async with membership.rig.parts.database.transaction() as session:
        await load_reference(session)
        codes = list((await session.execute(select(Organisation.code))).scalars())
    assert len(codes) == len(set(codes)) == 402
    found = (await membership.ask("GET", "/organisations?kind=trust&q=worcestershire health", by=ANYBODY)).json()
    assert found["items"][0]["name"] == "Worcestershire Health and Care NHS Trust"
    assert (await membership.ask("GET", "/organisations/Q31")).json()["kind"] == "sha"


async def test_organisations_are_added_and_changed_by_staff(membership: Any) -> None:
    ann = await membership.person()
    new = {"kind": "voluntary", "name": "Stroke Friends"}
    assert (await membership.ask("POST", "/organisations", new, by=ann)).status_code == 403
    made = (await membership.ask("POST", "/organisations", new)).json()
    path = f"/organisations/{made['id']}"
    assert (await membership.ask("PATCH", path, {"town": "Leeds"}, if_match='"1"')).json()["revision"] == 2
    assert (await membership.ask("PATCH", path, {"town": "Hull"}, if_match='"1"')).status_code == 412
    assert (await membership.ask("POST", "/organisations", {**new, "code": "R1A"})).status_code == 409
