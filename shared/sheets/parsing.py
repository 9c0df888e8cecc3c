"""Taking a file apart, in the process that `reading` starts for it: `python -m shared.sheets.parsing` on its input.

It answers lines of JSON: what the file is, then each row that holds something, then the end or what went wrong.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from typing import Any

import orjson

from shared.sheets.cells import LONGEST_CELL, Row
from shared.sheets.limits import ABOVE, LONGEST_ROW, MEMORY, MOST_COLUMNS, MOST_ROWS, SECONDS, Unreadable
from shared.sheets.text import text_rows
from shared.sheets.workbook import workbook_rows

NICENESS = 10
"""Whoever waits for a page comes first, where there is not a core for each."""
_PICTURES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!")


def parsed(content: bytes, *, sheet: str = "", encoding: str = "") -> Iterator[dict[str, Any] | Row]:
    """First what the file is, then its rows. Raises Unreadable, also half-way."""
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        about, rows = workbook_rows(content, sheet)
    elif not content.strip(b"\xef\xbb\xbf\xff\xfe \r\n\t\x00"):
        raise Unreadable("The file is empty.")
    elif content.startswith(_PICTURES):
        raise Unreadable("This is not a spreadsheet; save the list as CSV or as an Excel workbook and try again.")
    else:
        about, rows = text_rows(content, encoding)
    yield about
    yield from _bounded(rows)


def _bounded(rows: Iterator[Row]) -> Iterator[Row]:
    found = 0
    for row in rows:
        while row.cells and not row.cells[-1].strip():
            row.cells.pop()
        if not any(cell.strip() for cell in row.cells):
            continue
        found += 1
        if found > MOST_ROWS + ABOVE:
            raise Unreadable(f"The file has more than {MOST_ROWS:,} rows; split it.")
        if len(row.cells) > MOST_COLUMNS:
            raise Unreadable(f"Row {row.number} has {len(row.cells)} columns; a list may have {MOST_COLUMNS}.")
        if any(len(cell) > LONGEST_CELL for cell in row.cells):
            raise Unreadable(
                f"Row {row.number} has a cell of more than {LONGEST_CELL:,} characters; is a quotation mark missing?"
            )
        if sum(map(len, row.cells)) > LONGEST_ROW:
            raise Unreadable(f"Row {row.number} has more than {LONGEST_ROW:,} characters; a list of ours has not.")
        yield row


def main(sheet: str, encoding: str) -> None:
    """Answer for the file on the standard input, within the limits that this process gives itself."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    try:
        for found in parsed(sys.stdin.buffer.read(), sheet=sheet, encoding=encoding):
            out.write(orjson.dumps(tuple(found) if isinstance(found, Row) else found) + b"\n")
        out.write(b"{}\n")
    except Unreadable as problem:
        out.write(orjson.dumps({"problem": problem.detail}) + b"\n")
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:3])
