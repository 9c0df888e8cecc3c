"""The failure desk of a service, tried on this one: what could not be taken is listed, tried again or given up."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from services.oversight import consumers
from shared.envelope import encode
from shared.log import NewRecord
from tests.oversight.conftest import MEMBER, OFFICER, Rig, eventually, network, thing

POISON = {"level": None}
"""A network without a level is one that no handler can take."""


async def failures(rig: Rig) -> list[dict[str, Any]]:
    answer = await rig.get("/internal/failures")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def fail(rig: Rig, *messages: Any) -> dict[str, Any]:
    """Put a poisoned message and those behind it on the log, and wait until all of them wait."""
    await rig.log.append([NewRecord(m.topic, m.key, *encode(m)) for m in messages])

    async def all_wait() -> Any:
        found = await failures(rig)
        return found if found and found[0]["behind"] == len(messages) - 1 else None

    (found,) = await eventually(all_wait, "they wait", seconds=40)
    return dict(found)


async def counted(rig: Rig) -> int:
    return int((await rig.get("/oversight/Q31")).json()["counts"]["networks"])


async def test_failure_is_listed_with_its_cause_and_what_waits_behind_it(rig: Rig) -> None:
    first = network("n-1", **POISON)
    found = await fail(rig, first, network("n-1", revision=2))
    assert found["message_id"] == first.id and found["topic"] == "registry.networks" and found["key"] == "n-1"
    assert "level" in found["reason"] and found["type"] == first.type and not found["again"]
    await rig.say(thing())  # a poison message stops nobody else


async def test_failure_given_up_lets_go_on_what_waits_behind_it(rig: Rig) -> None:
    found = await fail(rig, network("n-1", **POISON), network("n-1", revision=2))
    assert await counted(rig) == 0
    answer = await rig.post(f"/internal/failures/{found['number']}/discard", {"reason": "The register says it anew."})
    assert answer.status_code == 204
    await eventually(lambda: _is(rig, 1), "the later one is taken")
    assert await failures(rig) == []
    trace = (await rig.get(f"/trace/{found['message_id']}")).json()
    assert trace["taken"]["outcome"] == "discarded" and trace["failure"]["state"] == "discarded"
    assert trace["failure"]["reason"].startswith("Discarded: The register says it anew.")


async def test_failure_tried_again_succeeds_once_its_cause_is_mended(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await fail(rig, network("n-1", **POISON))
    again = f"/internal/failures/{found['number']}/retry"
    assert (await rig.post(again, {})).status_code == 204
    await eventually(lambda: _tried(rig, found["attempts"] + 1), "it fails again")

    class _Lenient(consumers._Network):
        level: Any

    monkeypatch.setattr(consumers, "_Network", _mended(_Lenient))
    assert (await rig.post(again, {})).status_code == 204
    await eventually(lambda: _is(rig, 1), "it is taken")
    assert await failures(rig) == []


async def test_failure_is_given_up_only_for_a_reason_and_only_once(rig: Rig) -> None:
    found = await fail(rig, network("n-1", **POISON))
    path = f"/internal/failures/{found['number']}/discard"
    assert (await rig.post(path, {"reason": " "})).status_code == 422
    assert (await rig.post(path, {"reason": "Enough."})).status_code == 204
    assert (await rig.post(path, {"reason": "Again."})).status_code == 404


@pytest.mark.parametrize("by", [MEMBER, OFFICER])
async def test_nobody_but_staff_sees_or_settles_failures(rig: Rig, by: Any) -> None:
    assert (await rig.get("/internal/failures", by)).status_code == 403
    assert (await rig.post("/internal/failures/1/retry", {}, by)).status_code == 403
    assert (await rig.post("/internal/failures/1/discard", {"reason": "No."}, by)).status_code == 403


def _mended(model: type[BaseModel]) -> Any:
    class Mended:
        @staticmethod
        def model_validate(state: dict[str, Any]) -> BaseModel:
            return model.model_validate({**state, "level": state["level"] or "local"})

    return Mended


async def _is(rig: Rig, number: int) -> bool:
    return await counted(rig) == number


async def _tried(rig: Rig, attempts: int) -> bool:
    (found,) = await failures(rig)
    return int(found["attempts"]) == attempts
