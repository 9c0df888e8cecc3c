"""The account of an import."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class ImportedRow(BaseModel):
    """What becomes of one row of an import. `row` counts from 2, as a spreadsheet shows it."""

    row: int
    outcome: Literal["new", "changed", "duplicate", "wrong"]
    name: str
    reason: str = ""


class ImportResult(BaseModel):
    """An import's account: how many rows were what, and the rows that need a look."""

    new: int
    changed: int
    duplicate: int
    wrong: int
    rows: list[ImportedRow]
