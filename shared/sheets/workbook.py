"""Lists in workbooks (.xlsx, .xls, .ods): values as they are shown, the first sheet that holds something."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from shared.sheets.cells import Row, shown
from shared.sheets.limits import LARGEST_UNPACKED, Unreadable


def workbook_rows(content: bytes, wanted: str) -> tuple[dict[str, Any], Iterator[Row]]:
    import python_calamine as calamine

    _refuse_bomb(content)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = [m.name for m in book.sheets_metadata if m.visible == calamine.SheetVisibleEnum.Visible]
        if wanted and wanted not in names:
            raise Unreadable(f"The workbook has no sheet “{wanted}”.")
        chosen = [wanted] if wanted else names
        name, sheet = next(((n, s) for n in chosen if (s := book.get_sheet_by_name(n)).height), (names[0], None))
    except calamine.PasswordError:
        raise Unreadable("The workbook is locked with a password; save it without one.") from None
    except (calamine.CalamineError, IndexError, OSError, ValueError) as error:
        raise Unreadable(f"This is no workbook that can be read ({error}); save it again as .xlsx or CSV.") from None
    about = {"kind": "workbook", "sheets": names, "sheet": name, "encoding": "", "delimiter": ""}
    return about, _rows(sheet) if sheet is not None else iter(())


def _refuse_bomb(content: bytes) -> None:
    """A zip says how large its parts are, and its reader stops there."""
    if not content.startswith(b"PK"):
        return
    try:
        unpacked = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Unreadable("The workbook is damaged; save it again.") from None
    if unpacked > LARGEST_UNPACKED:
        raise Unreadable(f"The workbook unpacks to {unpacked // 2**20:,} MB, which no list of ours is; save it as CSV.")


def _rows(sheet: Any) -> Iterator[Row]:
    """Every row. Cells merged downwards are filled: each row means what stands over all of them."""
    left = (sheet.start or (0, 0))[1]
    height = (sheet.end or (0, 0))[0] + 1
    merged = [
        (top, column - left, last) for (top, column), (last, right) in _merges(sheet) if right == column and last > top
    ]
    begins: dict[int, list[tuple[int, int]]] = {}
    for top, column, last in merged:
        begins.setdefault(top, []).append((column, last))
    held: dict[int, tuple[int, str]] = {}
    for place, values in enumerate(sheet.iter_rows()):
        cells = [shown(value) for value in values]
        for column, last in begins.get(place, ()):
            held[column] = (last, cells[column])
        for column, (last, value) in list(held.items()):
            if place > last:
                del held[column]
            elif not cells[column]:
                cells[column] = value
        yield Row(place + 1, (place + 1) / height, cells)


def _merges(sheet: Any) -> list[Any]:
    return list(sheet.merged_cell_ranges or ())
