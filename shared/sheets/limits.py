"""How much of a file is read, and the sentence where it is more."""

from __future__ import annotations

from shared.errors import Unprocessable

LARGEST_FILE = 25 * 1024 * 1024
LARGEST_UNPACKED = 400 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 200
LONGEST_ROW = 500_000
"""Characters in all cells of a row."""
LONGEST_LINE = 8 * LONGEST_ROW
"""Bytes that a row may become on its way from the reading process."""
ABOVE = 100
"""Rows that may stand above the list: titles, notes, headings."""
MEMORY, SECONDS = 768 * 1024 * 1024, 90
"""What the reading process may use. A hundred thousand rows of eleven columns take a sixth of either."""


class Unreadable(Unprocessable):
    """The file could not be read as a list; save it as CSV or as an Excel workbook and try again."""
