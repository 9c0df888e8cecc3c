"""The register: who may change it, what is refused, and that nothing is half-done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.registry.app import service
from services.registry.reference import rows
from shared.auth import Principal
from tests.service_rig import STAFF, Rig, rig

NEW = {"name": "Mersey Stroke Network", "type": "disease", "care_group": "stroke", "bodies": ["Q31"]}


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(service, tmp_path) as running:
        running.client.headers.update(running.as_(STAFF))
        yield running


async def made(registry: Rig, **fields: Any) -> dict[str, Any]:
    answer = await registry.client.post("/networks", json={**NEW, **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_real_register_is_imported_and_found(registry: Rig) -> None:
    content = Path("services/registry/reference/networks.csv").read_bytes()
    account = (await registry.client.post("/networks/imports", content=content)).json()
    assert (account["new"], account["wrong"]) == (420, 0)
    again = (await registry.client.post("/networks/imports", content=content)).json()
    assert (again["new"], again["duplicate"]) == (0, 420)
    found = (await registry.client.get("/networks", params={"q": "strok manch"})).json()
    assert found["total"] == 2 and all("Manchester" in network["name"] for network in found["items"])


async def test_facets_count_what_the_list_shows(registry: Rig) -> None:
    content = Path("services/registry/reference/networks.csv").read_bytes()
    await registry.client.post("/networks/imports", content=content)
    page = (await registry.client.get("/networks", params={"sha": "Q31", "facets": True})).json()
    expected = [row for row in rows("networks") if "Q31" in row["sha_codes"].split(";")]
    assert page["total"] == len(expected)
    for facet in ("type", "care_group", "level", "purpose"):
        counted = {item["value"]: item["count"] for item in page["facets"][facet]}
        assert counted == {value: sum(row[facet] == value for row in expected) for value in counted}


async def test_pages_follow_one_another_without_gap_or_repeat(registry: Rig) -> None:
    content = Path("services/registry/reference/networks.csv").read_bytes()
    await registry.client.post("/networks/imports", content=content)
    seen, cursor = [], ""
    while cursor is not None:
        page = (
            await registry.client.get("/networks", params={"limit": 100, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [network["id"] for network in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 420


async def test_the_second_editor_is_told_of_both_versions(registry: Rig) -> None:
    network = await made(registry)
    url, first = f"/networks/{network['id']}", {"if-match": '"1"'}
    assert (await registry.client.patch(url, json={"aims": "One"}, headers=first)).status_code == 200
    second = await registry.client.patch(url, json={"aims": "Two"}, headers=first)
    assert second.status_code == 412
    assert (second.json()["expected"], second.json()["present"]) == (1, 2)


async def test_a_repeated_key_gets_the_first_answer_also_at_the_same_time(registry: Rig) -> None:
    key = {"idempotency-key": "once"}
    answers = await asyncio.gather(*(registry.client.post("/networks", json=NEW, headers=key) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await registry.client.post("/networks", json={**NEW, "name": "Another"}, headers=key)
    assert other.status_code == 409


async def test_a_member_cannot_change_a_network(registry: Rig) -> None:
    network = await made(registry)
    stranger = registry.as_(Principal("somebody"))
    answer = await registry.client.patch(f"/networks/{network['id']}", json={"aims": "Mine"}, headers=stranger)
    assert answer.status_code == 403 and "lead" in answer.json()["detail"]
    nobody = await registry.client.patch(
        f"/networks/{network['id']}", json={"aims": "Mine"}, headers={"authorization": ""}
    )
    assert nobody.status_code == 401


async def test_a_token_with_a_narrow_scope_can_do_no_more(registry: Rig) -> None:
    reader = registry.as_(Principal("staff-1", is_staff=True, scopes=frozenset({"networks:read"})))
    answer = await registry.client.post("/networks", json=NEW, headers=reader)
    assert answer.status_code == 403 and "networks:write" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({**NEW, "nmae": "x"}, "remove it"),
        ({**NEW, "name": "x" * 10_000}, "200 characters"),
        ({**NEW, "name": "Stroke\x07"}, "control character"),
        ({**NEW, "name": "two\nlines"}, "one line"),
        ({**NEW, "bodies": ["Q99"]}, "Q99"),
        ({**NEW, "type": 7}, "type"),
        ({**NEW, "web": "javascript:alert(1)"}, "https://"),
        ({**NEW, "email": "nobody"}, "email"),
    ],
)
async def test_bad_input_gets_a_sentence_and_changes_nothing(registry: Rig, body: dict[str, Any], word: str) -> None:
    answer = await registry.client.post("/networks", json=body)
    assert answer.status_code == 422 and word in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await registry.client.get("/networks")).json()["total"] == 0


async def test_malformed_json_is_refused_with_a_sentence(registry: Rig) -> None:
    answer = await registry.client.post("/networks", content=b'{"name":', headers={"content-type": "application/json"})
    assert answer.status_code == 400 and "not valid JSON" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\xff\xfename", "names"),
        (b"name,type\nA,disease\n", "care group"),
        (b'name,type,care_group\n"A,disease,x\n', "not CSV"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_its_cause(registry: Rig, content: bytes, word: str) -> None:
    answer = await registry.client.post("/networks/imports", content=content)
    assert answer.status_code == 422 and word in answer.json()["detail"]


async def test_one_wrong_row_keeps_all_out(registry: Rig) -> None:
    content = b"name,type,care_group,sha_codes\nA,disease,stroke,Q31\nB,illness,stroke,Q31\nA,disease,stroke,Q31\n"
    answer = await registry.client.post("/networks/imports", content=content)
    assert answer.status_code == 422
    result = answer.json()["result"]
    assert (result["new"], result["duplicate"], result["wrong"]) == (1, 1, 1)
    assert (await registry.client.get("/networks")).json()["total"] == 0


async def test_a_minor_change_is_recorded_and_not_announced(registry: Rig) -> None:
    network = await made(registry)
    body = {"aims": "A comma", "minor": True, "reason": "Spelling"}
    await registry.client.patch(f"/networks/{network['id']}", json=body)
    newest = (await registry.client.get(f"/networks/{network['id']}/history")).json()["items"][0]
    assert newest["changes"] == {"aims": ["", "A comma"]}
    assert (newest["reason"], newest["minor"], newest["headline"]) == ("Spelling", True, "")
