"""Networks that get another name, leave the register and come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.registry.past import Register, register


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Register]:
    async with register(tmp_path) as running:
        yield running


async def renamed(registry: Register, network: dict[str, Any], name: str, **fields: Any) -> dict[str, Any]:
    return await registry.do(f"/networks/{network['id']}/rename", name=name, **fields)


async def test_a_renamed_network_has_a_new_address_and_is_found_at_every_old_one(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network")
    await renamed(registry, network, "Liverpool Stroke Network")
    last = await renamed(registry, network, "North West Stroke Network", keep_name=False)
    assert (last["slug"], last["revision"]) == ("north-west-stroke-network", 3)
    assert last["aliases"] == ["Mersey Stroke Network"]
    assert last["former_slugs"] == ["mersey-stroke-network", "liverpool-stroke-network"]
    for slug in (*last["former_slugs"], last["slug"]):
        assert (await registry.get(f"/networks/{slug}"))["id"] == network["id"]
    assert await registry.names(q="mersey") == ["North West Stroke Network"]


async def test_a_rename_is_announced_in_one_sentence(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network")
    await renamed(registry, network, "Liverpool Stroke Network", reason="A larger area")
    entry = (await registry.get(f"/networks/{network['id']}/history"))["items"][0]
    assert entry["headline"] == "Mersey Stroke Network is now called Liverpool Stroke Network"
    assert set(entry["changes"]) == {"name", "slug", "aliases", "former_slugs"} and entry["reason"] == "A larger area"


async def test_nobody_else_gets_an_address_that_leads_somewhere(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network")
    await renamed(registry, network, "Liverpool Stroke Network")
    namesake = await registry.add("Mersey Stroke Network")
    assert namesake["slug"] == "mersey-stroke-network-2"
    assert (await registry.get("/networks/mersey-stroke-network"))["id"] == network["id"]


async def test_a_network_that_is_called_as_before_has_its_old_address_again(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network")
    await renamed(registry, network, "Liverpool Stroke Network", keep_name=False)
    back = await renamed(registry, network, "Mersey Stroke Network", keep_name=False)
    assert (back["slug"], back["former_slugs"], back["aliases"]) == (
        "mersey-stroke-network", ["liverpool-stroke-network"], [],
    )  # fmt: skip
    assert (await registry.get("/networks/liverpool-stroke-network"))["id"] == network["id"]


async def test_a_page_of_the_directory_keeps_its_address(registry: Register) -> None:
    assert [(await registry.add(name))["slug"] for name in ("New", "Compare")] == ["new-2", "compare-2"]


async def test_no_two_networks_have_one_name(registry: Register) -> None:
    network, _ = await registry.add("Mersey Stroke Network"), await registry.add("Kent Stroke Network")
    for method, path in (("POST", "/rename"), ("PATCH", "")):
        answer = await registry.ask(method, f"/networks/{network['id']}{path}", json={"name": "KENT stroke network"})
        assert answer.status_code == 409, path
    spelt = await registry.change(network, name="Mersey STROKE Network")
    assert (spelt["name"], spelt["slug"]) == ("Mersey STROKE Network", "mersey-stroke-network")


async def test_an_archived_network_is_read_and_found_no_more_until_it_is_restored(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network")
    there = f"/networks/{network['id']}"
    assert (await registry.do(f"{there}/archive", reason="No members left"))["archived"]
    assert await registry.names() == [] and await registry.names(archived=True) == ["Mersey Stroke Network"]
    assert (await registry.get(there))["name"] == "Mersey Stroke Network"
    for method, path, body in (
        ("PATCH", "", {"aims": "x"}),
        ("POST", "/rename", {"name": "x"}),
        ("POST", "/archive", {}),
    ):
        assert (await registry.ask(method, there + path, json=body)).status_code == 409, path
    assert not (await registry.do(f"{there}/restore", reason="There are again"))["archived"]
    assert await registry.names() == ["Mersey Stroke Network"]
    told = [entry["headline"] for entry in (await registry.get(f"{there}/history"))["items"]]
    assert told[:2] == [
        "Mersey Stroke Network is on the register again", "Mersey Stroke Network was taken off the register",
    ]  # fmt: skip
    assert (await registry.ask("POST", f"{there}/restore", json={})).status_code == 409


async def test_a_name_taken_meanwhile_keeps_an_archived_network_away(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network")
    await registry.do(f"/networks/{network['id']}/archive")
    await registry.add("Mersey Stroke Network")
    answer = await registry.ask("POST", f"/networks/{network['id']}/restore", json={})
    assert answer.status_code == 409 and "name" in answer.json()["detail"]
