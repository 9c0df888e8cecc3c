"""A request that is sent again under its Idempotency-Key, before the first was answered."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.registry.conftest import BOTH, NEW, Register
from tests.service_rig import STAFF

FILE = b"name,type,care_group,sha_codes\nMersey Stroke Network,disease,stroke,Q31\n"
MANY = 6


async def _at_once(register: Register, method: str, path: str, body: Any, **headers: str) -> list[Any]:
    asked = [register.ask(method, path, body, idempotency_key="one", **headers) for _ in range(MANY)]
    return await asyncio.gather(*asked)


@BOTH
async def test_who_waited_for_their_own_change_is_not_told_that_another_made_it(register: Register) -> None:
    network = await register.network("Mersey Stroke Network")
    answers = await _at_once(register, "PATCH", f"/networks/{network}", {"aims": "One"}, if_match='"1"')
    assert [answer.status_code for answer in answers] == [200] * MANY
    assert {answer.headers["etag"] for answer in answers} == {'"2"'}
    assert sum("idempotent-replay" in answer.headers for answer in answers) == MANY - 1
    assert len((await register.get(f"/networks/{network}/history"))["items"]) == 2


@BOTH
async def test_who_makes_a_network_several_times_at_once_makes_one(register: Register) -> None:
    answers = await _at_once(register, "POST", "/networks", {**NEW, "name": "Mersey Stroke Network"})
    assert [answer.status_code for answer in answers] == [201] * MANY
    assert len({answer.json()["id"] for answer in answers}) == 1


@BOTH
async def test_a_change_that_another_was_quicker_with_is_refused_under_any_key(register: Register) -> None:
    network = f"/networks/{await register.network('Mersey Stroke Network')}"
    sent = [
        register.ask("PATCH", network, {"aims": aims}, if_match='"1"', idempotency_key=aims) for aims in ("One", "Two")
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*sent)) == [200, 412]


@BOTH
async def test_a_key_at_the_same_time_for_another_change_is_refused(register: Register) -> None:
    network = f"/networks/{await register.network('Mersey Stroke Network')}"
    sent = [
        register.ask("PATCH", network, {"aims": aims}, if_match='"1"', idempotency_key="one") for aims in ("One", "Two")
    ]
    answers = sorted(await asyncio.gather(*sent), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["type"] == "/problems/key-used-otherwise"


@BOTH
async def test_a_file_that_is_sent_again_under_its_key_is_read_once(register: Register) -> None:
    headers = {"idempotency-key": "the file", **register.rig.as_(STAFF)}
    answers = [await register.rig.client.post("/imports?file=a.csv", content=FILE, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    assert answers[0].json()["id"] == answers[1].json()["id"]
