"""The newsletter, its progress, leaving it, and the local mailbox."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from shared.boundary import ChangeBody
from shared.fields import Line, Name, Prose

Id = Annotated[str, Field(min_length=1, max_length=64)]


class Correction(BaseModel):
    """What turned out otherwise after an issue went out, and how many readers were told."""

    text: str
    at: datetime
    readers: int


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
    corrections: Annotated[list[Correction], Field(default_factory=list)]


class AnnouncedSince(BaseModel):
    """What was announced of the same thing since an issue went out, or since staff wrote words of their own."""

    message_id: str
    text: str
    time: datetime


class DeskItem(Item):
    """An item as staff see it. `said` is what the message said, where staff wrote a headline of their own.

    `version` is what a change of headline or text is made on. `since`: what was announced of its thing after staff
    wrote words of their own, and nobody has looked at; `changed_since` where there is such. `offer`: a correction that
    may be due.
    """

    said: str
    own_headline: str
    changed_since: bool = False
    since: AnnouncedSince | None = None
    version: int
    edited_by: str
    edited_by_name: str
    edited_at: datetime | None
    offer: AnnouncedSince | None = None


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
    send_at: datetime | None
    sent_at: datetime | None


class Issue(IssueSummary):
    """An issue with its items."""

    intro: str
    words_version: int
    approved_by: str
    approved_by_name: str
    edited_by: str
    edited_by_name: str
    edited_at: datetime | None
    items: list[DeskItem]


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
    """Changes to a draft. With `words_version`, a title or introduction that somebody else wrote since is kept."""

    title: Name = ""
    intro: Prose = ""
    words_version: Annotated[int | None, Field(ge=0)] = None
    items: Annotated[list[ItemChange], Field(max_length=2000, default_factory=list)]


class RepeatedCopy(BaseModel):
    """A copy that was sent again because nobody knows whether it had arrived. Whose it is, is not shown."""

    message_id: str


class Progress(BaseModel):
    """How far the sending has come. `rate` is copies a second; `seconds_left` is null while that is unknown."""

    status: str
    total: int
    sent: int
    bounced: int
    refused: int
    deferred: int
    waiting: int
    repeated: list[RepeatedCopy]
    rate: float
    seconds_left: float | None


class ItemWords(ChangeBody):
    """What staff do with one item. An empty headline is the message's own. If-Match takes the item's version.

    `of` is the newest message about its thing that the writer has seen, the item's own or that of `since`; sent alone,
    it says that the words stay as they are.
    """

    headline: Line = ""
    text: Prose = ""
    pinned: bool = False
    dropped: bool = False
    of: Annotated[str, Field(max_length=64)] = ""


class OwnItem(ChangeBody):
    """An item of staff's own words: for everybody, or first for the readers of one network."""

    headline: Name
    text: Prose = ""
    path: Annotated[Line, Field(pattern=r"^(/[^\s]*|https://[^\s]+)?$", description="A page here, or https://…")] = ""
    network_id: Annotated[str, Field(max_length=64)] = ""


class CorrectionBody(ChangeBody):
    """What is right. It goes to those whose copy held the item, and to nobody else.

    Copies that have not begun hold it instead: `headline` in place of the item's, or what is right below that.
    """

    text: Annotated[Prose, Field(min_length=1)]
    headline: Line = ""
    message_id: Annotated[str, Field(max_length=64, description="The message of an offer that is taken up.")] = ""


class Corrected(BaseModel):
    """How many readers are told by mail; `to_come`: how many copies have not gone and hold what is right."""

    readers: int
    to_come: int


class Move(ChangeBody):
    """Where something goes among its neighbours."""

    to: Literal["up", "down", "first", "last"]


class GroupMove(Move):
    """Where a care group goes."""

    care_group: Annotated[str, Field(max_length=100)]


class Timetable(ChangeBody):
    """When an approved issue is sent by itself; null takes that back."""

    at: AwareDatetime | None


class TrialRequest(ChangeBody):
    """Whose copy is sent to you; empty: that of somebody in no network."""

    reader: Annotated[str, Field(max_length=64)] = ""


class DeskMark(BaseModel):
    """`mark` is another whenever the desk would show something else."""

    mark: str
    status: str
    edited_by: str
    edited_by_name: str


class Preview(BaseModel):
    """A copy as one reader would get it, and why each item is in it."""

    reader_name: str
    subject: str
    text: str
    html: str
    items: list[Item]


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
