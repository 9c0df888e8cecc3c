"""The newsletter, its progress, leaving it, and the local mailbox."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shared.boundary import ChangeBody
from shared.fields import Name, Prose

Id = Annotated[str, Field(min_length=1, max_length=64)]


class Item(BaseModel):
    """One item of an issue. `why` is filled in where the issue is shown as one reader gets it."""

    id: str
    message_id: str
    headline: str
    category: str
    significance: str
    care_group: str
    network_id: str
    network_name: str
    path: str
    time: datetime
    position: int
    pinned: bool
    dropped: bool
    text: str
    why: str


class IssueSummary(BaseModel):
    """An issue in a list. Until it is sent, `readers` counts those who would get it now."""

    id: str
    revision: int
    number: int
    title: str
    status: str
    week_from: date
    week_to: date
    readers: int
    sent_at: datetime | None


class Issue(IssueSummary):
    """An issue with its items."""

    intro: str
    approved_by: str
    approved_by_name: str
    items: list[Item]


class PublicIssue(BaseModel):
    """A sent issue as the web shows it."""

    number: int
    title: str
    intro: str
    week_from: date
    week_to: date
    readers: int
    sent_at: datetime | None
    items: list[Item]


class ArchivedIssue(BaseModel):
    """A sent issue in the archive's list."""

    number: int
    title: str
    readers: int
    sent_at: datetime | None


class ItemChange(BaseModel):
    """What staff did with one item; what is left out stays as it is."""

    id: Id
    position: Annotated[int, Field(ge=0, le=100_000)] = 0
    pinned: bool = False
    dropped: bool = False
    text: Prose = ""


class IssueChange(ChangeBody):
    """Changes to a draft."""

    title: Name = ""
    intro: Prose = ""
    items: Annotated[list[ItemChange], Field(max_length=2000, default_factory=list)]


class RepeatedCopy(BaseModel):
    """A copy that was sent again because nobody knows whether it had arrived. Whose it is, is not shown."""

    message_id: str


class Progress(BaseModel):
    """How far the sending has come. `rate` is copies a second; `seconds_left` is null while that is unknown."""

    status: str
    total: int
    sent: int
    refused: int
    deferred: int
    waiting: int
    repeated: list[RepeatedCopy]
    rate: float
    seconds_left: float | None


class Preview(BaseModel):
    """A copy as one reader would get it."""

    subject: str
    text: str
    html: str


class Stopping(BaseModel):
    """What an unsubscribe link does, and whether it is done."""

    kind: str
    stopped: bool
    sentence: str


class MailSummary(BaseModel):
    """A mail in the local mailbox's list."""

    message_id: str
    recipient: str
    subject: str
    time: datetime


class MailOut(MailSummary):
    """A mail, read."""

    headers: dict[str, str]
    text: str
    html: str
