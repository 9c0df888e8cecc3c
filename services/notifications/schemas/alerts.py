"""Alerts and inboxes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from shared.boundary import ChangeBody
from shared.fields import Line, Page

Id = Annotated[str, Field(min_length=1, max_length=64)]
CareGroup = Annotated[Line, Field(min_length=1, max_length=80)]


class Why(BaseModel):
    """Why somebody was told: the audience, the route to it, and a sentence that says it."""

    audience: str
    route: str
    sentence: str


class AlertCore(BaseModel):
    """An alert as everybody may see it. `position` is its place in the one sequence of all alerts."""

    id: str
    message_id: str
    type: str
    headline: str
    category: str
    care_group: str
    significance: str
    path: str
    time: datetime
    network_id: str
    network_name: str
    position: str


class Alert(AlertCore):
    """An alert in one person's inbox. `channel` is how it reached them: live, mail, daily or weekly."""

    read: bool
    channel: str
    why: Why


class Alerts(Page[Alert]):
    """A page of an inbox; `unread` counts the whole inbox, `position` is its end: streams resume there.

    `revision` rises when the reader's audiences, choices or read marks change; a stream says when it does.
    `at_least`: of what was searched for there may be more than `total`, which is not counted on.
    """

    at_least: bool = False
    unread: int
    position: str
    revision: int


class AlertWire(BaseModel):
    """An alert on its way to the open streams."""

    offset: int
    epoch: str
    audiences: list[str]
    actor: str
    alert: AlertCore
    reasons: dict[str, str]


class Wires(BaseModel):
    """What everybody was told after an offset; `head` is the newest offset."""

    epoch: str
    head: int
    items: list[AlertWire]


class Missed(BaseModel):
    """What one person was told after an offset. When that is too much, the newest of it, and `too_far`."""

    epoch: str
    head: int
    items: list[Alert]
    too_far: bool


class Standing(BaseModel):
    """How many of a person's alerts are unread, counted at a position and a revision."""

    unread: int
    total: int
    position: str
    revision: int


class ReaderOut(Standing):
    """A reader as the live streams need them: the rules that `rules_of` gives, and the count to begin with."""

    audiences: dict[str, list[tuple[datetime, list[str]]]]
    networks: dict[str, str]


class ReadBody(ChangeBody):
    """Which alerts were read: some, or all up to a position."""

    ids: Annotated[list[Id], Field(max_length=500, default_factory=list)]
    up_to: Annotated[str, Field(max_length=60)] = ""

    @model_validator(mode="after")
    def _one_of_them(self) -> ReadBody:
        if bool(self.ids) == bool(self.up_to):
            raise ValueError("send either 'ids' or 'up_to'")
        return self


class UnreadBody(ChangeBody):
    """Which alerts are to count as unread."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=500)]
