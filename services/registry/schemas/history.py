"""A change, as the history shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from shared.fields import Page


class Entry(BaseModel):
    """One change of a network."""

    id: str
    subject: str
    type: str
    time: datetime
    actor: str
    actor_name: str
    reason: str
    minor: bool
    headline: str
    revision: int
    changes: dict[str, list[Any]]


class FieldChange(BaseModel):
    """A field as it is now, and the change that made it so; `entry` is that change's id in the history."""

    field: str
    value: Any
    time: datetime
    actor: str
    actor_name: str
    reason: str
    revision: int
    entry: str


class Difference(BaseModel):
    """What two moments of one network differ in: field → [before, after]. A side where it was not there is empty."""

    before: datetime
    after: datetime
    revisions: list[int | None]
    changes: dict[str, list[Any]]


class NetworkDifference(BaseModel):
    """A network that two moments of the register differ in."""

    id: str
    slug: str
    name: str
    what: Literal["added", "changed", "archived", "restored"]
    changes: dict[str, list[Any]]


class RegisterDifference(Page[NetworkDifference]):
    """What two moments of the register differ in, in the order of the names, and how many of each kind."""

    before: datetime
    after: datetime
    counts: dict[str, int]
