"""Changing many networks together: what is sent, and what the register shows of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.registry.schemas.links import Note, Relation
from services.registry.schemas.networks import CareGroup, Level, OdsCode, Purpose, Side, Stage, Type
from shared.boundary import ChangeBody
from shared.fields import Name, Prose

MOST = 200
"""Networks that are changed at once."""
MOST_ONE_BY_ONE = 5_000
"""Networks of one batch: all of them stand in the message that tells of it."""
NetworkId = Annotated[str, Field(min_length=1, max_length=64)]
NetworkIds = Annotated[list[NetworkId], Field(min_length=1, max_length=MOST)]
Outcome = Literal["waiting", "same", "refused", "changed", "back"]


class LinkTogether(BaseModel):
    """A link from each of the networks: it `kind` *other_id*."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    kind: Relation
    other_id: NetworkId
    care_group: CareGroup | Literal[""] = ""


class NewLinkTogether(LinkTogether):
    """The same, to be made."""

    note: Note = ""


class Together(BaseModel):
    """What many networks can be given together; what is left out stays as it is. A link is added or ended by itself."""

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

    link: Annotated[NewLinkTogether | None, Field(description="Link each of them to one other.")] = None
    end_link: Annotated[LinkTogether | None, Field(description="End the link of each of them to one other.")] = None

    @model_validator(mode="after")
    def _something(self) -> Together:
        given = self.given()
        if not given:
            raise ValueError("Choose what is to be changed")
        if len(given) > 1 and given.keys() & {"link", "end_link"}:
            raise ValueError("Add or end a link by itself, and change the rest in another step")
        return self

    def given(self) -> dict[str, Any]:
        """What was sent."""
        return {name: value for name, value in self.model_dump(exclude_none=True).items() if value != []}


class NewBatch(ChangeBody):
    """A change of many networks: all or none of up to 200 at once; or `one_by_one`, each that can be changed so."""

    networks: Annotated[list[NetworkId], Field(min_length=1, max_length=MOST_ONE_BY_ONE)]
    change: Together
    one_by_one: bool = False

    @model_validator(mode="after")
    def _few_at_once(self) -> NewBatch:
        if len(self.networks) > MOST and not self.one_by_one:
            raise ValueError(f"Up to {MOST} networks are changed at once; send `one_by_one` to change more")
        return self


class NewWord(BaseModel):
    """Something that is told to all who hear of some networks."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    networks: NetworkIds
    headline: Name
    text: Prose = ""


class Batch(BaseModel):
    """A change of many networks. `changed`: those that had it otherwise before; `kept`: those that an undo left.

    One that is made one by one has a `total`; while its `status` is changing or undoing, `done` says how far it is.
    `refused`: those that cannot be changed so, and were left as they are.
    """

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    status: str
    change: dict[str, Any] = Field(validation_alias="fields")
    reason: str
    minor: bool
    changed: int
    kept: int
    total: int
    done: int
    refused: int
    stopping: bool
    stopped_in: str
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
    outcome: Outcome
    why: str


class WholeBatch(Batch):
    """A change of many networks, with the first 200 of the networks."""

    networks: list[BatchNetwork]
