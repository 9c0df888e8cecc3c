"""Request and response bodies of oversight."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.boundary import ChangeBody
from shared.fields import Page


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


class Feed(Page[FeedItem]):
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
