"""Challenges and their threads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from shared.boundary import ChangeBody
from shared.fields import Name, Prose

Visibility = Literal["public", "private"]
Status = Literal["open", "answered", "closed", "withdrawn"]
Kind = Literal[
    "comment", "answer", "ask_time", "give_time", "refuse_time", "ask_again", "accept", "close", "withdraw"
]  # fmt: skip


def _said(value: str) -> str:
    if not value:
        raise ValueError("write what you ask")
    return value


Text = Annotated[Prose, AfterValidator(_said)]


class NewChallenge(ChangeBody):
    """A challenge to be raised by the network of the address. The text may be Markdown."""

    provider: Annotated[str, Field(max_length=100, description="The id of the network that is challenged.")]
    subject: Name
    text: Text
    answer_by: date
    visibility: Visibility = "public"


class NewReply(ChangeBody):
    """The next entry of a thread.

    `comment` changes nothing else. The provider may `answer`, or `ask_time` until a later date; the challenger may
    `give_time` until one or `refuse_time`, `accept` an answer, `ask_again` by a new date, `close` without agreement
    (the text says how it ends) or `withdraw`.
    """

    kind: Kind = "comment"
    text: Prose = ""
    until: date | None = None


class Party(BaseModel):
    """A network that takes part."""

    id: str
    slug: str
    name: str


class Challenge(BaseModel):
    """A challenge. `may` lists the kinds of reply that you can write now; `posts` counts the entries of the thread."""

    id: str
    revision: int
    challenger: Party
    provider: Party
    visibility: Visibility
    subject: str
    status: Status
    outcome: str
    answer_by: date
    asked_until: date | None
    overdue: bool
    posts: int
    raised_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    escalated_at: datetime | None
    may: list[Kind]


class Post(BaseModel):
    """One entry of a thread. `side` is challenger, provider, staff, or clock for what happened because of the date."""

    number: int
    kind: str
    side: str
    author: str
    author_name: str
    text: str
    until: date | None
    reason: str
    written_at: datetime
