"""The register as it stood: lists, records, and what two days differ in."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from services.registry.tables import Version
from shared import clock
from tests.databases import server_for
from tests.registry.past import Register, on, register


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.backends)])
async def registry(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Register]:
    address = server_for(request)
    async with register(tmp_path, address) as running:
        yield running


async def test_a_list_shows_what_stood_at_the_end_of_a_day(registry: Register) -> None:
    mersey = await registry.add("Mersey Stroke Network", day="2026-01-10")
    await registry.add("Kent Stroke Network", day="2026-02-10")
    await registry.change(mersey, day="2026-03-10", name="Liverpool Stroke Network", stage="emerging")
    await registry.do(f"/networks/{mersey['id']}/archive", day="2026-04-10", reason="Closed")
    days = ("2026-01-09", "2026-01-10", "2026-02-11", "2026-03-10", "2026-04-09", "2026-04-10")
    stood = [await registry.names(as_of=day) for day in days]
    kent, mersey_then, mersey_later = "Kent Stroke Network", "Mersey Stroke Network", "Liverpool Stroke Network"
    assert stood == [[], [mersey_then], [kent, mersey_then], [kent, mersey_later], [kent, mersey_later], [kent]]


async def test_every_facet_and_every_word_is_of_the_past(registry: Register) -> None:
    fields = {"type": "disease", "level": "local", "purpose": "clinical", "side": "provider", "stage": "informal"}
    network = await registry.add("Mersey Stroke Network", day="2026-01-10", aims="Quicker scans", **fields)
    later = {"type": "function", "level": "national", "purpose": "social", "side": "both", "stage": "closing"}
    await registry.change(network, day="2026-02-10", aims="Better rest", care_group="rest", bodies=["Q32"], **later)
    for facet, value in {**fields, "care_group": "stroke", "sha": "Q31", "q": "quick SCANS"}.items():
        assert await registry.names(as_of="2026-01-31", **{facet: value}) == ["Mersey Stroke Network"], facet
        assert await registry.names(as_of="2026-02-28", **{facet: value}) == [], facet
    page = await registry.get("/networks", as_of="2026-01-31", facets=True)
    counted = {name: [(entry["value"], entry["count"]) for entry in found] for name, found in page["facets"].items()}
    assert counted == {
        **{name: [(value, 1)] for name, value in fields.items()},
        "care_group": [("stroke", 1)],
        "health": [("not assessed", 1)],
        "sha": [("Q31", 1)],
    }


async def test_the_facets_of_a_day_are_those_that_its_list_showed_then(registry: Register) -> None:
    await registry.add("One", bodies=["Q31", "Q32"], care_group="renal")
    await registry.add("Two", level="regional")
    for asked, total in (
        ({}, 2),
        ({"sha": "Q32"}, 1),
        ({"level": "regional", "q": "tw"}, 1),
        ({"stage": "managed"}, 0),
    ):
        now = await registry.get("/networks", facets=True, **asked)
        then = await registry.get("/networks", facets=True, as_of=clock.today().isoformat(), **asked)
        assert then["facets"] == now["facets"] and then["total"] == now["total"] == total, asked


async def test_pages_of_the_past_follow_one_another_without_gap_or_repeat(registry: Register) -> None:
    for number in range(7):
        await registry.add(f"Network {number}", day="2026-01-10")
    seen, cursor = [], ""
    while cursor is not None:
        page = await registry.get("/networks", as_of="2026-01-10", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [network["name"] for network in page["items"]]
        cursor = page["next"]
    assert (seen, page["total"]) == ([f"Network {number}" for number in range(7)], 7)


async def test_a_record_is_whole_as_it_stood(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network", day="2026-01-10", population=1000, host="RBN")
    await registry.change(network, day="2026-02-10", population=2000, host="REM", aliases=["MSN"])
    then = await registry.get(f"/networks/{network['id']}", as_of="2026-02-09")
    assert (then["population"], then["host"], then["aliases"], then["revision"]) == (1000, "RBN", [], 1)
    assert then["updated_at"].startswith("2026-01-10") and then["as_of"].startswith("2026-02-09T23:59:59")
    to_the_second = await registry.get(f"/networks/{network['id']}", as_of="2026-02-10T12:00:00Z")
    assert to_the_second["population"] == 2000


async def test_before_it_was_there_a_network_is_not_found_and_it_is_said_since_when_it_is(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network", day="2026-01-10")
    answer = await registry.ask("GET", f"/networks/{network['id']}", as_of="2026-01-09")
    assert answer.status_code == 404 and "since 10 January 2026" in answer.json()["detail"]


@pytest.mark.parametrize(("day", "word"), [("2999-01-01", "still to come"), ("soon", "not a date")])
async def test_a_day_that_cannot_be_is_refused(registry: Register, day: str, word: str) -> None:
    answer = await registry.ask("GET", "/networks", as_of=day)
    assert answer.status_code == 422 and word in answer.text


async def test_a_clock_that_is_behind_makes_no_gap_and_no_double(registry: Register) -> None:
    """Two processes, the second a minute behind the first: the later revision is in force from the earlier's time."""
    network = await registry.add("Mersey Stroke Network", day="2026-03-02")
    await registry.change(network, day="2026-03-01", aims="Later, by a slower clock")
    async with registry.rig.parts.database.reading() as session:
        rows = (await session.execute(select(Version.revision, Version.valid_from).order_by(Version.revision))).all()
    assert [(row.revision, row.valid_from) for row in rows] == [(1, on("2026-03-02")), (2, on("2026-03-02"))]
    assert await registry.names(as_of="2026-03-01") == []
    assert (await registry.get("/networks", as_of="2026-03-02"))["items"][0]["aims"] == "Later, by a slower clock"


async def test_two_days_of_a_network_are_compared_field_by_field(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network", day="2026-01-10", aims="One", population=5)
    await registry.change(network, day="2026-02-10", aims="Two")
    await registry.change(network, day="2026-03-10", aims="Three", population=6)
    await registry.change(network, day="2026-04-10", population=5)
    found = await registry.get(f"/networks/{network['id']}/difference", from_="2026-01-31", to="2026-05-01")
    assert found["changes"] == {"aims": ["One", "Three"]} and found["revisions"] == [1, 4]
    wrong = await registry.ask("GET", f"/networks/{network['id']}/difference", from_="2026-05-01", to="2026-01-31")
    assert wrong.status_code == 422 and "exchange" in wrong.json()["detail"]


async def test_two_days_of_the_register_are_compared_network_by_network(registry: Register) -> None:
    gone, changed, same, back = [await registry.add(name, day="2026-01-10") for name in ("Gone", "Other", "Same", "Up")]
    await registry.do(f"/networks/{back['id']}/archive", day="2026-01-11")
    await registry.do(f"/networks/{gone['id']}/archive", day="2026-02-10")
    await registry.do(f"/networks/{back['id']}/restore", day="2026-02-10")
    await registry.change(changed, day="2026-02-10", stage="emerging")
    new = await registry.add("New", day="2026-02-11", care_group="renal", bodies=["Q32"])
    found = await registry.get("/networks/compare", from_="2026-01-31", to="2026-02-28")
    assert [(item["name"], item["what"]) for item in found["items"]] == [
        ("Gone", "archived"), ("New", "added"), ("Other", "changed"), ("Up", "restored"),
    ]  # fmt: skip
    assert found["items"][2]["changes"] == {"stage": ["informal", "emerging"]}
    assert found["counts"] == {"added": 1, "archived": 1, "restored": 1, "changed": 1} and found["total"] == 4
    near = await registry.get("/networks/compare", from_="2026-01-31", to="2026-02-28", sha="Q32")
    assert [item["id"] for item in near["items"]] == [new["id"]]
    assert same["id"] not in {item["id"] for item in found["items"]}
    first = await registry.get("/networks/compare", from_="2026-01-31", to="2026-02-28", limit=3)
    rest = await registry.get("/networks/compare", from_="2026-01-31", to="2026-02-28", cursor=first["next"])
    assert [item["name"] for item in rest["items"]] == ["Up"]


async def test_each_field_says_who_changed_it_last_and_why(registry: Register) -> None:
    network = await registry.add("Mersey Stroke Network", day="2026-01-10", aims="One", reason="Begun")
    await registry.change(network, day="2026-02-10", aims="Two", population=7, reason="New census")
    await registry.change(network, day="2026-03-10", population=8, reason="Another census", minor=True)
    fields = {entry["field"]: entry for entry in (await registry.get(f"/networks/{network['id']}/fields"))["items"]}
    said = {name: (fields[name]["value"], fields[name]["reason"], fields[name]["revision"]) for name in fields}
    assert said["name"] == ("Mersey Stroke Network", "Begun", 1)
    assert said["aims"] == ("Two", "New census", 2)
    assert said["population"] == (8, "Another census", 3)
    assert fields["population"]["actor"] == "staff-1" and "started_on" not in fields


async def test_versions_made_from_the_history_are_those_that_were_written_with_it(registry: Register) -> None:
    migration = importlib.import_module("services.registry.migrations.0005_the_register_as_it_stood")
    kent = await registry.add("Kent Stroke Network", day="2026-03-10", aims="Écoute", bodies=["Q37", "Q38"])
    await registry.change(kent, day="2026-02-10", stage="emerging")
    await registry.do(f"/networks/{kent['id']}/archive", day="2026-04-10")
    await registry.add("Mersey Stroke Network", day="2026-01-10")
    migration.AT_ONCE = 2
    async with registry.rig.parts.database.writer.connect() as connection:
        made = await connection.run_sync(lambda sync: [row for rows in migration._versions(sync) for row in rows])
        written = (await connection.execute(select(Version.__table__))).mappings().all()
    by_key = {(row["subject"], row["revision"]): dict(row) for row in written}
    assert {(row["subject"], row["revision"]): row for row in made} == by_key and len(by_key) == 4


async def test_a_list_as_of_a_date_seeks_the_version_of_each_network_and_never_reads_them_all(
    registry: Register,
) -> None:
    """Else it costs what the whole history costs. How PostgreSQL goes about it, a lateral join says by itself."""
    database, asked = registry.rig.parts.database, list[tuple[str, Any]]()
    if not database.is_sqlite:
        return
    event.listen(database.reader.sync_engine, "before_cursor_execute", lambda *said: asked.append(said[2:4]))
    await registry.get("/networks", as_of=str(clock.today()), facets=True)
    lists = [(statement, values) for statement, values in asked if "network_versions" in statement]
    assert len(lists) == 2
    async with database.reading() as session:
        connection = await session.connection()
        for statement, values in lists:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps = [row.detail.split(" USING")[0] for row in plan]
            assert [step for step in steps if "versions" in step] == [
                "SEARCH network_versions_1", "SEARCH network_versions_2", "SEARCH health_versions_1",
                "SEARCH health_versions_2",
            ]  # fmt: skip
