"""Many networks archived, moved to a stage, given areas or told something: all or none, told once, undone as one."""

from __future__ import annotations

from typing import Any

from shared.auth import Principal
from tests.registry.conftest import BOTH, Register


async def three(register: Register) -> list[str]:
    return [await register.network(name, care_group="stroke", bodies=["Q31"]) for name in ("Alder", "Birch", "Cedar")]


async def together(register: Register, networks: list[str], **change: Any) -> Any:
    return await register.post("/batches", {"networks": networks, "change": change, "reason": "One list"})


async def values(register: Register, networks: list[str], field: str) -> list[Any]:
    return [(await register.get(f"/networks/{one}"))[field] for one in networks]


async def announced(register: Register) -> list[str]:
    """What was told since the networks were made."""
    said = [*await register.said("registry.networks"), *await register.said("registry.batches")]
    return [m.announcement.headline for m in said if m.announcement and not m.type.endswith("network.created.v1")]


@BOTH
async def test_networks_leave_the_register_together_told_once_and_come_back_with_their_links(
    register: Register,
) -> None:
    networks = await three(register)
    link = {"kind": "works_with", "other_id": networks[1], "from": "2026-01-01"}
    await register.post(f"/networks/{networks[0]}/links", link)
    batch = await together(register, networks, archived=True)
    assert await values(register, networks, "archived") == [True] * 3
    assert await announced(register) == ["Alder and 2 more networks taken off the register"]
    undone = await register.post(f"/batches/{batch['id']}/undo", {"reason": "A slip"})
    assert (undone["status"], undone["kept"]) == ("undone", 0)
    assert await values(register, networks, "archived") == [False] * 3
    assert (await announced(register))[-1] == "Alder and 2 more networks put back on the register"
    links = await register.get(f"/networks/{networks[0]}/links")
    assert [one["status"] for one in links["items"]] == ["confirmed"]


@BOTH
async def test_areas_are_added_and_taken_away_and_given_back(register: Register) -> None:
    networks = await three(register)
    batch = await together(register, networks, add_bodies=["Q32"], remove_bodies=["Q31"])
    assert await values(register, networks, "bodies") == [["Q32"]] * 3
    assert (await register.get("/networks?sha=Q32"))["total"] == 3
    assert await announced(register) == ["Alder and 2 more networks: oversight bodies changed"]
    await register.post(f"/batches/{batch['id']}/undo")
    assert await values(register, networks, "bodies") == [["Q31"]] * 3
    assert (await register.get("/networks?sha=Q31"))["total"] == 3
    body = {"networks": networks, "change": {"add_bodies": ["ZZZ"]}}
    assert (await register.ask("POST", "/batches", body)).status_code == 422


@BOTH
async def test_stages_move_together_and_back(register: Register) -> None:
    networks = await three(register)
    batch = await together(register, networks, stage="emerging", level="regional")
    assert await values(register, networks, "stage") == ["emerging"] * 3
    assert await announced(register) == ["Alder and 2 more networks: level and stage changed"]
    await register.post(f"/batches/{batch['id']}/undo")
    assert await values(register, networks, "stage") == ["informal"] * 3
    assert await values(register, networks, "level") == ["local"] * 3


@BOTH
async def test_a_stage_whose_gates_one_network_does_not_pass_changes_none_and_says_why_of_each(
    register: Register,
) -> None:
    networks = await three(register)
    await together(register, networks, stage="emerging")
    await register.post(f"/networks/{networks[2]}/archive", {"reason": "Ended"})
    answer = await register.ask("POST", "/batches", {"networks": networks, "change": {"stage": "managed"}})
    assert answer.status_code == 409
    why = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert set(why) == set(networks)
    assert why[networks[0]].startswith("Alder: ") and "cannot become managed yet" in why[networks[0]]
    assert why[networks[2]].startswith("Cedar: The network is archived")
    assert await values(register, networks[:2], "stage") == ["emerging"] * 2


@BOTH
async def test_people_are_told_something_once_and_nothing_is_changed(register: Register) -> None:
    networks = await three(register)
    revisions = await values(register, networks, "revision")
    word = {"networks": networks, "headline": "The office is closed on Friday", "text": "We are back on **Monday**."}
    told = await register.post("/batches/words", word)
    assert (told["status"], told["changed"], len(told["networks"])) == ("told", 3, 3)
    (message,) = await register.said("registry.batches")
    assert message.announcement and message.announcement.headline == "The office is closed on Friday"
    assert set(message.announcement.concerns.networks) == set(networks) and not message.announcement.concerns.bodies
    assert await values(register, networks, "revision") == revisions
    assert (await register.ask("POST", f"/batches/{told['id']}/undo", {})).status_code == 409
    assert (await register.ask("POST", "/batches/words", word, by=Principal("member"))).status_code == 403


@BOTH
async def test_a_network_whose_name_was_taken_meanwhile_stays_off_the_register(register: Register) -> None:
    networks = await three(register)
    batch = await together(register, networks, archived=True)
    await register.network("Birch")
    undone = await register.post(f"/batches/{batch['id']}/undo")
    assert undone["kept"] == 1 and [one["name"] for one in undone["networks"] if one["kept"]] == ["Birch"]
    assert await values(register, networks, "archived") == [False, True, False]
