"""Spreadsheets as people make them, and files that are none."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest
import xlsxwriter

from shared.sheets import Unreadable, workbook
from tests.registry.conftest import Register
from tests.registry.importing import STROKE, applied, as_csv, as_xlsx, judged, sent, verdicts

HEADINGS = ("Name", "Type", "Care group", "Started on")


async def listed(register: Register) -> list[dict[str, Any]]:
    """The networks on the register."""
    found: list[dict[str, Any]] = (await register.get("/networks?limit=100"))["items"]
    return found


async def test_titles_blank_rows_and_notes_around_the_list_do_no_harm(register: Register) -> None:
    rows = [
        ["Our networks, 2006", None, None], [None, None, None], ["Name", "Type", "Care group"], [None, None, None],
        ["Mersey Stroke Network", "disease", "stroke"], [None, None, None], ["Tyne Renal Network", "disease", "renal"],
    ]  # fmt: skip
    record = await judged(register, as_xlsx(*rows), file="ours.xlsx")
    assert (record["heading_row"], record["new"]) == (3, 2)
    assert [row for row, _, _ in await verdicts(register, record)] == [5, 7]


async def test_merged_headings_and_cells_mean_what_stands_over_them(register: Register) -> None:
    rows = [
        ["Network", "Kind", None, "When"], ["Name", "Type", "Care group", None],
        ["Mersey Stroke Network", "disease", "stroke", "2006"], ["Wirral Stroke Network", "disease", None, None],
    ]  # fmt: skip
    record = await judged(register, as_xlsx(*rows, merged=["B1:C1", "C3:C4"]), file="merged.xlsx")
    assert record["headings"] == ["Name", "Type", "Care group", "When"]
    assert record["new"] == 2, await verdicts(register, record)


@pytest.mark.parametrize(
    "written",
    ["23/11/2006", "23.11.06", "2006-11-23", "23rd November 2006", "23 Nov 2006", "39044", "2006-11-23 00:00:00"],
)
async def test_dates_are_read_as_people_write_them(register: Register, written: str) -> None:
    await applied(register, as_csv(("A Network", "disease", "stroke", written), headings=HEADINGS))
    assert [network["started_on"] for network in await listed(register)] == ["2006-11-23"]


async def test_a_date_that_is_a_date_in_the_workbook_is_one(register: Register) -> None:
    rows = [list(HEADINGS), ["A Network", "disease", "stroke", date(2006, 11, 23)]]
    await applied(register, as_xlsx(*rows), file="dates.xlsx")
    assert (await listed(register))[0]["started_on"] == "2006-11-23"


async def test_the_other_order_of_a_date_is_refused_and_never_guessed(register: Register) -> None:
    record = await judged(register, as_csv(("A Network", "disease", "stroke", "11/23/2006"), headings=HEADINGS))
    assert (await verdicts(register, record))[0][1:] == (
        "wrong", "Started on: “11/23/2006” is no day; write it as 23/11/2006.",
    )  # fmt: skip


@pytest.mark.parametrize("mark", [";", "\t", "|", ","])
async def test_whatever_separates_the_columns(register: Register, mark: str) -> None:
    record = await judged(register, as_csv(STROKE, ("A, B and C Network", "disease", "renal", "Q30", ""), mark=mark))
    assert record["new"] == 2 and record["headings"][0] == "Name"


async def test_a_line_that_says_what_separates_is_believed(register: Register) -> None:
    content = b"sep=;\r\nName;Type;Care group\r\nA, B Network;disease;renal\r\n"
    assert (await judged(register, content))["new"] == 1


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
async def test_accents_and_curly_apostrophes_come_through_in_every_encoding(register: Register, encoding: str) -> None:
    name = "Crohn’s Network of Ynys Môn – Gwynedd"
    await applied(register, as_csv((name, "disease", "bowel", "", ""), encoding=encoding))
    assert [network["name"] for network in await listed(register)] == [name]


async def test_a_formula_is_the_value_that_it_showed_and_an_error_of_it_is_none(register: Register) -> None:
    rows = [
        ["Name", "Type", "Care group", "Population"],
        [("=A9&B9", "Mersey Stroke Network"), "disease", "stroke", ("=1+1", 1_200_000)],
        ["Tyne Renal Network", "disease", ("=VLOOKUP(1,A1,1)", "#N/A"), 5],
    ]
    record = await judged(register, as_xlsx(*rows), file="formulas.xlsx")
    found = await verdicts(register, record)
    assert found[0] == (2, "new", "")
    assert found[1] == (3, "wrong", "Care group: a new network needs its care group.")  # the error reads as empty
    shown = await register.get(f"/imports/{record['id']}/rows")
    assert shown["items"][0]["name"] == "Mersey Stroke Network"


async def test_an_error_that_stands_in_a_text_file_is_named(register: Register) -> None:
    record = await judged(register, as_csv(("Tyne Renal Network", "disease", "#N/A", "", "")))
    assert (await verdicts(register, record))[0][1:] == ("wrong", "Care group: the cell shows the error #N/A.")


@pytest.mark.parametrize(
    ("written", "meant"), [("1,200,000", 1_200_000), ("1.2m", 1_200_000), ("about 250k", 250_000), ("n/a", None)]
)
async def test_numbers_of_people_are_read_as_people_write_them(
    register: Register, written: str, meant: int | None
) -> None:
    headings = ("Name", "Type", "Care group", "Population")
    await applied(register, as_csv(("A Network", "disease", "stroke", written), headings=headings))
    assert (await listed(register))[0]["population"] == meant


async def test_the_first_sheet_that_shows_something_is_read_and_another_may_be_chosen(register: Register) -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    for title, name in (
        ("Old", "Old Network"),
        ("Empty", None),
        ("North", "North Network"),
        ("South", "South Network"),
    ):
        sheet = book.add_worksheet(title)
        if title == "Old":
            sheet.hide()
        if name:
            sheet.write_row(0, 0, ["Name", "Type", "Care group"])
            sheet.write_row(1, 0, [name, "disease", "stroke"])
    book.worksheets()[1].activate()
    book.close()
    record = await sent(register, target.getvalue(), file="sheets.xlsx")
    assert (record["sheet"], record["sheets"]) == ("North", ["Empty", "North", "South"])
    assert record["samples"][0] == ["North Network"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"), (b"\x89PNG\r\n\x1a\n", "not a spreadsheet"), (b"%PDF-1.4", "not a spreadsheet"),
        (as_xlsx(["Name"], ["A"])[:-200], "damaged"), (b'Name,Type\n"A Network,disease\n', "never closed"),
        (b"Name\n" + b"x" * 40_000, "more than 32,767 characters"), (b"PK\x03\x04" + b"\x00" * 30, "damaged"),
    ],
    ids=["empty", "a picture", "a document", "cut off", "a quote left open", "a long cell", "zeros"],
)  # fmt: skip
async def test_a_file_that_is_no_list_is_refused_with_a_sentence(register: Register, content: bytes, said: str) -> None:
    record = await sent(register, content)
    assert record["status"] == "failed" and said in record["problem"], record["problem"]


def test_a_workbook_that_was_made_to_burst_is_refused_before_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED", 2**20)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(2 * 2**20))
    with pytest.raises(Unreadable, match="unpacks to 2 MB"):
        workbook.workbook_rows(target.getvalue(), "")
