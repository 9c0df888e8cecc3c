"""Many networks changed one by one: true progress, stopped and gone on with, each wholly or not, told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.registry.app import service
from services.registry.commands import batch_jobs, batch_steps
from services.registry.commands.batch_jobs import go_on
from services.registry.commands.batch_telling import applied
from services.registry.commands.batches import new_batch
from services.registry.schemas.batches import MOST_ONE_BY_ONE
from services.registry.tables import Batch, Network
from shared.auth import Principal
from shared.away import DatabaseAway
from shared.envelope import encode
from shared.log import MAX_RECORD_BYTES
from tests.registry.conftest import BOTH, Register
from tests.service_rig import STAFF, rig


async def many(register: Register, number: int = 25, **fields: Any) -> list[str]:
    return [await register.network(f"Network {place:03}", care_group="stroke", **fields) for place in range(number)]


async def begun(register: Register, networks: list[str], **change: Any) -> Any:
    """A batch that has begun."""
    return await register.post("/batches", {"networks": networks, "change": change, "one_by_one": True})


async def at(register: Register, batch: Any, status: str) -> Any:
    """The batch, once it has *status*."""
    for _ in range(600):
        found = await register.get(f"/batches/{batch['id']}")
        if found["status"] == status:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"it is {found['status']}, {found['done']} of {found['total']}")


async def groups(register: Register, networks: list[str]) -> list[str]:
    async with register.database.reading() as session:
        rows = dict((await session.execute(select(Network.id, Network.care_group))).all())
    return [rows[one] for one in networks]


async def told(register: Register) -> list[tuple[str, int]]:
    """(headline, how many networks) of what was told of batches."""
    said = await register.said("registry.batches")
    return [(m.announcement.headline, len(m.announcement.concerns.networks)) for m in said if m.announcement]


@BOTH
async def test_networks_are_changed_one_by_one_and_everybody_is_told_once_at_the_end(register: Register) -> None:
    networks = await many(register)
    begun_ = await begun(register, networks, care_group="renal")
    assert (begun_["status"], begun_["total"]) == ("changing", 25)
    done = await at(register, begun_, "applied")
    assert (done["changed"], done["done"], done["refused"]) == (25, 25, 0)
    assert await groups(register, networks) == ["renal"] * 25
    assert await told(register) == [("Network 000 and 24 more networks: care group changed", 25)]


@BOTH
async def test_one_that_cannot_be_changed_is_left_with_the_reason_and_the_others_go_on(register: Register) -> None:
    networks = await many(register, 12)
    await register.post(f"/networks/{networks[3]}/archive", {"reason": "Ended"})
    await register.ask("PATCH", f"/networks/{networks[4]}", {"care_group": "renal"})
    done = await at(register, await begun(register, networks, care_group="renal"), "applied")
    assert (done["changed"], done["refused"], done["done"]) == (10, 1, 12)
    refused = await register.get(f"/batches/{done['id']}/networks?outcome=refused")
    assert [one["name"] for one in refused["items"]] == ["Network 003"] and "archived" in refused["items"][0]["why"]
    same = await register.get(f"/batches/{done['id']}/networks?outcome=same")
    assert [one["name"] for one in same["items"]] == ["Network 004"]
    assert (await told(register))[-1] == ("Network 000 and 9 more networks: care group changed", 10)


@BOTH
async def test_undone_one_by_one_each_has_again_what_nobody_has_changed_since(register: Register) -> None:
    networks = await many(register, 15)
    done = await at(register, await begun(register, networks, care_group="renal"), "applied")
    await register.ask("PATCH", f"/networks/{networks[0]}", {"care_group": "cancer"})
    assert (await register.post(f"/batches/{done['id']}/undo", {"reason": "A slip"}))["status"] == "undoing"
    undone = await at(register, done, "undone")
    assert (undone["kept"], undone["done"]) == (1, 15)
    assert await groups(register, networks) == ["cancer", *["stroke"] * 14]
    assert (await told(register))[-1] == ("Network 001 and 13 more networks: care group changed back", 14)
    assert (await register.ask("POST", f"/batches/{done['id']}/undo", {})).status_code == 409


async def some(register: Register, times: int = 1) -> None:
    for _ in range(times):
        async with register.database.transaction() as session:
            await go_on(session)


@pytest.fixture
async def waiting(tmp_path: Path) -> AsyncIterator[Register]:
    """A register in which nobody goes on with a batch but the test."""
    workers = [each for each in service.workers if each.__name__ != "change_networks_one_by_one"]
    async with rig(replace(service, workers=workers), tmp_path) as running:
        yield Register(running)


async def test_stopped_it_tells_of_what_is_done_and_gone_on_with_of_the_rest(waiting: Register) -> None:
    networks = await many(waiting)
    batch = await begun(waiting, networks, care_group="renal")
    await some(waiting)
    await waiting.post(f"/batches/{batch['id']}/stop")
    await some(waiting)
    stopped = await waiting.get(f"/batches/{batch['id']}")
    assert (stopped["status"], stopped["done"], stopped["changed"]) == ("stopped", 10, 10)
    assert sorted(await groups(waiting, networks)) == ["renal"] * 10 + ["stroke"] * 15
    waits = (await waiting.get("/internal/needs"))["batches"]
    assert (waits["total"], waits["items"][0]["changed"], waits["items"][0]["total"]) == (1, 10, 25)
    await some(waiting)
    assert (await waiting.get(f"/batches/{batch['id']}"))["done"] == 10
    await waiting.post(f"/batches/{batch['id']}/resume")
    await some(waiting, 3)
    assert (await waiting.get(f"/batches/{batch['id']}"))["status"] == "applied"
    assert [networks_ for _, networks_ in await told(waiting)] == [10, 15]


async def test_stopped_while_it_changes_it_can_be_undone_as_far_as_it_came(waiting: Register) -> None:
    networks = await many(waiting)
    batch = await begun(waiting, networks, care_group="renal")
    await some(waiting)
    assert (await waiting.ask("POST", f"/batches/{batch['id']}/undo", {})).status_code == 409
    await waiting.post(f"/batches/{batch['id']}/stop")
    await some(waiting)
    await waiting.post(f"/batches/{batch['id']}/undo")
    await some(waiting, 2)
    undone = await waiting.get(f"/batches/{batch['id']}")
    assert (undone["status"], undone["kept"]) == ("undone", 0)
    assert await groups(waiting, networks) == ["stroke"] * 25
    assert [headline.split(": ")[1] for headline, _ in await told(waiting)] == [
        "care group changed", "care group changed back"
    ]  # fmt: skip


async def test_a_crash_between_two_networks_leaves_each_wholly_done_or_not_and_the_rest_is_done_once(
    waiting: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks = await many(waiting)
    batch = await begun(waiting, networks, care_group="renal", level="regional")
    await some(waiting)
    plain, calls = batch_steps.changed_so, 0

    async def falling(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise ConnectionError("the power went")
        return await plain(*args, **more)

    monkeypatch.setattr(batch_jobs, "changed_so", falling)
    with pytest.raises(DatabaseAway, match="nothing was changed"):
        await some(waiting)
    assert sorted(await groups(waiting, networks)) == ["renal"] * 10 + ["stroke"] * 15
    assert (await waiting.get(f"/batches/{batch['id']}"))["done"] == 10
    await some(waiting, 3)
    done = await waiting.get(f"/batches/{batch['id']}")
    assert (done["status"], done["changed"]) == ("applied", 25)
    for network in networks:
        assert (await waiting.get(f"/networks/{network}/history"))["total"] == 2


@BOTH
async def test_a_network_on_which_the_program_fails_is_left_and_named_and_keeps_no_other_waiting(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks = await many(register)
    plain, poisoned = batch_steps.changed_so, networks[3]

    async def half_done(session: Any, network_id: str, asked: Any, **more: Any) -> Any:
        done = await plain(session, network_id, asked, **more)
        if network_id == poisoned:
            raise TypeError("a fault")
        return done

    monkeypatch.setattr(batch_jobs, "changed_so", half_done)
    batch = await at(register, await begun(register, networks, care_group="renal"), "applied")
    assert (batch["changed"], batch["refused"], batch["done"]) == (24, 1, 25)
    assert await groups(register, networks) == [("stroke" if one == poisoned else "renal") for one in networks]
    [left] = (await register.get(f"/batches/{batch['id']}/networks?outcome=refused"))["items"]
    assert (left["name"], left["why"]) == ("Network 003", batch_jobs.ChangeFailed().detail)
    assert (await register.get(f"/networks/{poisoned}/history"))["total"] == 1


async def test_a_preview_says_whom_it_would_reach_and_changes_nothing(register: Register) -> None:
    networks = await many(register, 12, bodies=["Q31"])
    await register.ask("PATCH", f"/networks/{networks[0]}", {"care_group": "renal"})
    body = {"networks": networks, "change": {"care_group": "renal"}, "one_by_one": True}
    answer = await register.ask("POST", "/batches", body, x_preview="yes")
    (message,) = answer.json()
    concerns = message["data"]["announcement"]["concerns"]
    assert sorted(concerns["networks"]) == sorted(networks[1:]) and concerns["bodies"] == ["Q31"]
    async with register.database.reading() as session:
        assert (await session.execute(select(Batch.id))).first() is None


async def test_five_thousand_fit_into_one_message_and_more_are_refused(register: Register) -> None:
    body = {"networks": [f"n{number}" for number in range(5_001)], "change": {"level": "local"}, "one_by_one": True}
    assert (await register.ask("POST", "/batches", body)).status_code == 422
    body["networks"] = body["networks"][:5_000]
    assert (await register.ask("POST", "/batches", body)).status_code == 404


def test_the_message_about_as_many_as_there_may_be_fits_into_the_log() -> None:
    batch = new_batch({"care_group": "renal"}, STAFF, "One list", status="applied")
    bodies = [f"Q{number}" for number in range(30, 40)]
    networks = [
        Network(id=f"{number:036}", name=f"Network {number}", bodies=bodies) for number in range(MOST_ONE_BY_ONE)
    ]
    _, value = encode(applied(batch, networks, None, STAFF).envelope)
    assert value and len(value) < MAX_RECORD_BYTES * 0.8


async def test_nobody_but_staff_stops_or_goes_on_with_a_batch(register: Register) -> None:
    done = await at(register, await begun(register, await many(register, 3), level="regional"), "applied")
    for what in ("stop", "resume"):
        path = f"/batches/{done['id']}/{what}"
        assert (await register.ask("POST", path, {}, by=Principal("member"))).status_code == 403
        assert (await register.ask("POST", path, {})).status_code == 409
    assert (await register.get(f"/batches/{done['id']}/networks?limit=2", by=Principal()))["next"]
