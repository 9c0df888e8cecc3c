"""Imports, step by step: matched, judged, applied all or nothing, told once, undone, stopped, gone on with."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from services.registry.importing import worker
from services.registry.importing.holding import Hold, Lost, due, take
from services.registry.tables import Import
from shared import clock
from shared.auth import Principal
from tests.registry.conftest import BOTH, Register
from tests.registry.importing import (
    HEADINGS,
    RENAL,
    STROKE,
    answered,
    applied,
    as_csv,
    judged,
    names,
    sent,
    verdicts,
    waited,
)

COUNTS = ("new", "changed", "duplicate", "wrong")


@BOTH
async def test_a_file_is_matched_judged_applied_and_undone(register: Register) -> None:
    await register.network("Tyne Renal Network", care_group="renal", aims="Old aims", bodies=["Q30"])
    record = await sent(register, as_csv(STROKE, RENAL))
    assert record["status"] == "matching" and record["columns"] == {
        "name": 0, "type": 1, "care_group": 2, "bodies": 3, "aims": 4,
    }  # fmt: skip
    await answered(register, "PATCH", record, {"columns": record["columns"]})
    record = await waited(register, record["id"])
    assert [record[name] for name in COUNTS] == [1, 1, 0, 0]
    assert await names(register) == ["Tyne Renal Network"]
    await answered(register, "POST", record, {}, "/apply")
    record = await waited(register, record["id"])
    assert record["status"] == "applied"
    found = (await register.get("/networks?q=renal"))["items"][0]
    assert (found["aims"], await names(register)) == ("Fewer journeys", ["Mersey Stroke Network", "Tyne Renal Network"])
    await answered(register, "POST", record, {}, "/undo")
    assert (await waited(register, record["id"]))["status"] == "undone"
    found = (await register.get("/networks?q=renal"))["items"][0]
    assert (found["aims"], await names(register)) == ("Old aims", ["Tyne Renal Network"])


@BOTH
async def test_an_import_is_told_once_and_each_network_recorded(register: Register) -> None:
    await applied(register, as_csv(STROKE, RENAL))
    told = [message for message in await register.said("registry.imports") if message.announcement]
    assert [m.announcement.headline for m in told if m.announcement] == [
        "2 networks imported from list.csv: 2 new",
    ]  # fmt: skip
    said = told[0].announcement
    assert said and said.path == f"/networks/imports/{told[0].subject}"
    assert said.concerns.audiences() == ["body:Q30", "body:Q31", "staff"]
    networks = await register.said("registry.networks")
    assert len(networks) == 2 and not any(message.announcement for message in networks)
    history = await register.get(f"/networks/{networks[0].subject}/history")
    assert [(e["minor"], e["reason"], e["actor"]) for e in history["items"]] == [
        (True, "Imported from list.csv", "staff-1")
    ]


async def test_columns_are_matched_by_what_stands_under_them(register: Register) -> None:
    content = as_csv(
        ("Mersey Stroke Network", "Disease", "North West", "office@mersey.example", "www.mersey.example"),
        ("Tyne Renal Network", "Disease", "Q30", "office@tyne.example", "www.tyne.example"),
        headings=("A", "B", "C", "D", "E"),
    )
    record = await sent(register, content)
    assert record["columns"] == {"name": 0, "type": 1, "bodies": 2, "email": 3, "web": 4}
    await answered(register, "PATCH", record, {"columns": record["columns"], "fixed": {"care_group": "Stroke"}})
    assert (await waited(register, record["id"]))["new"] == 2


async def test_a_matching_by_hand_is_kept_for_the_next_file_whatever_its_order(register: Register) -> None:
    headings = ("Title of it", "Sort", "What for")
    record = await sent(register, as_csv(("Mersey Stroke Network", "disease", "stroke"), headings=headings))
    await answered(register, "PATCH", record, {"columns": {"name": 0, "type": 1, "care_group": 2}})
    await waited(register, record["id"])
    again = as_csv(("renal", "Tyne Renal Network", "disease"), headings=("What for", "Title of it", "Sort"))
    record = await sent(register, again)
    assert (record["status"], record["matched"]) == ("ready", "kept")
    assert record["columns"] == {"care_group": 0, "name": 1, "type": 2} and record["new"] == 1


async def test_without_a_column_of_names_nothing_goes_on(register: Register) -> None:
    record = await sent(register, as_csv(STROKE))
    answer = await register.ask("PATCH", f"/imports/{record['id']}", {"columns": {"type": 1}})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "name"
    answer = await register.ask("PATCH", f"/imports/{record['id']}", {"columns": {"name": 99}})
    assert answer.status_code == 422


async def test_each_row_says_what_becomes_of_it_and_why(register: Register) -> None:
    await register.network("Mersey Stroke Network", aims="Better care", bodies=["Q31"])
    record = await judged(
        register,
        as_csv(
            STROKE, ("mersey stroke network", "disease", "stroke", "Q31", "Other aims"), ("", "disease", "", "", "x"),
            ("Tyne Renal Network", "illness", "renal", "Q99", ""), ("Wear Network", "", "", "", ""), RENAL,
            ("tyne renal network", "disease", "renal", "", ""),
        ),
    )  # fmt: skip
    assert await verdicts(register, record) == [
        (2, "duplicate", "On the register already, with the same particulars."),
        (3, "duplicate", "The same name as row 2."),
        (4, "wrong", "Name: it is missing."),
        (5, "wrong", "Type: “illness” is none of disease, specialty, client group, function. "
                     "Areas covered: “Q99” is no oversight body; use a code such as Q31."),
        (6, "wrong", "Type: a new network needs its type and care group."),
        (7, "duplicate", "The same name as row 5."),
        (8, "duplicate", "The same name as row 5."),
    ]  # fmt: skip


async def test_what_resembles_something_is_left_out_until_somebody_says_what_it_is(register: Register) -> None:
    known = await register.network("Greater Manchester Stroke Network", aims="Old")
    record = await judged(
        register,
        as_csv(
            ("Stroke Network of Greater Manchester", "disease", "stroke", "Q31", "New aims"),
            ("Greater Manchestr Stroke Network", "disease", "stroke", "", "Other"),
            ("Greater Manchester Cardiac Network", "disease", "cardiac", "", ""),
            ("Greater Manchester Cardaic Network", "disease", "cardiac", "", ""),
        ),
    )  # fmt: skip
    found = (await register.get(f"/imports/{record['id']}/rows"))["items"]
    assert [(row["outcome"], row["likely"], row["twin_name"], row["twin_row"]) for row in found] == [
        ("duplicate", True, "Greater Manchester Stroke Network", None),
        ("duplicate", True, "Greater Manchester Stroke Network", None),
        ("new", False, "", None), ("duplicate", True, "", 4),
    ]  # fmt: skip
    assert "only the order of the words" in found[0]["reason"] and "differ by a letter" in found[1]["reason"]
    await answered(register, "POST", record, {"choice": "same", "rows": [2]}, "/choices")
    record = await answered(register, "POST", record, {"choice": "new", "rows": [3, 5]}, "/choices")
    assert [record[name] for name in COUNTS] == [3, 1, 0, 0]
    await answered(register, "POST", record, {}, "/apply")
    await waited(register, record["id"])
    network = await register.get(f"/networks/{known}")
    assert (network["name"], network["aims"]) == ("Greater Manchester Stroke Network", "New aims")
    assert network["aliases"] == ["Stroke Network of Greater Manchester"]
    assert len(await names(register)) == 4


async def test_likeness_looks_at_areas_and_all_may_be_chosen_at_once(register: Register) -> None:
    await register.network("County Renal Network", bodies=["Q30"])
    elsewhere = as_csv(("Renal Network of the County", "disease", "renal", "Q38", ""))
    assert (await judged(register, elsewhere))["new"] == 1
    record = await judged(register, as_csv(("Renal Network, County", "disease", "renal", "Q30", "")))
    assert record["duplicate"] == record["likely"] == 1
    await answered(register, "POST", record, {"choice": "new"}, "/choices")
    record = await waited(register, record["id"])
    assert (record["new"], record["duplicate"]) == (1, 0)


async def test_two_rows_never_change_one_network(register: Register) -> None:
    await register.network("County Renal Network", care_group="renal", bodies=["Q30"])
    rows = [("Renal Network of County", "disease", "renal", "", "One"), ("County Renal", "disease", "renal", "", "Two")]
    record = await judged(register, as_csv(*rows))
    await answered(register, "POST", record, {"choice": "same", "rows": [2, 3]}, "/choices")
    assert [verdict[1:] for verdict in await verdicts(register, record)] == [
        ("changed", "Changes aims and other names."), ("duplicate", "Row 2 changes the same network."),
    ]  # fmt: skip


async def test_a_wrong_row_keeps_everything_out_unless_it_is_left_out(register: Register) -> None:
    record = await judged(register, as_csv(STROKE, ("Bad", "illness", "renal", "", "")))
    answer = await register.ask("POST", f"/imports/{record['id']}/apply", {})
    assert answer.status_code == 422 and "1 row is wrong" in answer.json()["detail"]
    await answered(register, "POST", record, {"without_wrong": True}, "/apply")
    assert (await waited(register, record["id"]))["status"] == "applied"
    assert await names(register) == ["Mersey Stroke Network"]


async def test_the_wrong_rows_come_back_with_their_reasons_and_nothing_that_runs(register: Register) -> None:
    record = await judged(register, as_csv(STROKE, ("=HYPERLINK(1)", "illness", "renal", "", "-1+2")))
    answer = await register.ask("GET", f"/imports/{record['id']}/errors")
    assert "attachment" in answer.headers["content-disposition"]
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Row,Name,Type,Care group,SHA codes,Aims,Why it was not imported"
    assert lines[1].startswith("3,'=HYPERLINK(1),illness,renal,,'-1+2,\"Type: “illness” is none of")
    kept = await register.ask("GET", f"/imports/{record['id']}/file")
    assert kept.content == as_csv(STROKE, ("=HYPERLINK(1)", "illness", "renal", "", "-1+2"))


async def test_an_undo_is_refused_for_networks_changed_since_and_may_leave_them(register: Register) -> None:
    record = await applied(register, as_csv(STROKE, RENAL))
    stroke = (await register.get("/networks?q=stroke"))["items"][0]
    await register.ask("PATCH", f"/networks/{stroke['id']}", {"aims": "Mine"})
    answer = await register.ask("POST", f"/imports/{record['id']}/undo", {})
    assert answer.status_code == 409
    assert "1 network of this import was changed since: Mersey Stroke Network." in answer.json()["detail"]
    assert len(await names(register)) == 2
    await answered(register, "POST", record, {"keep_changed": True}, "/undo")
    record = await waited(register, record["id"])
    assert (record["status"], record["kept"], await names(register)) == ("undone", 1, ["Mersey Stroke Network"])


async def test_a_network_in_which_somebody_has_a_role_by_now_is_not_taken_away(register: Register) -> None:
    record = await applied(register, as_csv(STROKE))
    network = (await register.get("/networks"))["items"][0]
    await register.person("Ann", lead_nurse=network["id"])
    assert (await register.ask("POST", f"/imports/{record['id']}/undo", {})).status_code == 409


async def test_what_an_undo_took_off_comes_back_at_its_address_with_the_next_import(register: Register) -> None:
    record = await applied(register, as_csv(STROKE))
    first = (await register.get("/networks"))["items"][0]
    await answered(register, "POST", record, {}, "/undo")
    await waited(register, record["id"])
    record = await applied(register, as_csv(("Mersey Stroke Network", "disease", "stroke", "Q31", "Mended")))
    again = (await register.get("/networks"))["items"][0]
    assert (again["id"], again["slug"], again["aims"]) == (first["id"], first["slug"], "Mended")
    await answered(register, "POST", record, {}, "/undo")
    await waited(register, record["id"])
    assert await names(register) == []


async def test_an_archived_name_does_not_stand_in_the_way(register: Register) -> None:
    old = await register.network("Mersey Stroke Network")
    await register.post(f"/networks/{old}/archive")
    await applied(register, as_csv(STROKE))
    network = (await register.get("/networks"))["items"][0]
    assert network["id"] != old and network["slug"] == "mersey-stroke-network-2"


async def test_a_register_that_changed_after_the_preview_is_looked_at_again(register: Register) -> None:
    network = await register.network("Tyne Renal Network", aims="Old aims")
    record = await judged(register, as_csv(STROKE, RENAL))
    await register.network("Mersey Stroke Network", aims="Quicker")
    await register.ask("PATCH", f"/networks/{network}", {"aims": "Others' aims"})
    await answered(register, "POST", record, {}, "/apply")
    record = await waited(register, record["id"])
    assert record["status"] == "ready" and "2 rows" in record["problem"]
    assert [record[name] for name in COUNTS] == [0, 2, 0, 0]
    assert (await register.get(f"/networks/{network}"))["aims"] == "Others' aims"
    await answered(register, "POST", record, {}, "/apply")
    assert (await waited(register, record["id"]))["status"] == "applied"
    assert (await register.get(f"/networks/{network}"))["aims"] == "Fewer journeys"


async def test_only_staff_import_and_everybody_sees_what_an_import_brought(register: Register) -> None:
    record = await applied(register, as_csv(STROKE))
    for path in ("", "/rows", "/errors", "/file", "/progress"):
        answer = await register.ask("GET", f"/imports/{record['id']}{path}", by=Principal("somebody"))
        assert answer.status_code == 403
    brought = await register.get(f"/imports/{record['id']}/networks", by=Principal())
    assert [(network["name"], network["made"]) for network in brought["items"]] == [("Mersey Stroke Network", True)]
    waiting = await judged(register, as_csv(RENAL))
    answer = await register.ask("GET", f"/imports/{waiting['id']}/networks", by=Principal())
    assert answer.status_code == 404


async def test_a_step_is_stopped_and_gone_on_with(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = asyncio.Event()

    async def wait_for_ever(*_: Any) -> None:
        reached.set()
        await asyncio.sleep(0.05)
        async with hold.database.transaction() as session:
            await hold.say(session, done=1)

    record = await sent(register, as_csv(STROKE))
    hold = Hold(register.database, record["id"], "")
    from services.registry.importing import work

    async def slow(given: Hold, record: Import) -> None:
        nonlocal hold
        hold = given
        while True:
            await wait_for_ever()

    with monkeypatch.context() as patch:
        patch.setitem(work.STEPS, "judging", slow)
        await answered(register, "PATCH", record, {"columns": record["columns"]})
        await reached.wait()
        await answered(register, "POST", record, {}, "/stop")
        record = await waited(register, record["id"])
        assert (record["status"], record["stopped_in"]) == ("stopped", "judging")
    await answered(register, "POST", record, {}, "/resume")
    assert (await waited(register, record["id"]))["new"] == 1


async def test_a_killed_step_is_taken_up_by_the_next_and_the_late_one_is_shut_out(register: Register) -> None:
    record = await sent(register, as_csv(STROKE))
    async with register.database.transaction() as session:
        abandoned = update(Import).where(Import.id == record["id"])
        moment = clock.now() + timedelta(seconds=30)
        await session.execute(abandoned.values(status="judging", holder="killed", alive_until=moment))
    await asyncio.sleep(2 * worker.LOOK_SECONDS)
    assert (await register.get(f"/imports/{record['id']}/progress"))["status"] == "judging"
    async with register.database.transaction() as session:
        await session.execute(abandoned.values(alive_until=clock.now() - timedelta(seconds=1)))
    assert (await waited(register, record["id"]))["status"] == "ready"
    async with register.database.transaction() as session:
        with pytest.raises(Lost):
            await Hold(register.database, record["id"], "killed").say(session, done=5)


async def test_two_processes_never_hold_one_import(register: Register) -> None:
    async with register.database.transaction() as session:
        from services.registry.commands.imports import new_import

        record = new_import("x.csv", 1, Principal("p"), automatic=False, reason="", minor=False)
        record.alive_until = clock.now() + timedelta(hours=1)
        session.add(record)
    async with register.database.transaction() as session:
        assert await due(session) is None and not await take(session, record.id, "other")


async def test_a_long_import_has_a_process_of_its_own(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SHORT", 0)
    record = await applied(register, as_csv(STROKE, RENAL))
    assert record["status"] == "applied" and len(await names(register)) == 2


async def test_the_file_is_read_again_otherwise_when_somebody_says_how(register: Register) -> None:
    rows = [("Ynys Môn Renal Network", "disease", "renal", "", "")]
    record = await sent(register, as_csv(*rows, encoding="mac_roman"))
    assert record["samples"][0] == ["Ynys M™n Renal Network"]
    await answered(register, "PATCH", record, {"encoding": "Macintosh"})
    record = await waited(register, record["id"])
    assert record["samples"][0] == ["Ynys Môn Renal Network"]


async def test_the_row_of_headings_may_be_named_by_hand(register: Register) -> None:
    content = as_csv(("Networks we know", "", ""), ("Was", "Wo", "Wie"), ("A Network", "disease", "renal"), headings=())
    record = await sent(register, content)
    await answered(register, "PATCH", record, {"heading_row": 3})
    record = await register.get(f"/imports/{record['id']}")
    assert record["headings"] == ["Was", "Wo", "Wie"] and record["rows"] == 1


async def test_an_import_is_discarded_with_its_file_unless_it_was_applied(register: Register) -> None:
    record = await judged(register, as_csv(STROKE))
    await answered(register, "POST", record, {}, "/discard")
    assert (await register.ask("GET", f"/imports/{record['id']}")).status_code == 404
    record = await applied(register, as_csv(STROKE))
    assert (await register.ask("POST", f"/imports/{record['id']}/discard", {})).status_code == 409


async def test_a_short_list_is_imported_at_once_and_stands_among_the_imports(register: Register) -> None:
    headers = register.rig.as_(Principal("staff-1", is_staff=True))
    url = "/networks/imports?file=short.csv"
    assert (await register.rig.client.post(f"{url}&dry_run=true", content=as_csv(STROKE), headers=headers)).json()[
        "new"
    ] == 1
    assert (await register.get("/imports"))["total"] == 0
    assert (await register.rig.client.post(url, content=as_csv(STROKE), headers=headers)).json()["new"] == 1
    record = (await register.get("/imports"))["items"][0]
    assert (record["file"], record["status"]) == ("short.csv", "applied")
    await answered(register, "POST", record, {}, "/undo")
    await waited(register, record["id"])
    assert await names(register) == []


def test_the_headings_of_the_published_list_are_known() -> None:
    from services.registry.importing.headings import guessed
    from services.registry.importing.values import Words

    headings = ["name", "type", "care_group", "level", "purpose", "sha_codes", "source"]
    assert guessed(headings, [["x"] * 7], Words()) == {
        "name": 0, "type": 1, "care_group": 2, "level": 3, "purpose": 4, "bodies": 5,
    }  # fmt: skip
    assert HEADINGS[0] == "Name"
