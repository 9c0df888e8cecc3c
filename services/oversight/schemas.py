"""Request and response bodies of oversight."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.boundary import ChangeBody
from shared.fields import Page, Prose


class BodyOut(BaseModel):
    """An oversight body."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    kind: str
    name: str
    region: str


class Counts(BaseModel):
    """The networks of an area, counted."""

    networks: int
    by_level: dict[str, int]
    by_type: dict[str, int]
    by_stage: dict[str, int]
    by_care_group: dict[str, int]


class Vacancy(BaseModel):
    """A role that a managed network must fill and nobody holds; `since` is the first day without."""

    network_id: str
    name: str
    slug: str
    role: str
    since: date


class Challenges(BaseModel):
    """The challenges that wait for an answer of a network in the area; `overdue` ones count in both."""

    unanswered: int
    overdue: int


class Dashboard(BaseModel):
    """An area at a glance. `coverage` names every care group on the register; 0 is a gap."""

    body: BodyOut
    counts: Counts
    coverage: dict[str, int]
    vacancies: list[Vacancy]
    challenges: Challenges
    as_of: datetime


class BodyOverview(BaseModel):
    """One body in the national view. `networks` counts those that cover its area, `gaps` the care groups with none.

    `unanswered` counts the challenges that wait for an answer of one of its networks.
    """

    body: BodyOut
    networks: int
    gaps: int
    vacancies: int
    unanswered: int


class National(Page[BodyOverview]):
    """The country at a glance; `coverage` is care group → body → networks."""

    counts: Counts
    coverage: dict[str, dict[str, int]]
    vacancies: list[Vacancy]
    challenges: Challenges
    as_of: datetime


class FeedItem(BaseModel):
    """One line of a feed. `position` is what a stream resumes from."""

    id: str
    message_id: str
    headline: str
    category: str
    significance: str
    path: str
    time: datetime
    network_id: str | None
    network_name: str
    position: str


class FollowedItem(FeedItem):
    """A line with what became of it in one body's feed. An id is empty where nobody did it, a name where unknown."""

    acknowledged_by: str = ""
    acknowledged_by_name: str = ""
    acknowledged_at: datetime | None = None
    assigned_to: str = ""
    assigned_to_name: str = ""
    comments: int = 0


class Acknowledge(ChangeBody):
    """Whether you took note of it; false takes that back."""

    acknowledged: bool = True


class Assign(ChangeBody):
    """Whose it is; an empty id: nobody's."""

    person_id: Annotated[str, Field(max_length=64)]


class NewComment(ChangeBody):
    """A comment for those who oversee the area."""

    text: Annotated[Prose, Field(min_length=1, max_length=2000)]


class CommentOut(BaseModel):
    """A comment on a line."""

    id: str
    by: str
    by_name: str
    text: str
    at: datetime


class Colleague(BaseModel):
    """Somebody who reads a body's feed."""

    id: str
    name: str


class Feed(Page[FollowedItem]):
    """A page of a feed. `position` is its end now, `seen` how far you have read, `new_since` what came since."""

    position: str
    seen: str
    new_since: int


class Seen(ChangeBody):
    """How far you have read: the position of the newest line that you saw."""

    up_to: Annotated[str, Field(min_length=1, max_length=100)]


class SeenOut(BaseModel):
    """How far you have read, and how many lines came since."""

    seen: str
    new_since: int


class FeedWire(BaseModel):
    """A line as the live stream carries it, with the bodies that it concerns."""

    epoch: str
    offset: int
    bodies: list[str]
    item: FeedItem


class FeedWires(BaseModel):
    """Lines after an offset, oldest first; `head` is the newest offset of the whole feed, read before the lines."""

    epoch: str
    head: int
    items: list[FeedWire]
    more: bool
