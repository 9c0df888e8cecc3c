"""Imports as the API shows them, and what people say of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.boundary import ChangeBody
from shared.fields import Line, Page

Outcome = Literal["new", "changed", "duplicate", "wrong"]
LeftOut = Literal["wrong", "duplicate"]


class ImportedRow(BaseModel):
    """What becomes of one row of an import. `row` is its number as a spreadsheet shows it."""

    row: int
    outcome: Outcome
    name: str
    reason: str = ""


class ImportResult(BaseModel):
    """An import's account: how many rows were what, and the rows that need a look."""

    new: int
    changed: int
    duplicate: int
    wrong: int
    rows: list[ImportedRow]


class ImportSummary(BaseModel):
    """One file: what it is, how far it has come, and how many of its rows are what."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    status: str
    file: str
    size: int
    rows: int
    new: int
    changed: int
    duplicate: int
    wrong: int
    kept: int
    problem: str
    reason: str
    uploaded_by: str
    uploaded_by_name: str = ""
    uploaded_at: datetime
    applied_by: str
    applied_by_name: str = ""
    applied_at: datetime | None
    undone_by: str
    undone_by_name: str = ""
    undone_at: datetime | None


class ImportField(BaseModel):
    """A field that a column may be: its name and how people call it."""

    name: str
    label: str


class ImportRecord(ImportSummary):
    """One import with its columns. `columns`: field → place in `headings`; `samples`: the first values under each."""

    encoding: str
    sheet: str
    sheets: list[str]
    heading_row: int
    headings: list[str]
    columns: dict[str, int]
    fixed: dict[str, str]
    matched: str
    without_wrong: bool
    bodies: list[str]
    stopping: bool
    stopped_in: str
    forgotten_at: datetime | None
    fields: list[ImportField] = []
    samples: list[list[str]] = []
    likely: int = 0


class ImportMatch(ChangeBody):
    """How a file is to be read, or which of its columns is which field."""

    columns: Annotated[dict[str, Annotated[int, Field(ge=0, le=500)]], Field(default_factory=dict)]
    fixed: Annotated[dict[str, Line], Field(default_factory=dict)]
    heading_row: Annotated[int, Field(ge=1, le=200_000)] = 1
    sheet: Line = ""
    encoding: Literal["", "UTF-8", "Windows", "Macintosh", "UTF-16"] = ""


class ImportChoice(ChangeBody):
    """What rows are that resemble something: the same, new, or (empty) left out. Without `rows`, all of them."""

    choice: Literal["", "same", "new"]
    rows: Annotated[list[int], Field(max_length=500)] | None = None


class ImportApply(ChangeBody):
    """Apply it. `without_wrong` leaves the wrong rows out; else they keep everything out."""

    without_wrong: bool = False


class ImportUndo(ChangeBody):
    """Undo it. `keep_changed` leaves as they are the networks that were changed since; else they prevent the undo."""

    keep_changed: bool = False


class PreviewRow(ImportedRow):
    """A row of the preview. `changes` is field → [before, after]; `likely` rows may be chosen to be something else."""

    model_config = ConfigDict(from_attributes=True)

    changes: dict[str, list[Any]]
    network_id: str
    network_slug: str = ""
    twin_row: int | None
    twin_name: str
    likely: bool
    choice: str


class Preview(Page[PreviewRow]):
    """Rows of an import, with how many there are of each outcome."""

    counts: dict[str, int]


class ImportProgress(BaseModel):
    """How far the present step has come. `rate` is rows a second; `over` when nobody works on it."""

    id: str
    status: str
    done: int
    total: int
    rate: float
    seconds_left: float | None
    stopping: bool
    over: bool
    problem: str


class ImportedNetwork(BaseModel):
    """A network that an import made or changed."""

    id: str
    name: str
    slug: str
    care_group: str
    bodies: list[str]
    made: bool
    archived: bool


class Imported(Page[ImportedNetwork]):
    """What an import brought, for everybody to see."""

    id: str
    file: str
    status: str
    new: int
    changed: int
    kept: int
    applied_at: datetime | None
    undone_at: datetime | None
