"""Two networks become one, and one becomes two: what the register records, and what it tells, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.auth import Principal
from shared.envelope import Envelope
from tests import service_rig
from tests.databases import server_for
from tests.registry.past import Register, register


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.backends)])
async def registry(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Register]:
    address = server_for(request)
    async with register(tmp_path, address) as running:
        yield running


async def said(registry: Register) -> list[Envelope]:
    """Everything that the register has said."""
    topics = ("registry.networks", "registry.successions", "registry.links")
    return sorted(await service_rig.said(registry.rig, *topics), key=lambda message: message.id)


async def pair(registry: Register) -> tuple[dict[str, Any], dict[str, Any]]:
    kent = await registry.add("Kent Stroke Network", aliases=["KSN"], bodies=["Q37"], care_group="stroke")
    return kent, await registry.add("Sussex Stroke Network", bodies=["Q36"], care_group="rehabilitation")


async def test_a_merge_archives_the_one_and_makes_the_other_known_by_its_names_and_areas(registry: Register) -> None:
    kent, sussex = await pair(registry)
    one = await registry.do(f"/networks/{kent['id']}/merge", into="sussex-stroke-network", reason="One office")
    assert one["id"] == sussex["id"] and one["bodies"] == ["Q36", "Q37"]
    assert one["aliases"] == ["Kent Stroke Network", "KSN"] and await registry.names(q="ksn") == [one["name"]]
    gone = await registry.get("/networks/kent-stroke-network")
    assert (gone["archived"], gone["merged_into"], gone["aims"]) == (True, sussex["id"], kent["aims"])
    reasons = [(await registry.get(f"/networks/{n}/history"))["items"][0]["reason"] for n in (kent["id"], sussex["id"])]
    assert reasons == ["Kent Stroke Network is now part of Sussex Stroke Network. One office", "One office"]
    back = await registry.ask("POST", f"/networks/{kent['id']}/restore", json={})
    assert back.status_code == 409 and "undo the merge" in back.json()["detail"]


async def test_a_merge_is_told_once_to_the_people_of_both(registry: Register) -> None:
    kent, sussex = await pair(registry)
    await registry.do(f"/networks/{kent['id']}/merge", into=sussex["id"], roles="all")
    *changes, merge = (await said(registry))[2:]
    assert [change.announcement for change in changes] == [None, None] and merge.key == sussex["id"]
    told = merge.announcement
    assert told and told.headline == "Kent Stroke Network is now part of Sussex Stroke Network"
    assert set(told.concerns.audiences()) == {
        f"network:{kent['id']}", f"network:{sussex['id']}", "body:Q36", "body:Q37", "care_group:stroke",
        "care_group:rehabilitation",
    }  # fmt: skip
    assert (merge.state["source"], merge.state["target"], merge.state["roles"]) == (kent["id"], sussex["id"], "all")


async def test_names_and_areas_are_left_where_that_is_wanted(registry: Register) -> None:
    kent, sussex = await pair(registry)
    one = await registry.do(f"/networks/{kent['id']}/merge", into=sussex["id"], keep_names=False, keep_bodies=False)
    assert (one["bodies"], one["aliases"], one["revision"]) == (["Q36"], [], 1)


async def test_links_go_over_and_none_leads_to_itself(registry: Register) -> None:
    kent, sussex = await pair(registry)
    surrey = await registry.add("Surrey Stroke Network")
    for other in (sussex, surrey):
        await registry.do(f"/networks/{kent['id']}/links", kind="works_with", other_id=other["id"])
    await registry.do(f"/networks/{kent['id']}/merge", into=sussex["id"])
    links = (await registry.get(f"/networks/{sussex['id']}/links"))["items"]
    assert [(link["kind"], link["other"]["id"]) for link in links if link["status"] == "confirmed"] == [
        ("works_with", surrey["id"])
    ]


@pytest.mark.parametrize("into", ["itself", "archived", "nowhere"])
async def test_what_cannot_be_merged_is_refused_and_nothing_is_changed(registry: Register, into: str) -> None:
    kent, sussex = await pair(registry)
    await registry.do(f"/networks/{sussex['id']}/archive")
    target = {"itself": kent["id"], "archived": sussex["id"], "nowhere": "no-such-network"}[into]
    answer = await registry.ask("POST", f"/networks/{kent['id']}/merge", json={"into": target})
    assert answer.status_code in (404, 409, 422) and answer.json()["detail"]
    assert await registry.names() == ["Kent Stroke Network"]


async def test_only_staff_merge_and_split(registry: Register) -> None:
    kent, sussex = await pair(registry)
    for path, body in (("merge", {"into": sussex["id"]}), ("split", {"name": "East Kent"})):
        answer = await registry.ask("POST", f"/networks/{kent['id']}/{path}", Principal("somebody"), json=body)
        assert answer.status_code == 403


async def test_two_merges_that_cross_end_with_one_network(registry: Register) -> None:
    kent, sussex = await pair(registry)
    answers = await asyncio.gather(
        *(registry.ask("POST", f"/networks/{a['id']}/merge", json={"into": b["id"]}) for a, b in
          ((kent, sussex), (sussex, kent)))
    )  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await registry.names()) == 1


async def test_a_split_puts_a_new_network_on_the_register_like_the_old_one(registry: Register) -> None:
    kent = await registry.add("Kent Stroke Network", stage="emerging", bodies=["Q37"], level="regional")
    east = await registry.do(
        f"/networks/{kent['id']}/split", name="East Kent Stroke Network", level="local", moved=["r1"], copied=["r2"]
    )
    assert (east["split_from"], east["stage"], east["level"], east["bodies"]) == (
        kent["id"], "emerging", "local", ["Q37"],
    )  # fmt: skip
    assert await registry.names() == ["East Kent Stroke Network", "Kent Stroke Network"]
    _, created, split = await said(registry)
    assert created.announcement is None and split.announcement
    assert split.announcement.headline == "East Kent Stroke Network was split off from Kent Stroke Network"
    assert split.announcement.path == "/networks/east-kent-stroke-network"
    assert (split.key, split.state["moved"], split.state["copied"]) == (kent["id"], ["r1"], ["r2"])


async def test_a_role_is_moved_or_copied_not_both(registry: Register) -> None:
    kent = await registry.add("Kent Stroke Network")
    body = {"name": "East Kent", "moved": ["r1"], "copied": ["r1"]}
    answer = await registry.ask("POST", f"/networks/{kent['id']}/split", json=body)
    assert answer.status_code == 422 and "choose one" in answer.text


async def test_a_split_is_undone_by_a_merge(registry: Register) -> None:
    kent = await registry.add("Kent Stroke Network")
    east = await registry.do(f"/networks/{kent['id']}/split", name="East Kent Stroke Network")
    back = await registry.do(f"/networks/{east['id']}/merge", into=kent["id"], keep_names=False)
    assert (back["id"], back["aliases"]) == (kent["id"], []) and await registry.names() == ["Kent Stroke Network"]
