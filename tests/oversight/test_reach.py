"""The feeds that a line is foreseen for are those in which it stands afterwards."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from shared.auth import GATEWAY
from shared.envelope import Envelope
from tests.oversight.conftest import STAFF, Rig, network, sign_of, thing

BODIES = ("Q31", "Q32", "Q33", "national")


async def foreseen(rig: Rig, *messages: Envelope) -> dict[str, Any]:
    headers = {**sign_of(GATEWAY), "content-type": "application/json"}
    answer = await rig.client.post("/internal/reach", content=orjson.dumps(messages), headers=headers)
    assert answer.status_code == 200, answer.text
    return {item["way"]: item for item in answer.json()}


@pytest.mark.parametrize(
    "concerns",
    [{}, {"bodies": ("Q31", "Q32", "Q31")}, {"bodies": ()}, {"bodies": (), "networks": (), "people": ("p-1",)}],
)
async def test_what_is_foreseen_stands_in_the_feeds(rig: Rig, concerns: dict[str, Any]) -> None:
    said = thing(**concerns)
    expected = await foreseen(rig, said)
    assert await rig.head() == 0
    await rig.say(said)

    lines = {body: (await rig.get(f"/oversight/{body}/feed")).json()["total"] for body in BODIES}
    assert expected.get("national feed", {"count": 0})["count"] == lines.pop("national")
    own = expected.get("feeds", {"count": 0, "because": []})
    assert (own["count"], {why["reason"] for why in own["because"]}) == (
        sum(lines.values()),
        {b for b in lines if lines[b]},
    )


async def test_what_is_not_announced_stands_in_no_feed(rig: Rig) -> None:
    assert await foreseen(rig, network("n-1")) == {}


async def test_nobody_but_the_gateway_asks(rig: Rig) -> None:
    answer = await rig.post("/internal/reach", [], STAFF)
    assert answer.status_code == 403
