"""Readers of the newsletter, and addresses to which no mail goes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shared.boundary import ChangeBody
from shared.fields import Line

Address = Annotated[str, Field(min_length=3, max_length=254)]


class SignUp(ChangeBody):
    """Who wants the newsletter, and which care groups concern them most."""

    email: Address
    name: Line = ""
    care_groups: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z_]{1,60}$")]], Field(max_length=30, default_factory=list)
    ]


class Said(BaseModel):
    """What was done, or what will be, in a sentence."""

    sentence: str


class ReaderList(ChangeBody):
    """A list as CSV: its first line names email, name, consented_on (2026-11-23) and how. `dry_run` only judges it."""

    csv: Annotated[str, Field(max_length=10_000_000)]
    dry_run: bool = True


class JudgedRow(BaseModel):
    """A row that makes no new reader, and why."""

    line: int
    email: str
    outcome: str
    reason: str


class Judged(BaseModel):
    """What became of a list, or would. `rows` are the first 500 that make no new reader."""

    new: int
    already: int
    left: int
    suppressed: int
    wrong: int
    rows: list[JudgedRow]
    dry_run: bool


class Reader(BaseModel):
    """A reader of the newsletter, with the proof that they agreed. `status`: reads, unconfirmed, left."""

    id: str
    email: str
    name: str
    has_account: bool
    status: str
    confirmed_at: datetime | None
    unsubscribed_at: datetime | None
    consent_how: str
    consent_on: date | None
    consent_by_name: str


class Suppression(BaseModel):
    """An address to which no mail goes. `kind`: refused, bounced or complaint."""

    address: str
    kind: str
    reason: str
    since: datetime


class Lifting(ChangeBody):
    """The address that is to get mail again."""

    address: Address


class MyAddress(BaseModel):
    """Whether mail goes to your address, and if not, why."""

    address: str
    suppressed: Suppression | None


class Taken(BaseModel):
    """How many reports a mail held, and how many of them were about a mail of ours."""

    found: int
    believed: int
