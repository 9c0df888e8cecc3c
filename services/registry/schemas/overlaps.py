"""Overlaps between networks, as people see and decide about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.registry.schemas.links import Linked, Note, Relation
from services.registry.schemas.networks import CareGroup
from shared.boundary import ChangeBody
from shared.fields import Reason

OverlapStatus = Literal["open", "dismissed"]


class Suggestion(BaseModel):
    """The link that fits what the two networks are, read from *network* to *other*."""

    kind: Relation
    care_group: str


class Dismissal(BaseModel):
    """When somebody found that no link is needed, and why; it is remembered also when the overlap came back."""

    at: datetime
    by: str
    by_name: str
    reason: str


class Overlap(BaseModel):
    """Two networks that may belong together, and why: `areas` of one care group, `people`, names `alike` (0–100)."""

    id: str
    revision: int
    network: Linked
    other: Linked
    people: int
    areas: list[str]
    alike: int
    score: int
    status: OverlapStatus
    why: str
    suggestion: Suggestion
    dismissed: Dismissal | None


class AcceptOverlap(ChangeBody):
    """The link to make: *network* `kind` *other*."""

    kind: Relation
    care_group: CareGroup | Literal[""] = ""
    since: date | None = Field(None, alias="from")
    note: Note = ""


class DismissOverlap(ChangeBody):
    """Why no link is needed."""

    reason: Annotated[Reason, Field(min_length=1)]
