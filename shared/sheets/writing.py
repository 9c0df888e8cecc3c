"""Writing lists: CSV, and Excel workbooks, row by row in bounded memory.

XlsxWriter keeps one row in memory and the rest in a temporary file; a cell that is text is written as text, so no
spreadsheet takes it for a formula or a link.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import IO, Any, Protocol

from shared.sheets.cells import inert, shown, writable

CSV_TYPE = "text/csv; charset=utf-8"
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH = 24


class SheetWriter(Protocol):
    """Takes rows and gives the file in pieces: what is ready after each row, and the rest at the end."""

    media_type: str

    def add(self, cells: Sequence[Any]) -> bytes:
        """Take a row; returns what of the file is ready."""

    def finish(self) -> Iterator[bytes]:
        """The rest of the file."""

    def close(self) -> None:
        """Let go of what was not finished."""


def media_type_of(format_: str) -> str:
    """The media type of `csv` or `xlsx`."""
    return WORKBOOK_TYPE if format_ == "xlsx" else CSV_TYPE


def writer_of(format_: str, columns: Sequence[str], *, title: str) -> SheetWriter:
    """A writer of `csv` or `xlsx` that begins with *columns*; a workbook's sheet is called *title*."""
    return WorkbookWriter(columns, title=title) if format_ == "xlsx" else CsvWriter(columns)


class CsvWriter:
    """UTF-8 with a mark at its beginning, because Excel takes it for Windows-1252 without one."""

    media_type = CSV_TYPE

    def __init__(self, columns: Sequence[str], *, mark: bool = True) -> None:
        """Begin with the line of *columns*."""
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)
        if mark:
            self._text.write("\ufeff")
        self._writer.writerow([inert(name) for name in columns])

    def add(self, cells: Sequence[Any]) -> bytes:
        """Take a row; returns it, with what was not yet given."""
        self._writer.writerow([cell if _is_number(cell) else inert(shown(cell)) for cell in cells])
        return self._taken()

    def finish(self) -> Iterator[bytes]:
        """The first line, where no row came."""
        yield self._taken()

    def close(self) -> None:
        """Nothing is held."""

    def _taken(self) -> bytes:
        ready = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        return ready


class WorkbookWriter:
    """An Excel workbook of one sheet, its first row frozen and bold."""

    media_type = WORKBOOK_TYPE

    def __init__(self, columns: Sequence[str], *, title: str) -> None:
        """Begin with the row of *columns*."""
        import xlsxwriter

        self._folder = tempfile.TemporaryDirectory(prefix="tidings-")
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=self._folder.name)  # noqa: SIM115 (closed by close)
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(self._file, {**options, "tmpdir": self._folder.name})
        self._sheet = self._book.add_worksheet(_sheet_name(title))
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._sheet.set_column(0, max(len(columns) - 1, 0), _WIDTH)
        self._sheet.freeze_panes(1, 0)
        for place, name in enumerate(columns):
            self._sheet.write_string(0, place, writable(name), self._book.add_format({"bold": True}))
        self._rows = 1

    def add(self, cells: Sequence[Any]) -> bytes:
        """Take a row; a workbook is ready only at its end."""
        for place, cell in enumerate(cells):
            self._write(place, cell)
        self._rows += 1
        return b""

    def _write(self, place: int, cell: Any) -> None:
        if _is_number(cell):
            self._sheet.write_number(self._rows, place, cell)
        elif isinstance(cell, datetime):
            moment = cell.astimezone(UTC).replace(tzinfo=None) if cell.tzinfo else cell
            self._sheet.write_datetime(self._rows, place, moment, self._moment)
        elif isinstance(cell, date):
            self._sheet.write_datetime(self._rows, place, datetime(cell.year, cell.month, cell.day), self._day)  # noqa: DTZ001 (a day)
        elif text := writable(shown(cell)):
            self._sheet.write_string(self._rows, place, text)

    def finish(self) -> Iterator[bytes]:
        """The whole file, in pieces."""
        self._book.close()
        self._file.seek(0)
        while piece := self._file.read(256 * 1024):
            yield piece
        self.close()

    def close(self) -> None:
        """Remove the temporary files; the library leaves its own where a book is not finished."""
        if self._sheet.row_data_fh is not None:
            self._sheet.row_data_fh.close()
        self._file.close()
        self._folder.cleanup()


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _sheet_name(title: str) -> str:
    """*title* as a sheet may be called: 31 characters, some of them forbidden."""
    return "".join(c for c in writable(title) if c not in "[]:*?/\\").strip("' ")[:31].strip("' ") or "List"
