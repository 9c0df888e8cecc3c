"""What follows of an import: standards are judged, overlaps found, and the owners of saved searches told once."""

from __future__ import annotations

import asyncio
from typing import Any

from shared.auth import Principal
from tests.registry.conftest import BOTH, Register
from tests.registry.importing import HEADINGS, STROKE, answered, applied, as_csv, judged, waited

ANN, BEN = Principal("ann"), Principal("ben")
TWIN = ("Wirral Stroke Network", "disease", "stroke", "Q31", "")


async def saved(register: Register, by: Principal, **search: str) -> None:
    await register.post("/searches", {"name": "Mine", "q": "stroke", "sha": "", **search}, by=by)


async def told(register: Register) -> list[tuple[str, str, tuple[str, ...]]]:
    """(headline, page, whom) of what was said of saved searches."""
    said = [message.announcement for message in await register.said("registry.saved-searches")]
    return [(a.headline, a.path, tuple(sorted(a.concerns.people))) for a in said if a]


async def until(register: Register, path: str, holds: Any) -> Any:
    """The JSON at *path*, once *holds* of it."""
    async with asyncio.timeout(20):
        while not holds(found := await register.get(path)):
            await asyncio.sleep(0.05)
    return found


@BOTH
async def test_imported_networks_are_judged_by_the_standards(register: Register) -> None:
    rows = [(*STROKE, "emerging"), (*TWIN, "emerging")]
    await applied(register, as_csv(*rows, headings=(*HEADINGS, "Stage")))
    found = await until(register, "/networks", lambda f: all(n["health"] != "not assessed" for n in f["items"]))
    assert [(network["name"], network["health"]) for network in found["items"]] == [
        ("Mersey Stroke Network", "amber"), ("Wirral Stroke Network", "amber"),
    ]  # fmt: skip


@BOTH
async def test_imported_networks_are_compared_with_their_neighbours(register: Register) -> None:
    await register.network("Wirral Stroke Network", bodies=["Q31"])
    await applied(register, as_csv(STROKE))
    found = await until(register, "/overlaps", lambda f: f["total"])
    assert {found["items"][0][end]["name"] for end in ("network", "other")} == {
        "Mersey Stroke Network", "Wirral Stroke Network",
    }  # fmt: skip


@BOTH
async def test_owners_of_saved_searches_are_told_once_of_all_that_an_import_brought(register: Register) -> None:
    await saved(register, ANN)
    await saved(register, ANN, name="Also mine", q="mersey")
    await saved(register, BEN, q="wirral")
    record = await applied(register, as_csv(STROKE, TWIN, ("Tyne Renal Network", "disease", "renal", "", "")))
    slug = (await register.get("/networks?q=wirral"))["items"][0]["slug"]
    assert sorted(await told(register)) == [
        ("2 networks of one import now match searches that you saved", f"/networks/imports/{record['id']}", ("ann",)),
        ("Wirral Stroke Network now matches a search that you saved", f"/networks/{slug}", ("ben",)),
    ]
    mine = (await register.get("/searches", by=ANN))["items"]
    assert sorted((search["name"], search["matched"]) for search in mine) == [("Also mine", 1), ("Mine", 2)]


async def test_who_was_told_of_a_network_is_not_told_again_by_an_import(register: Register) -> None:
    await saved(register, ANN)
    network = await register.network("Mersey Stroke Network", aims="")
    assert len(await told(register)) == 1
    await register.ask("PATCH", f"/networks/{network}", {"name": "Mersey Brain Network", "care_group": "neurology"})
    record = await judged(register, as_csv(("Mersey Brain Network", "disease", "stroke", "Q31", "Stroke")))
    await answered(register, "POST", record, {}, "/apply")
    assert (await waited(register, record["id"]))["status"] == "applied"
    assert len(await told(register)) == 1


async def test_a_minor_import_tells_nobody(register: Register) -> None:
    await saved(register, ANN)
    record = await judged(register, as_csv(STROKE))
    await answered(register, "POST", record, {"minor": True}, "/apply")
    await waited(register, record["id"])
    assert await told(register) == []
