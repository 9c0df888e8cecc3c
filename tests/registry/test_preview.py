"""A change that is previewed says what it would say, and nothing of it remains."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from services.registry.tables import Network
from shared.auth import Principal
from shared.boundary import PREVIEW, answers
from shared.history import history
from shared.relay import outbox_rows
from tests.registry.conftest import BOTH, Register

pytestmark = BOTH
ASKED = {PREVIEW.replace("-", "_"): "yes"}


async def standing(register: Register) -> tuple[int, ...]:
    """How many there are of everything that a change leaves behind."""
    async with register.database.reading() as session:
        counted = [select(func.count()).select_from(each) for each in (Network, history, answers)]
        kept = [(await session.execute(query)).scalar_one() for query in counted]
    return (*kept, await outbox_rows(register.database))


async def test_a_preview_says_what_would_be_said_and_changes_nothing(register: Register) -> None:
    network = await register.network("Mersey Stroke Network")
    await register.said("registry.networks")
    before = await standing(register)
    answer = await register.ask(
        "PATCH", f"/networks/{network}", {"aims": "New"}, if_match='"1"', idempotency_key="k", **ASKED
    )

    [message] = answer.json()
    assert answer.headers[PREVIEW] == "said"
    assert message["data"]["announcement"]["concerns"]["networks"] == [network]
    assert message["data"]["changes"] == {"aims": ["", "New"]}
    assert (await register.get(f"/networks/{network}"))["revision"] == 1
    assert await standing(register) == before


async def test_a_minor_change_announces_nothing_in_its_preview(register: Register) -> None:
    network = await register.network("Mersey Stroke Network")
    answer = await register.ask("PATCH", f"/networks/{network}", {"aims": "New", "minor": True}, **ASKED)
    assert [message["data"]["announcement"] for message in answer.json()] == [None]


async def test_a_preview_is_refused_as_the_change_would_be(register: Register) -> None:
    network = await register.network("Mersey Stroke Network")
    await register.network("Taken")
    there = f"/networks/{network}"
    assert (await register.ask("PATCH", there, {"name": "Taken"}, **ASKED)).status_code == 409
    assert (await register.ask("PATCH", there, {"aims": "New"}, if_match='"7"', **ASKED)).status_code == 412
    assert (await register.ask("PATCH", there, {"bodies": 3}, **ASKED)).status_code == 422
    assert (await register.ask("PATCH", there, {"aims": "New"}, by=Principal("stranger"), **ASKED)).status_code == 403


@pytest.mark.parametrize("what", ["archive", "merge"])
async def test_what_a_whole_network_undergoes_can_be_previewed(register: Register, what: str) -> None:
    network, other = await register.network("One"), await register.network("Other")
    body = {"reason": "Because", **({"into": other} if what == "merge" else {})}
    answer = await register.ask("POST", f"/networks/{network}/{what}", body, **ASKED)
    told = [message for message in answer.json() if message["data"]["announcement"]]
    assert len(told) == 1 and network in told[0]["data"]["announcement"]["concerns"]["networks"]
    assert (await register.get(f"/networks/{network}"))["archived"] is False
