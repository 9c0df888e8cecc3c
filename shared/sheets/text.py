"""Lists as text: CSV, and what people call so, in whatever it is written and separated by."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from shared.sheets.cells import LONGEST_CELL, Row, shown
from shared.sheets.limits import Unreadable

ENCODINGS = {"": "", "UTF-8": "utf-8", "Windows": "cp1252", "Macintosh": "mac_roman", "UTF-16": "utf-16"}
"""What a person may say that a text file is written in."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",;\t|"


def text_rows(content: bytes, encoding: str) -> tuple[dict[str, Any], Iterator[Row]]:
    written = ENCODINGS.get(encoding) or _encoding_of(content)
    try:
        head = content[: 256 * 1024].decode(written, "ignore")
        if len(head) > 10 and head.count("\ufffd") + head.count("\x00") > len(head) // 20:
            raise UnicodeError
    except UnicodeError:
        raise Unreadable("This is no text that a list could be in; save it as CSV or as an Excel workbook.") from None
    delimiter, skipped = _delimiter_of(head)
    about = {"kind": "text", "sheets": [], "sheet": "", "encoding": written, "delimiter": delimiter}
    return about, _lines(content, written, delimiter, skipped)


def _encoding_of(content: bytes) -> str:
    """By its mark, else UTF-8 where it is that, else UTF-16 by its zeros, else Windows-1252.

    Statistics are not asked: of a short list with one curly apostrophe they made Macintosh Roman.
    """
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    head = content[:4096]
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 4:
        return "utf-16-be"
    try:
        codecs.utf_8_decode(content, "strict", True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter_of(head: str) -> tuple[str, int]:
    """What separates the columns, and how many lines say only that (`sep=;`)."""
    first = head.lstrip("\ufeff").split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], 1
    lines = [line for line in _outside_quotes(head).split("\n")[:60] if line.strip()]
    return max(_DELIMITERS, key=lambda mark: _agreement(lines, mark)), 0


def _outside_quotes(text: str) -> str:
    return "".join(text.split('"')[::2])


def _agreement(lines: Sequence[str], mark: str) -> tuple[int, int]:
    """How many lines have the same number of *mark* (the commonest but none), and that number."""
    counts = [line.count(mark) for line in lines]
    common = max((count for count in set(counts) if count), key=counts.count, default=0)
    return (counts.count(common), common) if common else (0, 0)


def _lines(content: bytes, encoding: str, delimiter: str, skipped: int) -> Iterator[Row]:
    csv.field_size_limit(10 * LONGEST_CELL)
    source = io.BytesIO(content)
    text = io.TextIOWrapper(source, encoding, errors="replace", newline="")
    for _ in range(skipped):
        text.readline()
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    number = skipped
    try:
        for number, cells in enumerate(reader, start=skipped + 1):
            yield Row(number, source.tell() / len(content), [shown(cell) for cell in cells])
    except csv.Error as error:
        where = "a quotation mark is opened and never closed" if "unexpected end" in str(error) else str(error)
        raise Unreadable(f"The file is not CSV after row {number}: {where}.") from None
