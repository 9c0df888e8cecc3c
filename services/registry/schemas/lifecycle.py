"""What becomes of whole networks: a new name, an end, one of two, two of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from services.registry.schemas.networks import NetworkFields
from shared.boundary import ChangeBody
from shared.fields import Line, Name

MOST_ROLES = 5_000
Ids = Annotated[list[Line], Field(max_length=MOST_ROLES, default_factory=list)]


class Rename(ChangeBody):
    """A new name; the one that it had becomes one of its other names unless `keep_name` is false."""

    name: Name
    keep_name: bool = True


class Merge(ChangeBody):
    """Which network (id or address) it becomes part of, and what that one takes over of its record.

    `roles`: whether a leading role that is held there already comes as a membership (`vacant`: only vacant ones are
    filled) or as a second holder (`all`).
    """

    into: Name
    roles: Literal["vacant", "all"] = "vacant"
    keep_names: bool = True
    keep_bodies: bool = True


class Merged(BaseModel):
    """Which network it became part of, and until when that can be undone.

    Both times are None where the merge is older than what is kept of merges.
    """

    into: str
    merged_at: datetime | None
    undo_until: datetime | None
    can_be_undone: bool


class Split(NetworkFields):
    """The new network's fields (what is not sent is as in the old one), and the roles that go: ids, moved or copied."""

    name: Name
    moved: Ids
    copied: Ids

    @model_validator(mode="after")
    def _each_once(self) -> Split:
        if both := set(self.moved) & set(self.copied):
            raise ValueError(f"moved and copied name the same role ({min(both)}); choose one of the two")
        return self
