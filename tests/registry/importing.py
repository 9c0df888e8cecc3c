"""Sending files to the register, and waiting for what becomes of them."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

from tests.registry.conftest import Register
from tests.service_rig import STAFF

HEADINGS = ("Name", "Type", "Care group", "SHA codes", "Aims")
STROKE = ("Mersey Stroke Network", "disease", "stroke", "Q31", "Better care")
RENAL = ("Tyne Renal Network", "disease", "renal", "Q30", "Fewer journeys")


def as_csv(*rows: Sequence[Any], headings: Sequence[str] = HEADINGS, encoding: str = "utf-8", mark: str = ",") -> bytes:
    """A CSV file."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=mark)
    writer.writerows([headings, *rows])
    return target.getvalue().encode(encoding)


def as_xlsx(*rows: Sequence[Any], merged: Sequence[str] = ()) -> bytes:
    """A workbook with these rows; *merged* are ranges such as A2:A3, whose value stands in the first cell."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"strings_to_formulas": False, "default_date_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet("Networks")
    for area in merged:
        first = area.partition(":")[0]
        column, row = ord(first[0]) - 65, int(first[1:]) - 1
        sheet.merge_range(area, rows[row][column])
    for number, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            if cell is None or f"{chr(65 + place)}{number + 1}" in {area.partition(":")[0] for area in merged}:
                continue
            if isinstance(cell, date | datetime):
                sheet.write_datetime(number, place, datetime(cell.year, cell.month, cell.day))  # noqa: DTZ001
            elif isinstance(cell, tuple):
                sheet.write_formula(number, place, cell[0], None, cell[1])
            else:
                sheet.write(number, place, cell)
    book.close()
    return target.getvalue()


async def sent(register: Register, content: bytes, *, file: str = "list.csv", until: str = "") -> dict[str, Any]:
    """The import of a file that was sent, once it waits for people."""
    headers = register.rig.as_(STAFF)
    answer = await register.rig.client.post("/imports", params={"file": file}, content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return await waited(register, answer.json()["id"], until=until)


async def waited(register: Register, import_id: str, *, until: str = "") -> dict[str, Any]:
    """The import once nobody works on it, or once it is in the state *until*."""
    async with asyncio.timeout(60):
        while True:
            progress = await register.get(f"/imports/{import_id}/progress")
            if progress["over"] if not until else progress["status"] == until:
                found: dict[str, Any] = await register.get(f"/imports/{import_id}")
                return found
            await asyncio.sleep(0.02)


async def judged(register: Register, content: bytes, **how: Any) -> dict[str, Any]:
    """The same, its columns matched as they were guessed, its rows judged."""
    record = await sent(register, content, **how)
    if record["status"] == "matching":
        await answered(register, "PATCH", record, {"columns": record["columns"]})
        record = await waited(register, record["id"])
    assert record["status"] == "ready", record
    return record


async def applied(register: Register, content: bytes, **how: Any) -> dict[str, Any]:
    """The same, applied."""
    record = await judged(register, content, **how)
    await answered(register, "POST", record, {}, "/apply")
    return await waited(register, record["id"])


async def answered(register: Register, method: str, record: dict[str, Any], body: Any, path: str = "") -> Any:
    """The JSON that answers a change of an import that succeeds."""
    answer = await register.ask(method, f"/imports/{record['id']}{path}", body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def verdicts(register: Register, record: dict[str, Any]) -> list[tuple[int, str, str]]:
    """(row, outcome, reason) of every row."""
    found = await register.get(f"/imports/{record['id']}/rows?limit=100")
    return [(row["row"], row["outcome"], row["reason"]) for row in found["items"]]


async def names(register: Register) -> list[str]:
    """The names on the register."""
    return [network["name"] for network in (await register.get("/networks?limit=100"))["items"]]
