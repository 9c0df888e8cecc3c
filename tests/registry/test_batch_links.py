"""Many networks linked to one other together, or no longer: all or none, told once, undone as one."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.registry.conftest import BOTH, Register


async def three(register: Register) -> list[str]:
    return [await register.network(name, bodies=["Q31"]) for name in ("Alder", "Birch", "Cedar")]


async def links(register: Register, network: str) -> list[tuple[str, str]]:
    found = await register.get(f"/networks/{network}/links")
    return [(one["relation"], one["status"]) for one in found["items"]]


async def together(register: Register, networks: list[str], **change: Any) -> Any:
    return await register.post("/batches", {"networks": networks, "change": change})


@BOTH
async def test_networks_are_linked_to_one_other_and_everybody_concerned_is_told_once(register: Register) -> None:
    networks, other = await three(register), await register.network("North", bodies=["Q32"])
    batch = await together(register, networks, link={"kind": "part_of", "other_id": other})
    assert (
        batch["changed"] == 3 and [await links(register, one) for one in networks] == [[("part_of", "confirmed")]] * 3
    )
    (message,) = await register.said("registry.batches")
    assert message.announcement
    assert message.announcement.headline == "Alder and 2 more networks: now part of North"
    assert set(message.announcement.concerns.networks) == {*networks, other}
    assert set(message.announcement.concerns.bodies) == {"Q31", "Q32"}
    made = await register.said("registry.links")
    assert len(made) == 3 and not any(one.announcement for one in made)


@BOTH
async def test_links_made_together_end_with_the_undo_but_for_one_that_was_changed_since(register: Register) -> None:
    networks, other = await three(register), await register.network("North")
    batch = await together(register, networks, link={"kind": "works_with", "other_id": other})
    (link,) = (await register.get(f"/networks/{networks[1]}/links"))["items"]
    assert (await register.ask("PATCH", f"/links/{link['id']}", {"note": "Every Monday"})).status_code == 200
    undone = await register.post(f"/batches/{batch['id']}/undo")
    assert undone["kept"] == 1 and [one["name"] for one in undone["networks"] if one["kept"]] == ["Birch"]
    assert await links(register, networks[0]) == [("works_with", "ended")]
    assert await links(register, networks[1]) == [("works_with", "confirmed")]
    (*_, message) = await register.said("registry.batches")
    assert message.announcement
    assert message.announcement.headline == "Alder and 1 more network: no longer working with North"


@BOTH
async def test_links_are_ended_together_and_hold_again_with_the_undo(register: Register) -> None:
    networks, other = await three(register), await register.network("North")
    await together(register, networks, link={"kind": "works_with", "other_id": other})
    wanted = [*networks, await register.network("Damson")]
    batch = await together(register, wanted, end_link={"kind": "works_with", "other_id": other})
    assert batch["changed"] == 3 and await links(register, networks[2]) == [("works_with", "ended")]
    await register.post(f"/batches/{batch['id']}/undo")
    assert [await links(register, one) for one in networks] == [[("works_with", "confirmed")]] * 3


@BOTH
async def test_a_circle_or_itself_among_them_links_none_and_says_why_of_each(register: Register) -> None:
    networks = await three(register)
    await register.post(f"/networks/{networks[0]}/links", {"kind": "parent_of", "other_id": networks[2]})
    change = {"link": {"kind": "part_of", "other_id": networks[2]}}
    answer = await register.ask("POST", "/batches", {"networks": networks, "change": change})
    assert answer.status_code == 409
    why = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert set(why) == {networks[0], networks[2]}
    assert "cannot stand below it too" in why[networks[0]] and "linked to itself" in why[networks[2]]
    assert await links(register, networks[1]) == []


async def test_what_cannot_be_meant_of_links_is_refused(register: Register) -> None:
    networks, other = await three(register), await register.network("North")
    for change in (
        {"link": {"kind": "works_with", "other_id": other}, "level": "local"},
        {"link": {"kind": "admires", "other_id": other}}, {"link": {"kind": "works_with"}},
        {"link": {"kind": "works_with", "other_id": other}, "end_link": {"kind": "works_with", "other_id": other}},
    ):  # fmt: skip
        answer = await register.ask("POST", "/batches", {"networks": networks, "change": change})
        assert answer.status_code == 422, change
    change = {"link": {"kind": "works_with", "other_id": "nobody"}}
    assert (await register.ask("POST", "/batches", {"networks": networks, "change": change})).status_code == 404
    already = await together(register, networks, link={"kind": "works_with", "other_id": other})
    again = {"networks": networks, "change": already["change"]}
    assert (await register.ask("POST", "/batches", again)).json()["title"]


@BOTH
async def test_batches_that_want_the_same_networks_crosswise_all_end(register: Register) -> None:
    networks = [*await three(register), await register.network("Damson")]
    asked = [
        {"networks": [one for one in networks if one != other], "change": {"link": {"kind": kind, "other_id": other}}}
        for other in networks for kind in ("works_with", "scrutinises")
    ]  # fmt: skip
    asked += [{"networks": networks, "change": {"aims": f"Aim {number}"}} for number in range(4)]
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(register.ask("POST", "/batches", body) for body in asked))
    assert {answer.status_code for answer in answers} <= {201, 409}, [a.text for a in answers if a.status_code >= 500]


@BOTH
async def test_networks_that_leave_together_and_one_that_leaves_alone_do_not_wait_for_each_other(
    register: Register,
) -> None:
    for round_ in range(5):
        networks = [await register.network(f"{name} {round_}") for name in ("Alder", "Birch", "Cedar")]
        together_ = register.ask("POST", "/batches", {"networks": networks, "change": {"archived": True}})
        alone = [register.ask("POST", f"/networks/{one}/archive", {"reason": "Over"}) for one in networks[1:]]
        async with asyncio.timeout(20):
            answers = await asyncio.gather(together_, *alone)
        assert {answer.status_code for answer in answers} <= {200, 201, 409}, [a.text for a in answers]
