"""Links between networks, as people send and see them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.registry.schemas.networks import CareGroup
from shared.boundary import ChangeBody
from shared.fields import Prose

Kind = Literal["works_with", "shares_pathway_with", "parent_of", "scrutinises", "succeeds"]

Relation = Kind | Literal["part_of", "scrutinised_by", "succeeded_by"]
"""A kind, or the same said from the other end."""

Status = Literal["proposed", "confirmed", "declined", "withdrawn", "ended"]

Note = Annotated[Prose, Field(max_length=2000)]


class NewLink(ChangeBody):
    """A link to be made from the network in the address: it `kind` *other_id*."""

    kind: Relation
    other_id: str
    care_group: CareGroup | Literal[""] = ""
    since: date | None = Field(None, alias="from")
    note: Note = ""


class LinkFields(ChangeBody):
    """What can be changed of a link; `to`, its last day, ends it."""

    since: date | None = Field(None, alias="from")
    until: date | None = Field(None, alias="to")
    note: Note | None = None


class Linked(BaseModel):
    """A network at one end of a link."""

    id: str
    slug: str
    name: str
    care_group: str
    level: str
    stage: str
    bodies: list[str]
    archived: bool


class Link(BaseModel):
    """A link, read from left to right: *network* `kind` *other*.

    In the list of one network's links `relation` says the same from that network's end.
    """

    id: str
    revision: int
    kind: Kind
    relation: Relation
    network: Linked
    other: Linked
    care_group: str
    since: date = Field(serialization_alias="from")
    until: date | None = Field(serialization_alias="to")
    note: str
    status: Status
    proposed_by: str
    created_at: datetime
    updated_at: datetime
