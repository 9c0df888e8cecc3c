"""Spreadsheets as people make them: read without trust, written so that none runs what it holds.

Invariants:
1. A file is taken apart in a process of its own, with a limit on its memory and time: a file that was made to burst
   bursts there, and becomes a sentence here.
2. What is read are values as text. A formula is read as the value that it showed; nothing is ever computed.
3. What is written can be read back by us as it was, and is text to every spreadsheet (`inert`).
"""

from shared.sheets.cells import Row, inert, meant
from shared.sheets.limits import LARGEST_FILE, MOST_ROWS, Unreadable
from shared.sheets.reading import About, read
from shared.sheets.text import ENCODINGS
from shared.sheets.writing import CSV_TYPE, CsvWriter, SheetWriter, WorkbookWriter, media_type_of, writer_of

__all__ = [
    "CSV_TYPE",
    "ENCODINGS",
    "LARGEST_FILE",
    "MOST_ROWS",
    "About",
    "CsvWriter",
    "Row",
    "SheetWriter",
    "Unreadable",
    "WorkbookWriter",
    "inert",
    "meant",
    "media_type_of",
    "read",
    "writer_of",
]
