"""Many networks changed together: all or none, recorded for each, told once, and undone as one."""

from __future__ import annotations

from typing import Any

import pytest

from shared.auth import Principal
from tests.registry.conftest import BOTH, Register


async def three(register: Register) -> list[str]:
    return [await register.network(name, care_group="stroke") for name in ("Alder", "Birch", "Cedar")]


async def together(register: Register, networks: list[str], **change: Any) -> Any:
    return await register.post("/batches", {"networks": networks, "change": change, "reason": "One list"})


async def groups(register: Register, networks: list[str]) -> list[str]:
    return [(await register.get(f"/networks/{one}"))["care_group"] for one in networks]


@BOTH
async def test_networks_changed_together_are_recorded_each_and_told_once(register: Register) -> None:
    networks = await three(register)
    batch = await together(register, networks, care_group="renal", level="regional")
    assert batch["changed"] == 3 and batch["change"] == {"care_group": "renal", "level": "regional"}
    assert [one["before"]["care_group"] for one in batch["networks"]] == ["stroke"] * 3
    assert await groups(register, networks) == ["renal"] * 3
    history = await register.get(f"/networks/{networks[0]}/history")
    assert history["items"][0]["reason"] == "One list" and "care_group" in history["items"][0]["changes"]
    told = [m.announcement for m in await register.said("registry.networks") if m.revision > 1 and m.announcement]
    assert told == []
    (message,) = await register.said("registry.batches")
    assert message.announcement
    assert message.announcement.headline == "Alder and 2 more networks: care group and level changed"
    assert set(message.announcement.concerns.networks) == set(networks)


@BOTH
async def test_batch_undone_gives_back_what_nobody_has_changed_since(register: Register) -> None:
    networks = await three(register)
    batch = await together(register, networks, care_group="renal")
    answer = await register.ask("PATCH", f"/networks/{networks[1]}", {"care_group": "cancer"})
    assert answer.status_code == 200
    undone = await register.post(f"/batches/{batch['id']}/undo", {"reason": "A slip"})
    assert (undone["status"], undone["kept"]) == ("undone", 1)
    assert [one["name"] for one in undone["networks"] if one["kept"]] == ["Birch"]
    assert await groups(register, networks) == ["stroke", "cancer", "stroke"]
    assert (await register.ask("POST", f"/batches/{batch['id']}/undo", {})).status_code == 409


async def test_one_network_that_cannot_be_changed_leaves_all_as_they_were(register: Register) -> None:
    networks = await three(register)
    await register.post(f"/networks/{networks[2]}/archive", {"reason": "Ended"})
    body = {"networks": networks, "change": {"care_group": "renal"}}
    assert (await register.ask("POST", "/batches", body)).status_code == 409
    assert await groups(register, networks) == ["stroke"] * 3


async def test_networks_that_have_it_so_already_are_no_change(register: Register) -> None:
    networks = await three(register)
    body = {"networks": networks, "change": {"care_group": "stroke"}}
    assert (await register.ask("POST", "/batches", body)).status_code == 409
    batch = await together(
        register, [*networks, await register.network("Damson", care_group="renal")], care_group="renal"
    )
    assert batch["changed"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {"networks": [], "change": {"level": "local"}}, {"networks": ["x"], "change": {}},
        {"networks": ["x"], "change": {"stage": "grown up"}}, {"networks": ["x"], "change": {"archived": False}},
        {"networks": ["x"], "change": {"add_bodies": []}}, {"networks": ["x"], "change": {"level": "galactic"}},
        {"networks": ["x"] * 201, "change": {"level": "local"}},
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_refused(register: Register, body: Any) -> None:
    assert (await register.ask("POST", "/batches", body)).status_code == 422


async def test_nobody_but_staff_changes_many_networks(register: Register) -> None:
    networks = await three(register)
    lead = await register.person("Ann", lead_manager=networks[0])
    for by in (lead, Principal()):
        answer = await register.ask("POST", "/batches", {"networks": networks, "change": {"level": "local"}}, by=by)
        assert answer.status_code in (401, 403)
        assert (await register.ask("GET", "/batches", by=by)).status_code in (401, 403)


async def test_batches_are_listed_with_who_made_them(register: Register) -> None:
    await together(register, await three(register), purpose="social")
    listed = await register.get("/batches")
    assert listed["total"] == 1 and listed["items"][0]["made_by"] == "staff-1"


async def test_whoever_is_told_of_a_batch_can_read_what_it_was(register: Register) -> None:
    batch = await together(register, await three(register), purpose="social")
    found = await register.get(f"/batches/{batch['id']}", by=Principal())
    assert [one["name"] for one in found["networks"]] == ["Alder", "Birch", "Cedar"]
    assert (await register.ask("GET", "/batches/none", by=Principal())).status_code == 404
