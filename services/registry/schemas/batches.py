"""Changing many networks together: what is sent, and what the register shows of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.registry.schemas.networks import CareGroup, Level, OdsCode, Purpose, Side, Stage, Type
from shared.boundary import ChangeBody
from shared.fields import Name, Prose

MOST = 200
NetworkIds = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(min_length=1, max_length=MOST)]


class Together(BaseModel):
    """The fields that many networks can be given together; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    type: Type | None = None
    care_group: CareGroup | None = None
    level: Level | None = None
    purpose: Purpose | None = None
    side: Side | None = None
    aims: Prose | None = None
    stage: Annotated[Stage | None, Field(description="Where the gates of each network allow it.")] = None
    archived: Annotated[Literal[True] | None, Field(description="Take them off the register.")] = None
    add_bodies: Annotated[list[OdsCode], Field(max_length=20)] = []
    remove_bodies: Annotated[list[OdsCode], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _something(self) -> Together:
        if not self.given():
            raise ValueError("Choose what is to be changed")
        return self

    def given(self) -> dict[str, Any]:
        """What was sent."""
        return {name: value for name, value in self.model_dump(exclude_none=True).items() if value != []}


class NewBatch(ChangeBody):
    """A change of many networks."""

    networks: NetworkIds
    change: Together


class NewWord(BaseModel):
    """Something that is told to all who hear of some networks."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    networks: NetworkIds
    headline: Name
    text: Prose = ""


class Batch(BaseModel):
    """A change of many networks. `changed`: those that had it otherwise before; `kept`: those that an undo left."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    status: str
    change: dict[str, Any] = Field(validation_alias="fields")
    reason: str
    minor: bool
    changed: int
    kept: int
    made_by: str
    made_by_name: str = ""
    made_at: datetime
    undone_by: str
    undone_by_name: str = ""
    undone_at: datetime | None


class BatchNetwork(BaseModel):
    """A network that was changed: how the fields stood before. `kept`: it was changed since, and an undo left it."""

    id: str
    slug: str
    name: str
    before: dict[str, Any]
    kept: bool


class WholeBatch(Batch):
    """A change of many networks, with the networks."""

    networks: list[BatchNetwork]
